"""Lay whole distributions on one axis of nines: 90 %, 99 %, 99.9 %, and the longest at its end."""

from collections.abc import Collection, Sequence
from math import log10
from typing import Final

from harness.report.columns import above_zero
from harness.report.plot import Column

_PLACES_LEAST: Final = 3  # a minimum and a maximum make no curve


def on_nines(curves: Collection[Sequence[Sequence[float]]]) -> tuple[tuple[float, ...], list[Column]]:
    """`(places, a column for each curve)`, of curves as `run.json` has them; no place where none is one.

    Each is as long as the longest; one of fewer durations has its maximum at its own end.
    """
    longest = max((len(curve) for curve in curves), default=0)
    if longest < _PLACES_LEAST:
        return (), []
    widest = max(curves, key=len)
    xs = [-log10(1 - share) if share < 1 else 0.0 for share, _ in widest]
    xs[-1] = xs[-2] + (xs[-2] - xs[-3] if longest > _PLACES_LEAST else 1)
    columns: list[Column] = [
        [*above_zero([ms for _, ms in curve]), *[None] * (longest - len(curve))] for curve in curves
    ]
    return tuple(round(x, 4) for x in xs), columns
