"""Say what happened in each stretch of a run, peaks kept: one point a second, or wider ones of a long run."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from harness.measure.counters import Counters
from harness.units import NS_PER_MS, NS_PER_S

_WATCHED: Final = {"offered_items": "offered", "sent": "sent", "throttled": "throttled"}


class LimitFill(NamedTuple):
    """How full one scope of one limit was in a point: its fullest window, and how long it was over."""

    peak: int
    over_s: float


@dataclass(frozen=True, slots=True)
class Point:
    """What happened in `width_s` seconds from `at_s` after the start; counts are counts, not rates."""

    at_s: int
    width_s: int
    offered: int  # items
    sent: int  # requests
    sent_messages: int
    accepted: int  # requests
    accepted_messages: int
    throttled: int
    in_flight: int
    over_s: float  # the longest that any scope was over any limit
    statuses: Mapping[str, int]
    schedule_lag_p99_ms: float | None
    service_p50_ms: float | None
    service_p99_ms: float | None
    response_p50_ms: float | None
    response_p99_ms: float | None
    offered_messages: int = 0
    first_sent: int = 0  # requests that were no retry
    offered_peak_1s: int = 0  # the most in any one second of it
    sent_peak_1s: int = 0
    throttled_peak_1s: int = 0
    sent_in_any_1s: int = 0  # the most requests in any window of one second, wherever it began
    retry_after_asked: int = 0
    retry_after_honoured: int = 0
    retry_after_violated: int = 0
    schedule_lag_max_ms: float | None = None
    service_max_ms: float | None = None
    response_max_ms: float | None = None
    lane_wait_p99_ms: float | None = None
    limit_wait_p99_ms: float | None = None
    batch_wait_p99_ms: float | None = None
    user_wait_p99_ms: float | None = None
    by_api: Mapping[str, int] = field(default_factory=dict)  # requests sent
    offered_by_api: Mapping[str, int] = field(default_factory=dict)  # items
    limits: Mapping[tuple[int, str], LimitFill] = field(default_factory=dict)  # by limit and scope


class SecondPeaks:
    """The counts of every single second, so that a wider point can say the most that one of them had."""

    __slots__ = ("_columns",)

    def __init__(self, seconds: int) -> None:
        self._columns = {name: array("q", bytes(8 * seconds)) for name in _WATCHED}

    def add(self, record: Mapping[str, Any]) -> None:
        """Count a record of a second; a second may have several."""
        for name, column in self._columns.items():
            column[record["second"]] += record.get(name, 0)

    def most(self, first: int, past: int) -> dict[str, int]:
        """The most in any second from `first` to before `past`, as the fields of a point."""
        return {
            f"{word}_peak_1s": max(self._columns[name][first:past], default=0)
            for name, word in _WATCHED.items()
        }


def point_of(number: int, width_s: int, part: Counters, peaks: SecondPeaks) -> Point:
    """The point that these counters make."""
    service = part.service_2xx.percentiles_ns((0.5, 0.99))
    response = part.response.percentiles_ns((0.5, 0.99))
    return Point(
        at_s=number * width_s,
        width_s=width_s,
        offered=part.offered_items,
        sent=part.sent,
        sent_messages=part.sent_messages,
        accepted=part.accepted,
        accepted_messages=part.accepted_messages,
        throttled=part.throttled,
        in_flight=part.in_flight,
        over_s=max((use.over_ns for use in part.limits.values()), default=0) / NS_PER_S,
        statuses=dict(part.by_status),
        schedule_lag_p99_ms=_ms(part.schedule_lag.percentile_ns(0.99)),
        service_p50_ms=_ms(service[0]),
        service_p99_ms=_ms(service[1]),
        response_p50_ms=_ms(response[0]),
        response_p99_ms=_ms(response[1]),
        offered_messages=part.offered_messages,
        first_sent=part.first_sent,
        sent_in_any_1s=part.sent_in_1s,
        retry_after_asked=part.retry_after_asked,
        retry_after_honoured=part.retry_after_honoured,
        retry_after_violated=part.retry_after_violated,
        schedule_lag_max_ms=_ms(part.schedule_lag.max_ns),
        service_max_ms=_ms(part.service_2xx.max_ns),
        response_max_ms=_ms(part.response.max_ns),
        by_api=dict(part.by_api),
        offered_by_api={"tracking": part.offered_messages, **part.offered_calls},
        limits={scope: LimitFill(use.peak, use.over_ns / NS_PER_S) for scope, use in part.limits.items()},
        **peaks.most(number * width_s, (number + 1) * width_s),
        lane_wait_p99_ms=_ms(part.lane_wait.percentile_ns(0.99)),
        limit_wait_p99_ms=_ms(part.limit_wait.percentile_ns(0.99)),
        batch_wait_p99_ms=_ms(part.batch_wait.percentile_ns(0.99)),
        user_wait_p99_ms=_ms(part.user_wait.percentile_ns(0.99)),
    )


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else round(value_ns / NS_PER_MS, 4)
