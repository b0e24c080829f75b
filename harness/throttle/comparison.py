"""Set the figures of one run beside those of another: what changed, by how much, and whether beyond chance.

Both runs replay one plan over one recording, so the same load comes in the same second of both. The same
blocks of seconds are therefore drawn for both, and what the load itself does to a figure cancels out. The
intervals hold for all figures together: of a hundred comparisons of equal runs, five have any that does not.
"""

from collections.abc import Sequence
from math import exp, isfinite, nan, sqrt
from operator import mul
from typing import Final, NamedTuple

from harness.measure.resample import Resampling, block_length, deviation
from harness.metrics import PER_S, PERCENT
from harness.throttle.comparable import Document, notes_on, reasons_against, shown
from harness.throttle.compared import COUNTS, ROWS, Row, Series, at

CONFIDENCE: Final = 0.95
SEED: Final = 1

BETTER: Final = "better"
WORSE: Final = "worse"
DIFFERENT: Final = "different"  # beyond chance, and neither good nor bad in itself
WITHIN_NOISE: Final = "within the noise"
TOO_NOISY: Final = "too noisy"  # too few seconds, or too little in them, to know how far chance reaches
NOT_COMPARABLE: Final = "not comparable"
NOT_MEASURED: Final = "not measured"


class Change(NamedTuple):
    """One figure of two runs. Of a figure in % the change is in points, else a share of the one before."""

    figure: str
    unit: str  # /s, ms, %
    before: float | None
    after: float | None
    change: float | None  # None: not measured in both, or from nothing to something
    low: float | None  # of the interval about it; None where it cannot be told
    high: float | None
    verdict: str
    judged: bool = True  # whether a regression of it is one of the target


class Count(NamedTuple):
    """One count of two runs: it has no noise, and no more meaning than it says."""

    figure: str
    before: int | None
    after: int | None


class Comparison(NamedTuple):
    """One run set beside the one before it."""

    before: str  # run id
    after: str
    reasons: tuple[str, ...]  # why they are not comparable
    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    counts: tuple[Count, ...]


class _Chance(NamedTuple):
    """What intervals are made with."""

    resampling: Resampling
    points: int
    confidence: float


def compare(before: Document, after: Document, *, seed: int = SEED) -> Comparison:
    """All figures of two `run.json`, in the order of the table."""
    reasons = reasons_against(before, after)
    measured = [row for row in ROWS if row.value(before) is not None and row.value(after) is not None]
    points = max(run["timeline"]["points"] for run in (before, after))
    chance = None
    if not reasons:
        confidence = 1 - (1 - CONFIDENCE) / max(1, len(measured))
        chance = _Chance(Resampling(points, seed), points, confidence)
    return Comparison(
        before=shown(before["run_id"]),
        after=shown(after["run_id"]),
        reasons=reasons,
        notes=notes_on(before, after),
        changes=tuple(_change(row, (before, after), chance) for row in ROWS),
        counts=tuple(Count(name, at(before, path), at(after, path)) for name, path in COUNTS.items()),
    )


def _change(row: Row, runs: tuple[Document, Document], chance: _Chance | None) -> Change:
    was, now = map(row.value, runs)
    if was is None or now is None:
        return Change(row.figure, row.unit, was, now, None, None, None, NOT_MEASURED, row.judged)
    in_points = row.unit == PERCENT
    change = now - was if in_points else now / was - 1 if was > 0 else None
    series = [found for run in runs if (found := row.series(run)) is not None]
    if chance is None or len(series) < len(runs):
        return Change(row.figure, row.unit, was, now, change, None, None, NOT_COMPARABLE, row.judged)
    reach = _reach(row, runs, series, chance)
    # A ratio to nothing has no interval; points have one on both sides of it.
    if change is None or (now <= 0 < was and not in_points) or not all(map(isfinite, reach)):
        verdict = WITHIN_NOISE if was == now == 0 else TOO_NOISY
        return Change(row.figure, row.unit, was, now, change, None, None, verdict, row.judged)
    if in_points:
        low, high = change - reach[0], change + reach[1]
    else:
        low, high = (now / was * exp(off) - 1 for off in (-reach[0], reach[1]))
    return Change(row.figure, row.unit, was, now, change, low, high, _verdict(row, low, high), row.judged)


def _verdict(row: Row, low: float, high: float) -> str:
    if low <= 0 <= high:
        return WITHIN_NOISE
    if not row.good:
        return DIFFERENT
    return BETTER if (low > 0) == (row.good > 0) else WORSE


def _reach(
    row: Row, runs: tuple[Document, Document], series: Sequence[Series], chance: _Chance
) -> tuple[float, float]:
    """How far the interval reaches below and above the change, on the row's own scale; no number if unknown.

    Each run's ratio has an interval, which is carried to the scale of the figure, and the two are joined as
    Zou (2007) does: what both have in common, as the same seconds were drawn, cancels out.
    """
    resampling, points, confidence = chance
    padded = [one.padded(points) for one in series]
    sums = [(sum(one.parts), sum(one.wholes)) for one in padded]
    if not all(whole for _, whole in sums):
        return nan, nan
    # How far each second moves the figure: what the length of a block is chosen by.
    pulls = [
        [
            (part - whole * parts / wholes) / (wholes if row.unit != PER_S else parts or 1)
            for part, whole in zip(one.parts, one.wholes, strict=True)
        ]
        for one, (parts, wholes) in zip(padded, sums, strict=True)
    ]
    length = resampling.rounded(block_length([now - was for was, now in zip(*pulls, strict=True)]))
    ratios = [part / whole for part, whole in sums]
    moves = []
    for one, ratio in zip(padded, ratios, strict=True):
        drawn = zip(resampling.sums(one.parts, length), resampling.sums(one.wholes, length), strict=True)
        moves.append([part / whole - ratio if whole else nan for part, whole in drawn])
    spreads = [deviation(one, 0) for one in moves]
    shared = _correlation(moves, spreads)
    below, above = [], []
    for run, ratio, spread in zip(runs, ratios, spreads, strict=True):
        low, high = row.ends(run, ratio, spread * resampling.widening(length, confidence))
        below.append(low)
        above.append(high)
    if not all(map(isfinite, [*below, *above])):
        return nan, nan
    grain = row.grain(points)
    return (
        _joined(below[1], above[0], shared) + grain,
        _joined(above[1], below[0], shared) + grain,
    )


def _joined(one: float, other: float, shared: float) -> float:
    return sqrt(max(0.0, one * one + other * other - 2 * shared * one * other))


def _correlation(moves: Sequence[Sequence[float]], spreads: Sequence[float]) -> float:
    if not spreads[0] * spreads[1]:
        return 0.0
    together: float = sum(map(mul, *moves)) / len(moves[0])
    return max(-1.0, min(1.0, together / (spreads[0] * spreads[1])))
