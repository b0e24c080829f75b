"""Work out each column of the timeline again from the records of its seconds."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.recount.buckets import added, figure_ms
from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S, by_row, column
from tests.recount.rows import NEAR, ROUNDED, Row

RECORDS: Final = "timeline.ndjson"
_SUMS: Final = {
    "offered": "offered_items",
    "offered_messages": "offered_messages",
    "sent": "sent",
    "first_sent": "first_sent",
    "sent_messages": "sent_messages",
    "accepted": "accepted",
    "accepted_messages": "accepted_messages",
    "throttled": "throttled",
    "retry_after_asked": "retry_after_asked",
    "retry_after_honoured": "retry_after_honoured",
    "retry_after_violated": "retry_after_violated",
}
_PEAKS: Final = {"in_flight": "in_flight", "sent_in_any_1s": "sent_in_1s"}
_BUSIEST: Final = {
    "offered_peak_1s": "offered_items",
    "sent_peak_1s": "sent",
    "throttled_peak_1s": "throttled",
}
_TIMES: Final = {
    "service": ("service_2xx", ("p50", "p99", "max")),
    "response": ("response", ("p50", "p99", "max")),
    "schedule_lag": ("schedule_lag", ("p99", "max")),
    "lane_wait": ("lane_wait", ("p99",)),
    "limit_wait": ("limit_wait", ("p99",)),
    "batch_wait": ("batch_wait", ("p99",)),
    "user_wait": ("user_wait", ("p99",)),
}

Record = Mapping[str, Any]


def column_rows(evidence: Evidence) -> Iterator[Row]:
    """Every column, row by row."""
    timeline = evidence.told["timeline"]
    records = [record for record in evidence.folder.timeline if "second" in record]
    width_s, points = evidence.rows
    yield Row("timeline.width_s", timeline["width_s"], width_s, RECORDS)
    yield Row("timeline.points", timeline["points"], points, RECORDS)
    rows = by_row(((record["second"] * NS_PER_S, record) for record in records), width_s, points)
    for name, key in _SUMS.items():
        yield _row(timeline, name, column(rows, _sum_of(key)))
    for name, key in _PEAKS.items():
        yield _row(timeline, name, column(rows, _most_of(key)))
    for name, key in _BUSIEST.items():
        yield _row(timeline, name, column(rows, _busiest_of(key)))
    for word, (key, stats) in _TIMES.items():
        for stat in stats:
            name = f"{word}_{stat}_ms"
            found = [figure_ms(added(row, key), stat) for row in rows]
            yield Row(f"timeline.{name}", timeline[name], found, RECORDS, NEAR)
    for name, told in timeline["statuses"].items():
        counts = [_statuses(row)[name] for row in rows]
        yield Row(f"timeline.statuses.{name}", told, counts, RECORDS)
    for api, told in timeline["by_api"].items():
        counts = [sum(record.get("by_api", {}).get(api, 0) for record in row) for row in rows]
        yield Row(f"timeline.by_api.{api}", told, counts, RECORDS)
    for api, told in timeline["offered_by_api"].items():
        messages = api == "tracking"
        due = [
            sum(
                r.get("offered_messages", 0) if messages else r.get("offered_calls", {}).get(api, 0)
                for r in row
            )
            for row in rows
        ]
        yield Row(f"timeline.offered_by_api.{api}", told, due, RECORDS)
    yield from _limits(evidence, rows)


def _row(timeline: Mapping[str, Any], name: str, found: list[Any]) -> Row:
    return Row(f"timeline.{name}", timeline[name], found, RECORDS)


def _sum_of(key: str) -> Callable[[Sequence[Record]], int]:
    return lambda row: sum(record.get(key, 0) for record in row)


def _most_of(key: str) -> Callable[[Sequence[Record]], int]:
    return lambda row: max((record.get(key, 0) for record in row), default=0)


def _busiest_of(key: str) -> Callable[[Sequence[Record]], int]:
    def busiest(row: Sequence[Record]) -> int:
        by_second: Counter[int] = Counter()
        for record in row:
            by_second[record["second"]] += record.get(key, 0)
        return max(by_second.values(), default=0)

    return busiest


def _statuses(row: Sequence[Record]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for record in row:
        for status, count in record.get("by_status", {}).items():
            own = status in ("429", "none")
            counts[status if own else f"{status[0]}xx" if status[0] in "2345" else "other"] += count
    return counts


def _limits(evidence: Evidence, rows: Sequence[Sequence[Record]]) -> Iterator[Row]:
    """A use in a record is [place of the limit in the head, label, peak, ns over, answers of 429]."""
    uses = [{(use[0], use[1]): use for record in row for use in record.get("limits", ())} for row in rows]
    scopes = sorted({scope for row in uses for scope in row})
    told, heads = evidence.told, evidence.folder.head["limits"]
    yield Row("throttle.limits: how many", len(told["throttle"]["limits"]), len(scopes), RECORDS)
    if len(told["throttle"]["limits"]) != len(scopes):
        return
    for place, scope in enumerate(scopes):
        use, head = told["throttle"]["limits"][place], heads[scope[0]]
        name = f"throttle.limits[{head['name']}, {scope[1]}]"
        rule = [head["count"], head["window_ns"] / NS_PER_S]
        yield Row(f"{name}: count, window_s", [use["count"], use["window_s"]], rule, RECORDS)
        own = [
            one
            for row in rows
            for record in row
            for one in record.get("limits", ())
            if (one[0], one[1]) == scope
        ]
        yield Row(f"{name}.peak_in_window", use["peak_in_window"], max(one[2] for one in own), RECORDS)
        over_s = sum(one[3] for one in own) / NS_PER_S
        yield Row(f"{name}.seconds_over", use["seconds_over"], over_s, RECORDS, ROUNDED)
        yield Row(f"{name}.throttled", use["throttled"], sum(one[4] for one in own), RECORDS)
    for key, column_told in told["timeline"]["limits"].items():
        scope = scopes[int(key)]
        name = f"timeline.limits.{key}"
        peaks = [_of_scope(row, scope, 2, max) for row in rows]
        over = [_of_scope(row, scope, 3, sum) / NS_PER_S for row in rows]
        yield Row(f"{name}.peak", column_told["peak"], peaks, RECORDS)
        yield Row(f"{name}.over_s", column_told["over_s"], over, RECORDS, ROUNDED)
    longest = [max((_of_scope(row, scope, 3, sum) / NS_PER_S for scope in scopes), default=0) for row in rows]
    yield Row("timeline.over_s", told["timeline"]["over_s"], longest, RECORDS, ROUNDED)


def _of_scope(row: Sequence[Record], scope: tuple[int, str], field: int, of: Callable[[Any], Any]) -> Any:
    found = [use[field] for record in row for use in record.get("limits", ()) if (use[0], use[1]) == scope]
    return of(found) if found else 0
