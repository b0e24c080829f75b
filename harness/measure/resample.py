"""Say how far a figure of a run would move by chance: a moving-block bootstrap over its seconds.

Seconds of a run are no independent draws: a slow one is followed by slow ones. So whole blocks of
neighbouring seconds are drawn, with replacement (Künsch 1989), round the end as if the run were a circle, so
that each second is drawn as often as any other (Politis and Romano 1992). How long a block is follows from
how long one second resembles the next (Politis and White 2004, corrected by Patton, Politis and White 2009).
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import ceil, inf, log10, sqrt
from operator import itemgetter, mul
from random import Random
from statistics import NormalDist
from typing import Any, Final

REPLICATES: Final = 1_000

Draw = Callable[[Sequence[float]], Sequence[float]]

_LAGS_IN_A_ROW: Final = 5  # that resemble nothing, before the rest is taken for noise


def block_length(series: Sequence[float]) -> int:
    """How many neighbours to draw together for a figure that `series`, of mean zero, adds up to.

    Never below the cube root of its length: in a short series resemblance is seen too small.
    """
    points = len(series)
    least: int = ceil(points ** (1 / 3))
    most: int = max(1, min(ceil(3 * sqrt(points)), points // 3))
    power = sum(map(mul, series, series)) / points if points else 0.0
    if power <= 0 or most <= least:
        return max(1, min(least, most))
    covariances = [power]
    cut, quiet = 2 * sqrt(log10(points) / points), 0
    resembles_until = 0
    for lag in range(1, most + 1):
        covariances.append(sum(map(mul, series, series[lag:])) / points)
        quiet = quiet + 1 if abs(covariances[lag] / power) < cut else 0
        if quiet == 0:
            resembles_until = lag
        elif quiet == _LAGS_IN_A_ROW:
            break
    window = max(2, 2 * resembles_until)
    bend = level = 0.0
    for lag, covariance in enumerate(covariances):
        weight = min(1.0, max(0.0, 2 * (1 - lag / window))) * (1 if lag == 0 else 2)
        bend += weight * lag * covariance
        level += weight * covariance
    if level <= 0:
        return least
    length: float = (2 * bend * bend / (4 / 3 * level * level)) ** (1 / 3) * points ** (1 / 3)
    return max(least, min(most, ceil(length)))


class Resampling:
    """The same draws for every column of one run, or of two runs whose seconds belong together."""

    def __init__(self, points: int, seed: int, replicates: int = REPLICATES) -> None:
        self._points = points
        self._seed = seed
        self._replicates = replicates
        self._draws: dict[int, list[Draw]] = {}

    def rounded(self, length: int) -> int:
        """The next power of two that still leaves three blocks, so that few sets of draws are made."""
        return max(1, min(1 << (length - 1).bit_length(), self._points // 3))

    def sums(self, column: Sequence[float], length: int) -> list[float]:
        """What the column adds up to in each replicate, drawn in blocks of `length`."""
        rising = [0.0, *accumulate([*column, *column[:length]])]
        blocks = [rising[place + length] - rising[place] for place in range(self._points)]
        return [sum(draw(blocks)) for draw in self._drawn(length)]

    def widening(self, length: int, confidence: float) -> float:
        """By what a standard deviation of replicates is multiplied for half an interval.

        Student's t for as many blocks as there are, with what circular blocks lose of the spread, and what
        the last block has too much.
        """
        blocks = self._points / length
        covered = ceil(blocks) * length / self._points
        return student(confidence, blocks - 1) * sqrt(covered / (1 - 1 / blocks))

    def _drawn(self, length: int) -> list[Draw]:
        drawn = self._draws.get(length)
        if drawn is None:
            chance, places = Random(self._seed * 1_000_003 + length), range(self._points)
            # Two at least, as an itemgetter of one thing answers no tuple.
            blocks = max(2, ceil(self._points / length))
            drawn = [_draw(chance.choices(places, k=blocks)) for _ in range(self._replicates)]
            self._draws[length] = drawn
        return drawn


def _draw(places: Sequence[int]) -> Draw:
    take: Any = itemgetter(*places)
    draw: Draw = take
    return draw


def student(confidence: float, freedom: float) -> float:
    """The half-width, in standard deviations, that holds `confidence` of Student's t (Hill's expansion)."""
    if freedom < 1:
        return inf
    normal = NormalDist().inv_cdf((1 + confidence) / 2)
    square = normal * normal
    terms = (
        (square + 1) / 4,
        ((5 * square + 16) * square + 3) / 96,
        (((3 * square + 19) * square + 17) * square - 15) / 384,
        ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160,
    )
    return normal * (1 + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def deviation(values: Sequence[float], around: float) -> float:
    """The root of the mean squared distance of the values from `around`."""
    return sqrt(sum((value - around) ** 2 for value in values) / len(values)) if values else 0.0
