"""Say where a run under Locust stands, for our page and for a table in Locust's web UI: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from harness.expectations import Expectation
from harness.masking import masked
from harness.measure.recent import LimitNow, Recent
from harness.report.panel import say_next, say_waiting
from harness.report.phrases import NAME_CHARACTERS, NOTHING, cut
from harness.report.progress import Status, say_left
from harness.throttle.expected import Outcome, say_measured
from harness.units import NS_PER_MS, NS_PER_S

NOT_STARTED: Final = "not started"
STARTING: Final = "starting"
RUNNING: Final = "running"
STOPPING: Final = "stopping"
ENDED: Final = "ended"
REFUSED: Final = "refused"

WORDS: Final[Mapping[str, str]] = {
    "ceiling": "the ceiling",
    "pause": "a pause after a 429",
    "person": "an earlier item of the same person",
    "user": "a free user",
    "retry": "the time of the next attempt",
    "batch": "a batch to fill",
}
_WAITED_FOR: Final = {
    "lane_wait": "for an earlier item",
    "limit_wait": "at the limit",
    "batch_wait": "for a batch",
    "user_wait": "for a user",
}


_NO_RUN: Final = Status(None, 0.0, 0, 0, None, None, 0)
_NO_SECONDS: Final = Recent((), (), {}, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known beside the figures."""

    state: str = NOT_STARTED
    said: str | None = None  # how the last run ended, or why it did not begin
    verdict: str | None = None
    report: str | None = None  # where it is
    expect: Sequence[Expectation] = ()
    outcomes: Sequence[Outcome] = ()  # of all of them, or none where they are judged at the end


def standing_of(status: Status | None, told: Told) -> dict[str, Any]:
    """Everything that the page shows; null where nothing is known."""
    figures = _figures(_NO_RUN if status is None else status)
    if status is None:
        figures |= dict.fromkeys(("elapsed_s", "rate_per_s", "accepted", "throttled", "waiting_items"))
    return {
        "state": told.state,
        "said": told.said,
        "verdict": told.verdict,
        "report": told.report,
        "words": WORDS,
        "expected": list(_expected(told)),
        **figures,
    }


def tab_rows(standing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same as rows of a table, all text or numbers."""
    rows: list[dict[str, Any]] = [{"what": "state", "now": standing["said"] or standing["state"]}]
    if standing["accepted"] is None:
        return rows
    rows += [
        {"what": f"{limit['name']}{limit['label'] and ' (' + limit['label'] + ')'}, {limit['window_s']:g} s"}
        | {
            "now": limit["used"],
            "allowed": limit["most"],
            "over": f"{sum(used > limit['most'] for used in limit['past'])} of {len(limit['past'])} s",
            "throttled": limit["throttled"],
        }
        for limit in standing["limits"]
    ]
    lag_ms = standing["lag_ms"]
    figures = {
        "time left": standing["left"] or NOTHING,
        "requests sent, last second": f"{standing['rate_per_s']:,.0f}",
        "items accepted": f"{standing['accepted']:,}",
        "items waiting": f"{standing['waiting_items']:,}",
        "… for what": standing["waiting_for"] or NOTHING,
        "requests in flight": NOTHING if standing["in_flight"] is None else f"{standing['in_flight']:,}",
        "schedule lag p99": NOTHING if lag_ms is None else f"{lag_ms:.1f} ms",
    }
    rows.append({"what": "all requests", "now": "", "throttled": standing["throttled"]})
    return rows + [{"what": what, "now": text} for what, text in figures.items()]


def _figures(status: Status) -> dict[str, Any]:
    recent = status.recent or _NO_SECONDS
    return {
        "share": status.share,
        "left_s": _seconds(status.left_ns),
        "left": say_left(status),
        "at_least": status.at_least,
        "elapsed_s": _seconds(status.elapsed_ns),
        "rate_per_s": status.rate_per_s,
        "accepted": status.accepted,
        "throttled": status.throttled,
        "in_flight": status.in_flight,
        "lag_ms": status.lag_ms,
        "waiting": status.waiting._asdict(),
        "waiting_items": sum(status.waiting),
        "waiting_for": say_waiting(status.waiting),
        "next": say_next(status.next_is, status.next_in_ns),
        "longest_wait": _longest_wait(status, recent),
        "load": list(recent.sent),
        "load_throttled": list(recent.throttled),
        "statuses": dict(recent.statuses),
        "limits": [_limit(limit) for limit in recent.limits],
    }


def _seconds(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else duration_ns / NS_PER_S


def _longest_wait(status: Status, recent: Recent) -> dict[str, Any] | None:
    name, longest_ns = recent.longest_wait or ("", 0)
    if status.oldest_ns > longest_ns:
        return {"for": "and still waiting", "ms": status.oldest_ns / NS_PER_MS}
    return {"for": f"{_WAITED_FOR[name]}, last minute", "ms": longest_ns / NS_PER_MS} if name else None


def _limit(limit: LimitNow) -> dict[str, Any]:
    return limit._asdict() | {"name": cut(limit.name), "label": _shown(limit.label)}


@lru_cache(maxsize=256)
def _shown(label: str) -> str:
    counted = f" ({len(label):,} characters)" if len(label) > NAME_CHARACTERS else ""
    return cut(masked(label)) + counted


def _expected(told: Told) -> Iterator[dict[str, Any]]:
    outcomes = {outcome.expression: outcome for outcome in told.outcomes}
    for expectation in told.expect:
        expression = str(expectation)
        outcome = outcomes.get(expression)
        measured = NOTHING
        if outcome is not None and outcome.measured is not None:
            measured = say_measured(outcome.measured, outcome.unit)
        holds = None if outcome is None else outcome.holds
        yield {"expression": expression, "measured": measured, "holds": holds}
