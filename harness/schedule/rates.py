"""Give items due times from a rate that changes: each is due where the rate's integral passes its mark.

The integral counts how many items should have come. With even marks item `i` is due where it passes `i`, so
every window holds what its integral says, give or take one, for ever: nothing is added up, so nothing drifts.
With Poisson marks, the running sum of exponential gaps of mean 1, the same integral gives a Poisson process
whose rate follows the stages (time rescaling: Brown et al., "The time-rescaling theorem", 2002).
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Final, NamedTuple

from harness.model import Arrival, Item
from harness.timing import RAMP, STEP, Stage
from harness.units import NS_PER_S

Passes = Iterable[Iterable[Item]]

FOR_EVER_NS: Final = 1 << 62  # 146 years
_DENOMINATOR_MOST: Final = 1_000_000


def by_rate(
    passes: Passes,
    stages: Sequence[Stage],
    marks: Iterable[float],
    *,
    ended: Callable[[Item | None, int], None] | None = None,
) -> Iterator[Arrival]:
    """The items in their order, as long as the stages last.

    `ended` hears the one item that was read and has no due time any more; or None, and how many ns of the
    stages are left, when the items ended first.
    """
    dues = due_times(stages, marks)
    for items in passes:
        empty = True
        for item in items:
            empty = False
            due_ns = next(dues, None)
            if due_ns is None:
                if ended is not None:
                    ended(item, 0)
                return
            yield Arrival(due_ns, item)
        if empty:
            break
    due_ns = next(dues, None)
    if due_ns is not None and ended is not None:
        ended(None, sum(stage.duration_ns for stage in stages) - due_ns)


def steady(rate_per_s: float) -> tuple[Stage, ...]:
    """One rate, for ever."""
    return (Stage(STEP, rate_per_s, FOR_EVER_NS),)


def even() -> Iterator[int]:
    """Marks of evenly spaced arrivals."""
    return itertools.count()


def poisson(chance: Random) -> Iterator[float]:
    """Marks of arrivals that know nothing of each other."""
    return itertools.accumulate(chance.expovariate(1.0) for _ in itertools.count())


def due_times(stages: Sequence[Stage], marks: Iterable[float]) -> Iterator[int]:
    """Where the integral of the rate passes each mark, in ns after the start; marks never fall.

    Ends with the stages. A mark that is reached where the rate stands at 0 is due when it rises again.
    """
    stretches = _stretches(stages)
    stretch = next(stretches, None)
    due_ns = 0
    for mark in marks:
        while stretch is not None and mark >= stretch.end_mark:
            stretch = next(stretches, None)
        if stretch is None:
            return
        # Two marks closer than a float can tell could come out a nanosecond the wrong way round.
        due_ns = max(due_ns, stretch.due_ns(mark))
        yield due_ns


def expected(stages: Sequence[Stage]) -> Fraction:
    """How many items the stages make room for."""
    *_, last = _stretches(stages, with_idle=True)
    return last.end


def lasts_ns(stages: Sequence[Stage], items: int) -> int:
    """How long it takes until so many items were due, or until the stages end."""
    return next(due_times(stages, [items]), sum(stage.duration_ns for stage in stages))


class _Stretch(NamedTuple):
    """A stage with its place: when it begins, and what the integral is there."""

    begin_ns: int
    duration_ns: int
    from_per_s: float
    to_per_s: float
    whole: int  # the integral at its begin, in two parts: a float alone would lose the small one
    part: float
    end: Fraction
    end_mark: float

    def due_ns(self, mark: float) -> int:
        """Solve `from t + (to - from) t² / 2 duration = count` for t, in the form that loses no digits."""
        count = (mark - self.whole) - self.part
        if count <= 0:
            return self.begin_ns
        rise = (self.to_per_s - self.from_per_s) / self.duration_ns * NS_PER_S
        # Below 0 by rounding alone, where a ramp ends at 0.
        root = math.sqrt(max(0.0, self.from_per_s * self.from_per_s + 2 * rise * count))
        offset_ns = round(2 * count / (self.from_per_s + root) * NS_PER_S)
        return self.begin_ns + min(offset_ns, self.duration_ns)


def _stretches(stages: Sequence[Stage], *, with_idle: bool = False) -> Iterator[_Stretch]:
    begin_ns, reached, before = 0, Fraction(0), Fraction(0)
    for stage in stages:
        rate = _exact(stage.rate_per_s)
        start = before if stage.shape == RAMP else rate
        end = reached + (start + rate) / 2 * Fraction(stage.duration_ns, NS_PER_S)
        whole = int(reached)
        if with_idle or end > reached:
            yield _Stretch(
                begin_ns,
                stage.duration_ns,
                float(start),
                float(rate),
                whole,
                float(reached - whole),
                end,
                float(end),
            )
        begin_ns, reached, before = begin_ns + stage.duration_ns, end, rate


def _exact(rate_per_s: float) -> Fraction:
    """The fraction that was meant: 100/min is 5/3 a second, not the float beside it."""
    meant = Fraction(rate_per_s).limit_denominator(_DENOMINATOR_MOST)
    return meant if math.isclose(meant, rate_per_s, rel_tol=1e-12) else Fraction(rate_per_s)
