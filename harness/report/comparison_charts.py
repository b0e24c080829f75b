"""Lay runs over each other: one line a run, of its rate, its times and its whole distributions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from harness.report.columns import Document, above_zero, column, per_s, total
from harness.report.nines import on_nines
from harness.report.phrases import NOTHING, count, precise
from harness.report.plot import NINES, Chart, Column, Series

RUNS_DRAWN_MOST: Final = 5


class DrawnRun(NamedTuple):
    """A run and what it is called on the page."""

    name: str
    document: Document


class _Look(NamedTuple):
    """How a run's lines are told from the others', with colour and without."""

    colour: str
    dash: bool | tuple[int, ...] = False
    thick: bool = False


# The first is broad and lies below the others, so that lines on one place are still seen apart.
_LOOKS: Final = (
    _Look("lag", thick=True),
    _Look("sent", (6, 2)),
    _Look("response", (2, 2)),
    _Look("batch", (10, 3, 2, 3)),
    _Look("user", (4, 5)),
)


def comparison_charts(runs: Sequence[DrawnRun]) -> dict[str, list[Chart]]:
    """The charts of the first five runs by their section; none of what no run measured."""
    runs = runs[:RUNS_DRAWN_MOST]
    grid = _Grid.of(runs)
    drawn: dict[str, Sequence[Chart | None]] = {
        "rate": [
            grid.rates("sent-rate", "Requests sent", lambda timeline: column(timeline, "sent")),
            grid.rates("throttled", "Requests answered 429", _throttled),
        ],
        "times": grid.times(),
        "curves": [_curves(runs, kind, f"{kind}_time_ms") for kind in ("service", "response")],
    }
    return {section: [one for one in found if one is not None] for section, found in drawn.items()}


class _Overlay(NamedTuple):
    """A percentile over time."""

    kind: str
    stat: str

    @property
    def column(self) -> str:
        return f"{self.kind}_{self.stat}_ms"

    def of(self, document: Document) -> str:
        """The figure of the whole run."""
        return precise((document.get(f"{self.kind}_time_ms") or {}).get(self.stat))


_TIMES: Final = (_Overlay("service", "p50"), _Overlay("service", "p99"), _Overlay("response", "p99"))


class _Grid(NamedTuple):
    """Points of equal width from the start of each run to the end of the longest."""

    runs: Sequence[DrawnRun]
    width_s: int
    points: int
    is_coarser: bool  # than the points of one of them

    @classmethod
    def of(cls, runs: Sequence[DrawnRun]) -> "_Grid":
        timelines = [run.document["timeline"] for run in runs]
        width_s = max(timeline["width_s"] for timeline in timelines)
        longest_s = max(timeline["points"] * timeline["width_s"] for timeline in timelines)
        coarser = any(timeline["width_s"] != width_s for timeline in timelines)
        return cls(runs, width_s, -(-longest_s // width_s), coarser)

    def rates(self, name: str, title: str, read: Callable[[dict[str, Any]], Column | None]) -> Chart | None:
        """Counts of each run as rates; None where no run has any."""
        found = [read(run.document["timeline"]) for run in self.runs]
        if not any(any(values or ()) for values in found):
            return None
        rates = [
            None if one is None else per_s(self._laid(run, one, sum), self.width_s)
            for run, one in self._beside(found)
        ]
        told = [
            f"{run.name} {_peak(one)}, {count(total(counts))}"
            for run, one, counts in zip(self.runs, rates, found, strict=True)
            if one is not None
        ]
        return self._chart(name, title, "requests per second", rates, told)

    def times(self) -> list[Chart]:
        """Percentiles of each run over time, on one scale; none that no run has."""
        drawn = {
            one: [
                None if found is None else above_zero(self._laid(run, found, max))
                for run, found in self._beside(
                    [column(run.document["timeline"], one.column) for run in self.runs]
                )
            ]
            for one in _TIMES
        }
        known = [
            value for lines in drawn.values() for line in lines for value in line or () if value is not None
        ]
        return [
            self._chart(
                f"{one.kind}-{one.stat}",
                f"{one.kind.capitalize()} time {one.stat}",
                "ms, logarithmic",
                lines,
                [f"{run.name} {one.of(run.document)} ms" for run, line in self._beside(lines) if line],
                across=(min(known), max(known)),
            )
            for one, lines in drawn.items()
            if any(lines)
        ]

    def _beside(self, found: Sequence[Column | None]) -> list[tuple[DrawnRun, Column | None]]:
        return list(zip(self.runs, found, strict=True))

    def _laid(
        self, run: DrawnRun, values: Column, fold: Callable[[Iterable[float]], float]
    ) -> list[float | None]:
        width_s = run.document["timeline"]["width_s"]
        places: list[list[float]] = [[] for _ in range(self.points)]
        for number, value in enumerate(values):
            if value is not None:
                places[number * width_s // self.width_s].append(value)
        return [fold(place) if place else None for place in places]

    def _chart(
        self,
        name: str,
        title: str,
        unit: str,
        drawn: Sequence[Column | None],
        told: Sequence[str],
        *,
        across: tuple[float, float] | None = None,
    ) -> Chart:
        finer = f"Each point is {self.width_s} s"
        if self.is_coarser:
            finer += ", also of a run with finer ones: of times, the highest of them"
        return Chart(
            name=name,
            title=title,
            unit=unit,
            description=f"{'Over the whole run' if across else 'At most, and in all'}: {'; '.join(told)}.",
            series=_lines(self.runs, drawn),
            width_s=self.width_s,
            logarithmic=across is not None,
            across=across,
            note=f"{finer}." if self.width_s > 1 else "",
        )


def _curves(runs: Sequence[DrawnRun], kind: str, key: str) -> Chart | None:
    found = [(run.document.get("curves") or {}).get(key) for run in runs]
    xs, columns = on_nines([curve for curve in found if curve])
    if not xs:
        return None
    left = iter(columns)
    drawn = [next(left) if curve else None for curve in found]
    told = [
        f"{run.name} "
        + ", ".join(
            f"{stat} {precise((run.document.get(key) or {}).get(stat))} ms" for stat in ("p50", "p99", "max")
        )
        for run, curve in zip(runs, found, strict=True)
        if curve
    ]
    return Chart(
        name=f"{kind}-curve",
        title=f"{kind.capitalize()} time, the whole distribution",
        unit="ms, logarithmic, by percentile",
        description=f"Over the whole run: {'; '.join(told)}.",
        series=_lines(runs, drawn),
        axis=NINES,
        xs=xs,
        logarithmic=True,
    )


def _lines(runs: Sequence[DrawnRun], drawn: Sequence[Column | None]) -> tuple[Series, ...]:
    return tuple(
        Series(label=run.name, values=values, colour=look.colour, dash=look.dash, thick=look.thick)
        for run, values, look in zip(runs, drawn, _LOOKS, strict=False)
        if values is not None
    )


def _throttled(timeline: dict[str, Any]) -> Column | None:
    """Zeros where none was answered so; None where answers were not counted."""
    statuses = timeline.get("statuses") or {}
    if "429" in statuses:
        return column(statuses, "429")
    return [0] * timeline["points"] if statuses else None


def _peak(rates: Column) -> str:
    known = [value for value in rates if value is not None]
    return f"{precise(max(known))}/s" if known else NOTHING
