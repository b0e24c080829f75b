"""Choose the next rate of a search for capacity, from what the steps so far came to.

Doubling until a step fails, then halving what lies between the highest rate that held and the lowest that
failed, until they are as close as asked; then the highest that held is held once more, for longer. If it
fails that, it is the lowest that failed, and the search goes on below it, with steps as long. All of it is
one pure function of the history, so that it can be tried against any target on paper.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

_DIGITS: Final = 3  # of a rate between two others, where that is enough to tell them apart


class Bounds(NamedTuple):
    """Where a search begins and ends."""

    start_per_s: float
    most_per_s: float | None  # None: until a step fails
    precision: float  # 0.05: what failed is at most 5 % above what held


class Try(NamedTuple):
    """A rate to hold."""

    rate_per_s: float
    confirms: bool  # for longer than an ordinary step


class Tried(NamedTuple):
    """A rate that was held, or could not be."""

    rate_per_s: float
    confirms: bool
    held: bool
    spoiled: bool = False  # by the generator: it says nothing of the target, so it is tried once more


class Found(NamedTuple):
    """Where a search stands."""

    held_per_s: float | None  # the highest rate that held, below all that failed
    failed_per_s: float | None  # the lowest that failed
    confirmed: bool  # it held once more, for longer


def next_try(bounds: Bounds, tried: Sequence[Tried]) -> Try | None:
    """The next step; None when the search is over."""
    if not tried:
        return Try(bounds.start_per_s, confirms=False)
    last = Try(tried[-1].rate_per_s, tried[-1].confirms)
    if tried[-1].spoiled and sum((one.rate_per_s, one.confirms) == last for one in tried) == 1:
        return last
    low, high, confirmed = found(tried)
    if low is None:
        return None
    if high is None and (bounds.most_per_s is None or low < bounds.most_per_s):
        return Try(min(2 * low, bounds.most_per_s or math.inf), confirms=False)
    if high is not None and high > low * (1 + bounds.precision):
        return Try(_between(low, high), confirms=any(one.confirms and not one.held for one in tried))
    return None if confirmed else Try(low, confirms=True)


def found(tried: Sequence[Tried]) -> Found:
    """What the steps so far have shown; of a rate that was tried twice for as long, the later try counts."""
    latest = {(one.rate_per_s, one.confirms): one.held for one in tried}
    high = min((rate for (rate, _), held in latest.items() if not held), default=None)
    below = [rate for (rate, _), held in latest.items() if held and (high is None or rate < high)]
    low = max(below, default=None)
    return Found(low, high, low is not None and latest.get((low, True), False))


def _between(low: float, high: float) -> float:
    middle = math.sqrt(low * high)
    written = float(f"{middle:.{_DIGITS}g}")
    return written if low < written < high else middle
