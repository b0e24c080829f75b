"""Read columns of figures from a run's document, which may lack any of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.report.plot import Column

Document = Mapping[str, Any]

# A microsecond is far below what a socket can do, and zero has no place on a logarithmic scale.
_LEAST_MS: Final = 0.001


def column(timeline: Mapping[str, Any], name: str) -> Column | None:
    """A column of the timeline; None when it was not measured."""
    values = timeline.get(name)
    return values if isinstance(values, list) and any(value is not None for value in values) else None


def per_s(values: Sequence[float | None], width_s: int) -> Column:
    """Counts of points as rates."""
    return [None if value is None else value / width_s for value in values]


def above_zero(values: Sequence[float | None]) -> Column:
    """Milliseconds as a logarithmic scale can show them."""
    return [None if value is None else max(value, _LEAST_MS) for value in values]


def total(values: Sequence[float | None] | None) -> int:
    """All of a column; 0 of none."""
    return round(sum(value or 0 for value in values or ()))


def mappings(found: Any) -> list[Mapping[str, Any]]:
    """The objects of a list that may not be there."""
    return [one for one in found or () if isinstance(one, Mapping)]


def width_note(width_s: int) -> str:
    """What a point is, when it is more than a second."""
    return "" if width_s == 1 else f"Each point is {width_s} s: a mean, unless it says busiest or fullest."
