"""Set the figures of one run beside those of another: what changed, by how much, and whether beyond chance.

Both runs replay one plan over one recording, so the same load comes in the same second of both. The same
blocks of seconds are therefore drawn for both, and what the load itself does to a figure cancels out. The
intervals hold for all figures together: of a hundred comparisons of equal runs, five have any that does not.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import exp, inf, isfinite, log, nan
from typing import Any, Final, NamedTuple

from harness.measure.resample import Resampling, block_length, deviation
from harness.metrics import MS, PER_S, PERCENT
from harness.throttle.comparable import Document, notes_on, reasons_against

CONFIDENCE: Final = 0.95
SEED: Final = 1

BETTER: Final = "better"
WORSE: Final = "worse"
DIFFERENT: Final = "different"  # beyond chance, and neither good nor bad in itself
WITHIN_NOISE: Final = "within the noise"
NOT_COMPARABLE: Final = "not comparable"
NOT_MEASURED: Final = "not measured"

_BUCKET: Final = 0.008  # a percentile of a histogram is off by half of this


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


class _Series(NamedTuple):
    """A figure as a ratio of two sums over the points of a run."""

    parts: Sequence[float]
    wholes: Sequence[float]


class _Row(NamedTuple):
    """How a figure is read: its value, and the series that it rests on."""

    figure: str
    unit: str
    good: int  # 1: more is better; -1: less is; 0: neither
    value: Callable[[Document], float | None]
    series: Callable[[Document], _Series | None]
    percentiles: Callable[[Document], Callable[[float], float]] | None = None  # its value by the share above
    judged: bool = True

    @property
    def is_linear(self) -> bool:
        """True where the share itself is the figure, or what the figure hangs on."""
        return self.unit == PERCENT or self.percentiles is not None

    def moved(self, run: Document) -> Callable[[float, float], float]:
        """The figure of a replicate from its two sums: points for a share, else a logarithm, or no number."""
        percentiles = None if self.percentiles is None else self.percentiles(run)

        def move(part: float, whole: float) -> float:
            if not whole:
                return nan
            ratio = part / whole
            if self.unit == PERCENT:
                return 100 * ratio
            value = ratio if percentiles is None else percentiles(ratio)
            return log(value) if value > 0 else nan

        return move


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
        before=before["run_id"],
        after=after["run_id"],
        reasons=reasons,
        notes=notes_on(before, after),
        changes=tuple(_change(row, (before, after), chance) for row in ROWS),
        counts=tuple(Count(name, _at(before, path), _at(after, path)) for name, path in COUNTS.items()),
    )


def _change(row: _Row, runs: tuple[Document, Document], chance: _Chance | None) -> Change:
    was, now = map(row.value, runs)
    if was is None or now is None:
        return Change(row.figure, row.unit, was, now, None, None, None, NOT_MEASURED, row.judged)
    in_points = row.unit == PERCENT
    change = now - was if in_points else now / was - 1 if was > 0 else None
    half = None if chance is None or change is None else _half_width(row, runs, chance)
    if half is None or change is None or not isfinite(half):
        return Change(row.figure, row.unit, was, now, change, None, None, NOT_COMPARABLE, row.judged)
    if in_points:
        low, high = change - half, change + half
    else:
        middle = log(now / was) if now > 0 else -inf
        low, high = exp(middle - half) - 1, exp(middle + half) - 1
    return Change(row.figure, row.unit, was, now, change, low, high, _verdict(row, low, high), row.judged)


def _verdict(row: _Row, low: float, high: float) -> str:
    if low <= 0 <= high:
        return WITHIN_NOISE
    if not row.good:
        return DIFFERENT
    return BETTER if (low > 0) == (row.good > 0) else WORSE


def _half_width(row: _Row, runs: tuple[Document, Document], chance: _Chance) -> float | None:
    """Half the interval about the change: in points for a share, else about the logarithm of the ratio."""
    resampling, points, confidence = chance
    both = [found for run in runs if (found := row.series(run)) is not None]
    if len(both) < len(runs):
        return None
    sums = [(sum(series.parts), sum(series.wholes)) for series in both]
    if not all(whole for _, whole in sums):
        return None
    padded = [
        _Series(
            [*series.parts, *[0] * (points - len(series.parts))],
            [*series.wholes, *[0] * (points - len(series.wholes))],
        )
        for series in both
    ]
    # How far each second moves the figure: what the length of a block is chosen by.
    pulls = [
        [
            (part - whole * parts / wholes) / (wholes if row.is_linear else parts or 1)
            for part, whole in zip(series.parts, series.wholes, strict=True)
        ]
        for series, (parts, wholes) in zip(padded, sums, strict=True)
    ]
    length = resampling.rounded(block_length([now - was for was, now in zip(*pulls, strict=True)]))
    moved = [row.moved(run) for run in runs]
    figures = [
        list(map(move, resampling.sums(series.parts, length), resampling.sums(series.wholes, length)))
        for move, series in zip(moved, padded, strict=True)
    ]
    centres = [move(*pair) for move, pair in zip(moved, sums, strict=True)]
    moves = [now - was for was, now in zip(*figures, strict=True)]
    if not all(map(isfinite, [*centres, *moves])):
        return None
    spread = deviation(moves, centres[1] - centres[0])
    return spread * resampling.widening(length, confidence) + _grain(row, points)


def _grain(row: _Row, points: int) -> float:
    """What no run can tell: the width of a bucket, or where in its last second a run ended."""
    if row.unit == PERCENT:
        return 0.0
    return _BUCKET if row.percentiles is not None else 1 / max(1, points)


def _at(document: Document, path: tuple[str, ...]) -> Any:
    found: Any = document
    for key in path:
        found = None if found is None else found.get(key)
    return found


def _rate(path: tuple[str, ...], column: str) -> _Row:
    def series(run: Document) -> _Series | None:
        parts = run["timeline"].get(column)
        return None if not parts or None in parts else _Series(parts, [1] * len(parts))

    good = 1 if path[-1] == "goodput" else 0
    return _Row(".".join(path), PER_S, good, lambda run: _at(run, path), series, judged=bool(good))


def _share(figure: str, statuses: tuple[str, ...]) -> _Row:
    def series(run: Document) -> _Series | None:
        columns: Mapping[str, Sequence[float]] = run["timeline"].get("statuses") or {}
        if not columns:
            return None
        # The column `429` is apart from `4xx`.
        wholes = [sum(counts) for counts in zip(*columns.values(), strict=True)]
        asked = [columns[name] for name in statuses if name in columns]
        return _Series(
            [sum(counts) for counts in zip(*asked, strict=True)] if asked else [0] * len(wholes), wholes
        )

    def value(run: Document) -> float | None:
        found = series(run)
        return 100 * sum(found.parts) / sum(found.wholes) if found and sum(found.wholes) else None

    return _Row(figure, PERCENT, -1, value, series)


def _percentile(key: str, name: str, good: int) -> _Row:
    def series(run: Document) -> _Series | None:
        columns = (run.get("above") or {}).get(key)
        return None if columns is None else _Series(columns[name], columns["count"])

    def percentiles(run: Document) -> Callable[[float], float]:
        table = run["distributions"][key]
        values: Sequence[float] = table["value_ms"]
        up_to = list(accumulate(table["count"]))

        def value(share_above: float) -> float:
            # A hair less, so that the share a value was found by finds it again.
            return values[min(bisect_left(up_to, (1 - share_above) * up_to[-1] - 1e-6), len(values) - 1)]

        return value

    return _Row(
        f"{name} of {key}",
        MS,
        good,
        lambda run: _at(run, (key, name)),
        series,
        percentiles,
        judged=bool(good),
    )


ROWS: Final = (
    _rate(("rate_per_s", "achieved"), "sent"),
    _rate(("rate_per_s", "goodput"), "accepted"),
    _rate(("message_rate_per_s", "goodput"), "accepted_messages"),
    _share("answered 429", ("429",)),
    _share("answered neither 2xx nor 429", ("3xx", "4xx", "5xx", "other", "none")),
    *(
        _percentile(key, name, -1)
        for key in ("service_time_ms", "response_time_ms")
        for name in ("p50", "p95", "p99")
    ),
    _percentile("schedule_lag_ms", "p99", 0),
)
COUNTS: Final = {
    ".".join(path): path
    for path in (
        *(
            ("messages", end)
            for end in ("selected", "accepted", "rejected", "abandoned", "dropped", "cancelled", "pending")
        ),
        *(("calls", end) for end in ("selected", "accepted", "rejected", "abandoned", "dropped", "pending")),
        ("requests", "sent"),
        ("requests", "retried"),
        ("throttle", "throttled"),
        ("throttle", "retry_after_violated"),
        *(("reconciliation", name) for name in ("missing", "unexpected", "duplicates", "out_of_order")),
    )
}
