"""Say what a chart is: columns, lines and shades, as data for the page's script and as a table beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple

from harness.report.phrases import NOTHING, clock, precise

ROWS_MOST: Final = 20
TIME: Final = "time"
NINES: Final = "nines"
RATE: Final = "rate"

Column = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One column of values, and how it is drawn."""

    label: str
    values: Column
    colour: str  # a custom property of the page's style, without its dashes
    fill: bool = False
    dash: bool | tuple[int, ...] = False  # or lengths of line and gap in turn
    thick: bool = False
    stacked: bool = False  # on those before it that are


class Shade(NamedTuple):
    """A shaded stretch of the axis; the lighter, the smaller the share of it that is meant."""

    start: float  # over time in seconds from the start
    end: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A level to compare with."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A plot with its legend, a description in words, and the shades behind it."""

    name: str
    title: str
    unit: str
    description: str
    series: tuple[Series, ...]
    width_s: int = 1  # of a point
    axis: str = TIME
    xs: tuple[float, ...] = ()  # of NINES how many nines, of RATE how many per second, for each value
    logarithmic: bool = False
    lines: tuple[Line, ...] = ()
    shade: str = ""  # what the shaded stretches are; "" without any
    shade_colour: str = "over"
    shaded: tuple[Shade, ...] = ()
    across: tuple[float, float] | None = None  # the scale it shares with another chart
    note: str = ""

    @property
    def points(self) -> int:
        """How many values each series has."""
        return len(self.series[0].values) if self.series else 0

    def as_json(self) -> dict[str, Any]:
        """The chart for the page's script: short numbers, and nothing that is as usual."""
        return {
            "name": self.name,
            "axis": self.axis,
            "log": self.logarithmic,
            "width": self.width_s,
            "xs": list(self.xs),
            "across": self.across,
            "series": [
                {
                    "label": series.label,
                    "colour": series.colour,
                    "fill": series.fill,
                    "dash": series.dash,
                    "thick": series.thick,
                    "stacked": series.stacked,
                    "values": [_short(value) for value in series.values],
                }
                for series in self.series
            ],
            "lines": [{"label": line.label, "value": line.value} for line in self.lines],
            "shaded": [[shade.start, shade.end, round(shade.share, 3)] for shade in self.shaded],
            "shade": self.shade_colour,
        }

    def table(self) -> tuple[list[str], list[list[str]]]:
        """`(head, rows)`: at most 20 stretches of time with the mean and, where it differs, the most."""
        if self.axis == NINES:
            places = sorted({0, self.points - 1, *range(0, self.points, ceil(self.points / ROWS_MOST) or 1)})
            rows = [
                [
                    share_of(self.xs[at], last=at == self.points - 1),
                    *(_cell([s.values[at]]) for s in self.series),
                ]
                for at in places
                if at >= 0
            ]
            return ["share", *(series.label for series in self.series)], rows
        if self.axis == RATE:
            rows = [
                [f"{precise(x)}/s", *(_cell([series.values[at]]) for series in self.series)]
                for at, x in enumerate(self.xs)
            ]
            return ["rate", *(series.label for series in self.series)], rows
        step = max(1, ceil(self.points / ROWS_MOST))
        rows = []
        for first in range(0, self.points, step):
            past = min(first + step, self.points)
            span = f"{clock(first * self.width_s)} to {clock(past * self.width_s)}"
            rows.append([span, *(_cell(series.values[first:past]) for series in self.series)])
        return ["time", *(series.label for series in self.series)], rows


def shades(shares: Iterable[float], width_s: int) -> tuple[Shade, ...]:
    """A shade for each unbroken stretch of points with one share; none where it is 0."""
    found: list[Shade] = []
    for place, share in enumerate(shares):
        at = place * width_s
        if share <= 0:
            continue
        if found and found[-1].end == at and found[-1].share == share:
            found[-1] = found[-1]._replace(end=at + width_s)
        else:
            found.append(Shade(at, at + width_s, min(1.0, share)))
    return tuple(found)


def share_of(nines: float, *, last: bool = False) -> str:
    """`90 %`, `99.9 %`: the share that so many nines stand for."""
    return (
        "100 % (max)"
        if last
        else f"{100 * (1 - 10**-nines):.{max(1, ceil(nines) - 1)}f}".rstrip("0").rstrip(".") + " %"
    )


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return NOTHING
    mean, most = precise(sum(known) / len(known)), precise(max(known))
    return mean if mean == most else f"{mean} (most {most})"


def _short(value: float | None) -> float | int | None:
    if value is None:
        return None
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() else rounded
