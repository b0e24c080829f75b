"""Add the records of the timeline up again: totals, histograms and pauses."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from tests.recount.buckets import added, figure_ms
from tests.recount.columns import RECORDS, column_rows
from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S, PERCENTILES
from tests.recount.instants import started_us
from tests.recount.rows import NEAR, ROUNDED, Row, each, not_known

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
    "service_time_ms_by_outcome.2xx": "service_2xx",
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


def record_rows(evidence: Evidence) -> Iterator[Row]:
    """What the checksummed records of the timeline come to."""
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
    yield from _service_by_api(evidence, records)
    started_ns = next((record["started_wall_ns"] for record in records if "started_wall_ns" in record), None)
    yield Row(
        "started_at, in µs since 1970",
        started_us(told["started_at"]),
        None if started_ns is None else started_ns // 1_000,
        RECORDS,
    )
    ended_ns = evidence.folder.ended_ns
    yield Row("state: the timeline has its end", told["state"] != "dead", ended_ns is not None, RECORDS)
    if ended_ns is not None:
        yield Row("duration_s", told["duration_s"], round(ended_ns / NS_PER_S, 3), RECORDS)
    yield from _pauses(evidence, records)
    yield from column_rows(evidence)
    yield from _errors(evidence, records)


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


def _service_by_api(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """A record without `apis` is all of the Tracking API."""
    for api, figures in evidence.told["by_api"].items():
        parts = [record.get("apis", {"tracking": record}).get(api, {}) for record in records]
        yield from _histogram(
            f"by_api.{api}.service_time_ms", figures["service_time_ms"], parts, "service_2xx"
        )


def _histogram(name: str, told: Any, records: Sequence[dict[str, Any]], key: str) -> Iterator[Row]:
    buckets = added(records, key)
    if told is None:
        yield Row(name, None, buckets.durations or None, RECORDS)
        return
    yield Row(f"{name}.count", told["count"], buckets.durations, RECORDS)
    yield Row(f"{name}.below_zero", told["below_zero"], buckets.below_zero, RECORDS)
    for stat in ("mean", "max"):
        yield Row(f"{name}.{stat}", told[stat], figure_ms(buckets, stat), RECORDS, ROUNDED)
    for stat in PERCENTILES:
        yield Row(f"{name}.{stat}", told[stat], figure_ms(buckets, stat), RECORDS, NEAR)


def _pauses(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    told = evidence.told["throttle"]
    pauses = list(chain.from_iterable(record.get("pauses", ()) for record in records))
    yield Row("throttle.pauses_in_all", told["pauses_in_all"], len(pauses), RECORDS)
    # Other answers than a 429 ask too, and pause no source.
    more = max(0, sum(pause[5] for pause in pauses) - told["retry_after_asked"])
    yield Row("throttle.pauses: asked by more answers than asked at all", 0, more, RECORDS)
    early = [p for p in pauses if p[6] and p[4] is not None and p[4] < p[3]]
    yield Row("throttle.pauses: honoured, though waited less than asked", 0, len(early), RECORDS)


def _errors(evidence: Evidence, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    for group in evidence.told["errors"]:
        status = group["status"]
        seconds = [record["second"] for record in records if status in record.get("by_status", {})]
        told = (group["first_at_s"], group["last_at_s"])
        yield Row(f"errors[{status}] first and last", told, (min(seconds), max(seconds)), RECORDS)
