"""Find how large a share of all items the busiest person has, in the memory of a few counters.

Misra and Gries, "Finding repeated elements" (1982): with k counters every id that has more than 1/(k + 1) of
the items is among them, and its count is at most that share too low.
"""

from collections.abc import Sequence
from typing import Final

_COUNTERS: Final = 100


class Busiest:
    """Meets the ids of each item."""

    __slots__ = ("_counts", "_items")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._items = 0

    def meet(self, keys: Sequence[str]) -> None:
        """One more item, of the person with these ids."""
        self._items += 1
        counts = self._counts
        for key in keys:
            if key in counts:
                counts[key] += 1
            elif len(counts) < _COUNTERS:
                counts[key] = 1
            else:
                self._counts = counts = {kept: count - 1 for kept, count in counts.items() if count > 1}

    @property
    def share(self) -> float | None:
        """Of all items, at most 1 % too low for a person with one id; None before the first item."""
        if not self._items:
            return None
        return max(self._counts.values(), default=0) / self._items
