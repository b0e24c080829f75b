"""Draw intervals as bars on one axis with nothing in its middle, as wide as what changed beyond chance."""

from collections.abc import Sequence
from math import floor, isfinite, log10
from typing import Final, NamedTuple

from harness.metrics import PERCENT
from harness.report.comparison import CHANGED, Told

HALF: Final = 100  # of the field: x goes from -HALF to HALF
_REACH_LEAST: Final = 0.05  # so that nothing looks like a lot
_REACH_MOST: Final = 1.0  # where nothing changed: what may be chance can reach far
_STEPS: Final = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


class Bar(NamedTuple):
    """Where an interval and its change lie, within the field."""

    low: float
    at: float
    high: float
    is_lower: bool  # than the field
    is_higher: bool


def axis_reach(changes: Sequence[Told]) -> float:
    """Where the axis ends on both sides: a round share that holds what changed beyond chance."""
    changed = [change for change in changes if change["verdict"] in CHANGED]
    spans = [span for change in changed or changes if (span := _span(change)) is not None]
    farthest = max([_REACH_LEAST, *(max(map(abs, span)) for span in spans)])
    return _round_up(farthest if changed else min(farthest, _REACH_MOST))


def bar(change: Told, reach: float) -> Bar | None:
    """The bar of a change; None where it has no interval."""
    span = _span(change)
    if span is None:
        return None
    low, at, high = (round(max(-1.0, min(1.0, value / reach)) * HALF, 1) for value in span)
    return Bar(low, at, high, span[0] < -reach, span[2] > reach)


def _span(change: Told) -> tuple[float, float, float] | None:
    found = change["low"], change["change"], change["high"]
    if None in found or not all(map(isfinite, found)):
        return None
    scale = 0.01 if change["unit"] == PERCENT else 1.0
    low, at, high = (value * scale for value in found)
    return low, at, high


def _round_up(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in _STEPS if step * power >= value * (1 - 1e-9))
