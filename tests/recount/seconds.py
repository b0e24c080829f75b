"""Add the records of the timeline up again, and hold each row of it beside the trace."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from tests.recount.evidence import Evidence, Send
from tests.recount.figures import (
    NS_PER_S,
    PERCENTILES,
    by_row,
    column,
    fullest_by_send,
    most_at_once,
    percentile_ms,
    to_ms,
)
from tests.recount.rows import NEAR, ROUNDED, Row, each, not_known

RECORDS = "timeline.ndjson"
_ROWS = "trace, row by row"
_SUMS = {
    "requests.sent": "sent",
    "requests.connections_opened": "opened",
    "throttle.throttled": "throttled",
    "throttle.retry_after_asked": "retry_after_asked",
    "throttle.retry_after_honoured": "retry_after_honoured",
    "throttle.retry_after_violated": "retry_after_violated",
}
_TALLIES = {
    "requests.by_status": "by_status",
    "requests.first_attempt_by_status": "first_by_status",
    "requests.by_api": "by_api",
    "selected_by.type": "by_kind",
    "selected_by.source": "by_source",
    "filtered_by_reason": "filtered",
}
_HISTOGRAMS = {
    "service_time_ms": "service_2xx",
    "service_time_ms_by_outcome.429": "service_429",
    "service_time_ms_by_outcome.other": "service_other",
    "service_time_ms_by_outcome.none": "service_none",
    "response_time_ms": "response",
    "schedule_lag_ms": "schedule_lag",
    "lane_wait_ms": "lane_wait",
    "limit_wait_ms": "limit_wait",
    "batch_wait_ms": "batch_wait",
    "user_wait_ms": "user_wait",
}
_OF_UNWAITED = ("lane_wait", "limit_wait", "batch_wait", "user_wait")


def second_rows(evidence: Evidence) -> Iterator[Row]:
    """The timeline: its records against the totals, the trace against its rows."""
    told = evidence.told
    if evidence.is_observed:
        yield not_known("timeline", "", "an observation keeps its records in the journal's notes")
        return
    records = [record for record in evidence.folder.timeline if "second" in record]
    for name, key in _SUMS.items():
        yield Row(name, _at(told, name), sum(record.get(key, 0) for record in records), RECORDS)
    for name, key in _TALLIES.items():
        yield from each(name, _at(told, name), _tally(records, key), RECORDS)
    for name, key in _HISTOGRAMS.items():
        yield from _histogram(name, _at(told, name), records, key)
    ended_ns = evidence.folder.ended_ns
    if ended_ns is not None:
        yield Row("duration_s", told["duration_s"], round(ended_ns / NS_PER_S, 3), RECORDS)
    yield from _pauses(evidence, records)
    yield from _columns(evidence, records)
    yield from _errors(evidence, records)
    if evidence.sends is None or told["state"] == "dead":
        return
    yield from _first_sends(evidence, evidence.sends)
    if not told["closed_loop"]:
        yield from _waits(evidence)


def _at(told: dict[str, Any], name: str) -> Any:
    found: Any = told
    for part in name.split("."):
        found = found[part]
    return found


def _tally(records: Sequence[dict[str, Any]], key: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for record in records:
        counts.update(record.get(key, {}))
    return counts


def _histogram(name: str, told: Any, records: Sequence[dict[str, Any]], key: str) -> Iterator[Row]:
    """Percentiles of the buckets: the middle of the one in which the nearest rank falls."""
    forms = [record[key] for record in records if key in record]
    buckets: Counter[int] = Counter()
    for form in forms:
        buckets.update({int(bucket): count for bucket, count in form["buckets"].items()})
    if key in _OF_UNWAITED:
        buckets[0] += sum(record.get("unwaited", 0) for record in records)
    count = sum(buckets.values())
    if told is None:
        yield Row(name, None, count if count else None, RECORDS)
        return
    yield Row(f"{name}.count", told["count"], count, RECORDS)
    if not count:
        return
    yield Row(f"{name}.mean", told["mean"], to_ms(sum(form["total_ns"] for form in forms) / count), RECORDS, ROUNDED)  # fmt: skip
    most = max((form["max_ns"] for form in forms if form["max_ns"] is not None), default=0)
    yield Row(f"{name}.max", told["max"], to_ms(most), RECORDS, ROUNDED)
    for stat, share in PERCENTILES.items():
        yield Row(f"{name}.{stat}", told[stat], to_ms(_ranked(buckets, share, count)), RECORDS, NEAR)


def _ranked(buckets: Counter[int], share: float, count: int) -> float:
    passed = 0
    for bucket, held in sorted(buckets.items()):
        passed += held
        if passed >= share * count:
            return _middle_ns(bucket)
    raise AssertionError(share)


def _middle_ns(bucket: int) -> float:
    """Below 256 a bucket is one value; above, each power of two is cut into 128 buckets."""
    if bucket < 256:
        return bucket
    shift = bucket // 128 - 1
    return ((bucket - 128 * shift) << shift) + ((1 << shift) - 1) / 2


def _pauses(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    told = evidence.told["throttle"]
    pauses = list(chain.from_iterable(record.get("pauses", ()) for record in records))
    yield Row("throttle.pauses_in_all", told["pauses_in_all"], len(pauses), RECORDS)
    asked = sum(pause[5] for pause in pauses)
    yield Row("throttle.pauses: answers that asked", told["retry_after_asked"], asked, RECORDS)
    early = [p for p in pauses if p[6] and p[4] is not None and p[4] < p[3]]
    yield Row("throttle.pauses: honoured, though waited less than asked", 0, len(early), RECORDS)


def _columns(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """Each column of counts, out of the records."""
    timeline = evidence.told["timeline"]
    names = {
        "offered": "offered_items",
        "offered_messages": "offered_messages",
        "sent": "sent",
        "first_sent": "first_sent",
        "sent_messages": "sent_messages",
        "accepted": "accepted",
        "accepted_messages": "accepted_messages",
        "throttled": "throttled",
    }
    rows = by_row(((r["second"] * NS_PER_S, r) for r in records), timeline["width_s"], timeline["points"])
    for name, key in names.items():
        counts = [sum(record.get(key, 0) for record in row) for row in rows]
        yield Row(f"timeline.{name}", timeline.get(name, []), counts, RECORDS)
    classes: Counter[str] = Counter()
    for status, count in evidence.told["requests"]["by_status"].items():
        own = status in ("429", "none")
        classes[status if own else f"{status[0]}xx" if status[0] in "2345" else "other"] += count
    yield from each(
        "timeline.statuses", {n: sum(c) for n, c in timeline["statuses"].items()}, classes, "told"
    )
    by_api = {name: sum(counts) for name, counts in timeline["by_api"].items()}
    yield Row("timeline.by_api", by_api, evidence.told["requests"]["by_api"], "told")


def _errors(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    for group in evidence.told["errors"]:
        status = group["status"]
        seconds = [record["second"] for record in records if status in record.get("by_status", {})]
        told = (group["first_at_s"], group["last_at_s"])
        yield Row(f"errors[{status}] first and last", told, (min(seconds), max(seconds)), RECORDS)


def _first_sends(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    """What the rows count of first sends and answers, by the instants in the trace."""
    timeline, trace = evidence.told["timeline"], evidence.folder.trace
    assert trace is not None
    width_s, points = timeline["width_s"], timeline["points"]
    if not points or evidence.pending:
        yield not_known(
            "timeline, from the trace", "", "it is empty, or pending items have no line in the trace"
        )
        return
    states = evidence.map
    assert states is not None
    first = by_row(((send.sent_ns, 1) for send in sends), width_s, points)
    yield Row("timeline.first_sent", timeline["first_sent"], column(first, len), _ROWS)
    if evidence.items is not None:
        messages = by_row(
            (
                (send.done_ns, len(send.seen))
                for send in sends
                if states.state(send.seen[0].index) == "accepted"
                and evidence.item(send.seen[0].index).api == "tracking"
            ),
            width_s,
            points,
        )
        yield Row("timeline.accepted_messages", timeline["accepted_messages"], column(messages, sum), _ROWS)
    accepted = by_row(
        ((s.done_ns, 1) for s in sends if states.state(s.seen[0].index) == "accepted"), width_s, points
    )
    yield Row("timeline.accepted", timeline["accepted"], column(accepted, len), _ROWS)
    if evidence.sent_once:
        yield Row("timeline.sent", timeline["sent"], column(first, len), _ROWS)
        spans = [(send.sent_ns, send.done_ns) for send in sends]
        at_once = by_row(((b, most_at_once(spans, b)) for b, _ in spans), width_s, points)
        most = column(at_once, lambda row: max(row, default=0))
        yield Row("timeline.in_flight", timeline["in_flight"], most, _ROWS)
        windows = fullest_by_send([(send.sent_ns, 1) for send in sends], NS_PER_S)
        held = zip((send.sent_ns for send in sends), windows, strict=True)
        most = column(by_row(held, width_s, points), lambda row: max(row, default=0))
        yield Row("timeline.sent_in_any_1s", timeline["sent_in_any_1s"], most, _ROWS)
        windows = fullest_by_send([(send.sent_ns, 1) for send in sends], NS_PER_S)
        rows = by_row(
            ((send.sent_ns, held) for send, held in zip(sends, windows, strict=True)), width_s, points
        )
        most = column(rows, lambda row: max(row, default=0))
        yield Row("timeline.sent_in_any_1s", timeline["sent_in_any_1s"], most, _ROWS)
    if not evidence.told["messages"]["cancelled"] and not evidence.told["closed_loop"]:
        due = by_row(((s.due_ns, 1) for s in trace if s.due_ns is not None), width_s, points)
        yield Row("timeline.offered", timeline["offered"], column(due, len), _ROWS)


def _waits(evidence: Evidence) -> Iterator[Row]:
    """Percentiles of each row: waits by first send, response times by final answer."""
    timeline, trace, states = evidence.told["timeline"], evidence.folder.trace, evidence.map
    width_s, points = timeline["width_s"], timeline["points"]
    if trace is None or states is None or not points or evidence.pending:
        return
    response = by_row(
        (
            (seen.done_ns, seen.done_ns - seen.due_ns)
            for seen in trace
            if seen.due_ns is not None and states.state(seen.index) in ("accepted", "rejected")
        ),
        width_s,
        points,
    )
    for stat, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        name = f"response_{stat}_ms"
        yield Row(f"timeline.{name}", timeline[name], column(response, percentile_ms(share)), _ROWS, NEAR)
    for place, wait in enumerate(("lane", "limit", "batch", "user")):
        waits = by_row(((s.sent_ns or 0, s.pieces_ns[place]) for s in trace if s.pieces_ns), width_s, points)
        name = f"{wait}_wait_p99_ms"
        yield Row(f"timeline.{name}", timeline[name], column(waits, percentile_ms(0.99)), _ROWS, NEAR)
    lags = by_row(((s.sent_ns or 0, s.lag_ns) for s in trace if s.lag_ns is not None), width_s, points)
    lag: Callable[[Any], Any]
    for stat, lag in (("p99", percentile_ms(0.99)), ("max", percentile_ms(1.0))):
        name = f"schedule_lag_{stat}_ms"
        yield Row(f"timeline.{name}", timeline[name], column(lags, lag), _ROWS, NEAR)
