"""The table of figures that runs are compared by: where each stands, and which sums it rests on."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import log, nan
from typing import Any, Final, NamedTuple

from harness.metrics import MS, PER_S, PERCENT
from harness.throttle.comparable import Document


class Series(NamedTuple):
    """A figure as a ratio of two sums over the points of a run."""

    parts: Sequence[float]
    wholes: Sequence[float]

    def padded(self, points: int) -> "Series":
        """The same with seconds in which nothing was, up to so many points."""
        more = [0] * (points - len(self.parts))
        return Series([*self.parts, *more], [*self.wholes, *more])


class Row(NamedTuple):
    """How a figure is read: its value, and the series that it rests on."""

    figure: str
    unit: str
    good: int  # 1: more is better; -1: less is; 0: neither
    value: Callable[[Document], float | None]
    series: Callable[[Document], Series | None]
    percentiles: Callable[[Document], Callable[[float], float]] | None = None  # its value by the share above

    @property
    def judged(self) -> bool:
        """Whether a regression of it is one of the target."""
        return self.good != 0

    def ends(self, run: Document, ratio: float, half: float) -> tuple[float, float]:
        """How far below and above the figure its ends lie where those of the ratio are `half` away.

        In points for a share, else as logarithms. No number where an end is beyond all that was measured:
        with nothing above it a percentile is not known.
        """
        if self.unit == PERCENT:
            return 100 * half, 100 * half
        if self.percentiles is None:
            reach = half / ratio if ratio > 0 else nan
            return reach, reach
        if half == 0:
            return 0.0, 0.0
        value = self.percentiles(run)
        low, at, high = (value(share) if share > 0 else 0.0 for share in (ratio + half, ratio, ratio - half))
        return (log(at / low), log(high / at)) if low > 0 and at > 0 and high > 0 else (nan, nan)

    def grain(self, points: int) -> float:
        """What no run can tell: the width of a bucket, or where in its last second a run ended."""
        if self.unit == PERCENT:
            return 0.0
        return _BUCKET if self.percentiles is not None else 1 / max(1, points)


_BUCKET: Final = 0.008  # a percentile of a histogram is off by half of this


def at(document: Document, path: tuple[str, ...]) -> Any:
    found: Any = document
    for key in path:
        found = None if found is None else found.get(key)
    return found


def _rate(path: tuple[str, ...], column: str) -> Row:
    def series(run: Document) -> Series | None:
        parts = run["timeline"].get(column)
        return None if not parts or None in parts else Series(parts, [1] * len(parts))

    good = 1 if path[-1] == "goodput" else 0
    return Row(".".join(path), PER_S, good, lambda run: at(run, path), series)


def _share(figure: str, statuses: tuple[str, ...]) -> Row:
    def series(run: Document) -> Series | None:
        columns: Mapping[str, Sequence[float]] = run["timeline"].get("statuses") or {}
        if not columns or any(None in column for column in columns.values()):
            return None
        # The column `429` is apart from `4xx`.
        wholes = [sum(counts) for counts in zip(*columns.values(), strict=True)]
        asked = [columns[name] for name in statuses if name in columns]
        return Series(
            [sum(counts) for counts in zip(*asked, strict=True)] if asked else [0] * len(wholes), wholes
        )

    def value(run: Document) -> float | None:
        found = series(run)
        return 100 * sum(found.parts) / sum(found.wholes) if found and sum(found.wholes) else None

    return Row(figure, PERCENT, -1, value, series)


def _percentile(key: str, name: str, good: int) -> Row:
    def series(run: Document) -> Series | None:
        columns = (run.get("above") or {}).get(key)
        return None if columns is None else Series(columns[name], columns["count"])

    def percentiles(run: Document) -> Callable[[float], float]:
        table = run["distributions"][key]
        values: Sequence[float] = table["value_ms"]
        up_to = list(accumulate(table["count"]))

        def value(share_above: float) -> float:
            # A hair less, so that the share a value was found by finds it again.
            return values[min(bisect_left(up_to, (1 - share_above) * up_to[-1] - 1e-6), len(values) - 1)]

        return value

    return Row(
        f"{name} of {key}",
        MS,
        good,
        lambda run: at(run, (key, name)),
        series,
        percentiles,
    )


ROWS: Final = (
    _rate(("rate_per_s", "achieved"), "sent"),
    _rate(("rate_per_s", "goodput"), "accepted"),
    _rate(("message_rate_per_s", "goodput"), "accepted_messages"),
    _share("answered 429", ("429",)),
    _share("neither 2xx nor 429", ("3xx", "4xx", "5xx", "other", "none")),
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
