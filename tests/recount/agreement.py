"""Hold what a document says twice beside itself: rows and totals, APIs and all, figures and distributions."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tests.recount.evidence import Evidence
from tests.recount.rows import AT_LEAST, NEAR, Row, each

ROWS: Final = "its own rows"
TOTAL: Final = "the run's total"
_TIMES: Final = {
    "service_time_ms": "service_max_ms",
    "response_time_ms": "response_max_ms",
    "schedule_lag_ms": "schedule_lag_max_ms",
}
_ABOVE: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def agreement_rows(evidence: Evidence) -> Iterator[Row]:
    """What is told in two places is told alike."""
    told = evidence.told
    yield from _limits(told)
    yield from api_rows(told)
    for key, column in _TIMES.items():
        if told[key] is not None and told[key]["count"]:
            most = max(value for value in told["timeline"][column] if value is not None)
            yield Row(f"{key}.max", told[key]["max"], most, ROWS)
            yield from _distribution(told, key)


def _limits(told: dict[str, Any]) -> Iterator[Row]:
    timeline, throttle = told["timeline"], told["throttle"]
    for name in ("retry_after_asked", "retry_after_honoured", "retry_after_violated"):
        yield Row(f"throttle.{name}", throttle[name], sum(timeline.get(name, ())), ROWS)
    peak = max(timeline.get("sent_in_any_1s", ()), default=0)
    yield Row("rate_per_s.peak_1s", told["rate_per_s"]["peak_1s"] or 0, peak, ROWS)
    for place, rows in timeline["limits"].items():
        use = throttle["limits"][int(place)]
        name = f"throttle.limits[{use['name']}, {use['label']}]"
        yield Row(f"{name}.peak_in_window", use["peak_in_window"], max(rows["peak"], default=0), ROWS)
        rounding_s = 0.0005 * (len(rows["over_s"]) + 1)
        apart_s = abs(use["seconds_over"] - sum(rows["over_s"]))
        yield Row(f"{name}.seconds_over, off by rounding at most", rounding_s, apart_s, ROWS, AT_LEAST)


def api_rows(told: dict[str, Any]) -> Iterator[Row]:
    """The APIs make up the whole, and each error is a part of the statuses."""
    by_status: Counter[str] = Counter()
    first_by_status: Counter[str] = Counter()
    for api, figures in told["by_api"].items():
        by_status.update(figures["by_status"])
        first_by_status.update(figures["first_attempt_by_status"])
        answered = sum(figures["by_status"].values())
        yield Row(f"by_api.{api}.requests", figures["requests"], answered, "its statuses")
        throttled = figures["by_status"].get("429", 0)
        yield Row(f"by_api.{api}.throttled", figures["throttled"], throttled, "its statuses")
        good = sum(n for status, n in figures["by_status"].items() if status.startswith("2"))
        yield Row(f"by_api.{api}.accepted", figures["accepted"], good + figures["not_found"], "its statuses")
    requests = told["requests"]
    yield from each("by_api[].by_status", by_status, requests["by_status"], TOTAL)
    yield from each(
        "by_api[].first_attempt_by_status", first_by_status, requests["first_attempt_by_status"], TOTAL
    )
    not_found = sum(figures["not_found"] for figures in told["by_api"].values())
    for group in told["errors"]:
        status = group["status"]
        answers = requests["by_status"].get(status, 0) - (not_found if status == "404" else 0)
        yield Row(f"errors[{status}].requests", group["requests"], answers, "requests.by_status")
        yield Row(f"errors[{status}].by_api", sum(group["by_api"].values()), answers, "its APIs")
        if group["kinds"]:
            yield Row(f"errors[{status}].kinds", sum(group["kinds"].values()), answers, "its kinds")


def _distribution(told: dict[str, Any], key: str) -> Iterator[Row]:
    """The whole distribution, the curve and the counts of each row speak of as many durations."""
    count, table, above = told[key]["count"], told["distributions"][key], told["above"][key]
    yield Row(f"distributions.{key}", sum(table["count"]), count, f"{key}.count")
    yield Row(f"above.{key}.count", sum(above["count"]), count, f"{key}.count")
    for stat, share in _ABOVE.items():
        # Nearest rank: the value at the rank, and all below, are not above.
        most = count - math.ceil(round(share * count, 6))
        yield Row(f"above.{key}.{stat}", most, sum(above[stat]), ROWS, AT_LEAST)
    for share, value_ms in told["curves"].get(key) or ():
        rank = max(1, math.ceil(round(share * count, 6)))
        found = told[key]["max"] if share == 1.0 else _at_rank(table, rank)
        yield Row(f"curves.{key} at {share}", value_ms, found, f"distributions.{key}", NEAR)


def _at_rank(table: dict[str, Any], rank: int) -> float:
    passed = 0
    for value_ms, count in zip(table["value_ms"], table["count"], strict=True):
        passed += count
        if passed >= rank:
            return float(value_ms)
    return math.inf  # it speaks of fewer
