"""How long a fault holds an answer back: a fixed time, a uniform one, or a log-normal one with a cap."""

import math
from random import Random
from typing import Final, NamedTuple

import msgspec

from harness.units import NS_PER_MS

LONGEST_MS: Final = 3_600_000.0  # an hour; no client waits that long
LOG_NORMAL_CAP_MS: Final = 60_000.0  # unless the rule says otherwise
_WIDEST_SIGMA: Final = 10.0

_SHAPES: Final = {
    frozenset({"ms"}): "fixed",
    frozenset({"lower_ms", "upper_ms"}): "uniform",
    frozenset({"median_ms", "sigma"}): "log-normal",
    frozenset({"median_ms", "sigma", "cap_ms"}): "log-normal",
}


class Latency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A distribution of delays; the fields that are given say which one.

    `ms` is a fixed delay; `lower_ms` and `upper_ms` a uniform one; `median_ms` and `sigma` a log-normal one,
    whose long tail is cut at `cap_ms` (60,000 unless given), and each cut is counted.
    """

    ms: float | None = None
    lower_ms: float | None = None
    upper_ms: float | None = None
    median_ms: float | None = None
    sigma: float | None = None
    cap_ms: float | None = None

    def given(self) -> dict[str, float]:
        """The fields that are there."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: value for name, value in values if value is not None}


class Delay(NamedTuple):
    """One drawn delay."""

    delay_ns: int
    capped: bool  # it would have been longer than the cap


def latency_trouble(latency: Latency) -> str | None:
    """What is wrong with this latency, as a clause that names the field; None when it is sound."""
    given = latency.given()
    if frozenset(given) not in _SHAPES:
        return (
            "latency takes ms, or lower_ms and upper_ms, or median_ms and sigma with or without cap_ms, not "
            + (" and ".join(given) or "nothing")
        )
    for name, value in given.items():
        most = _WIDEST_SIGMA if name == "sigma" else LONGEST_MS
        if not 0 <= value <= most:
            return f"latency.{name} must be between 0 and {most:g}, not {value}"
    if latency.median_ms == 0:
        return "latency.median_ms must be above 0; a log-normal time is never zero"
    if given.get("lower_ms", 0) > given.get("upper_ms", 0):
        return "latency.lower_ms must not be above latency.upper_ms"
    return None


def draw_delay(latency: Latency, random: Random) -> Delay:
    """One delay of a sound latency; a fixed one draws nothing from `random`."""
    if latency.ms is not None:
        return Delay(round(latency.ms * NS_PER_MS), capped=False)
    if latency.lower_ms is not None and latency.upper_ms is not None:
        return Delay(round(random.uniform(latency.lower_ms, latency.upper_ms) * NS_PER_MS), capped=False)
    median_ms, sigma = latency.median_ms, latency.sigma
    if median_ms is None or sigma is None:
        raise ValueError("a latency without a shape cannot be drawn from; ask latency_trouble first")
    drawn_ms = random.lognormvariate(math.log(median_ms), sigma)
    cap_ms = LOG_NORMAL_CAP_MS if latency.cap_ms is None else latency.cap_ms
    return Delay(round(min(drawn_ms, cap_ms) * NS_PER_MS), capped=drawn_ms > cap_ms)
