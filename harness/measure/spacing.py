"""Measure how uneven arrivals are: the coefficient of variation of the gaps between them.

Kept are the number of gaps, their sum and the sum of their squares, which add up over seconds and workers to
the same figure as one pass would have. 0 is a metronome, 1 is chance (Poisson), bursts are above.
"""

import math

from harness.measure.counters import Counters
from harness.units import NS_PER_S


class Spacing:
    """Remembers the last arrival as due and as sent; a gap goes into the second it is told of."""

    __slots__ = ("_due_ns", "_sent_ns")

    def __init__(self) -> None:
        self._due_ns: int | None = None
        self._sent_ns: int | None = None

    def due(self, due_ns: int, second: Counters) -> None:
        """An arrival came due. One that was read too late to be in order has no place among the gaps."""
        last_ns, gap_ns = self._due_ns, due_ns - (self._due_ns or 0)
        if last_ns is None:
            self._due_ns = due_ns
        elif gap_ns >= 0:
            self._due_ns = due_ns
            second.due_gaps += 1
            second.due_gaps_ns += gap_ns
            second.due_gaps_squared += (gap_ns / NS_PER_S) ** 2

    def sent(self, sent_ns: int, second: Counters) -> None:
        """An item left for the first time."""
        last_ns, gap_ns = self._sent_ns, sent_ns - (self._sent_ns or 0)
        self._sent_ns = sent_ns
        if last_ns is not None:
            second.sent_gaps += 1
            second.sent_gaps_ns += gap_ns
            second.sent_gaps_squared += (gap_ns / NS_PER_S) ** 2


def variation(gaps: int, sum_ns: int, squared_s2: float) -> float | None:
    """Standard deviation over mean of so many gaps; None for less than two, or all of them 0."""
    if gaps < 2 or not sum_ns:
        return None
    # Below 0 by rounding alone, when all gaps are equal.
    return math.sqrt(max(0.0, gaps * squared_s2 / (sum_ns / NS_PER_S) ** 2 - 1))
