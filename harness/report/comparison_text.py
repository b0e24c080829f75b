"""Print a comparison in a terminal: what happened, which runs, then the figures that changed and the rest."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from harness.report.comparison import Told, grouped
from harness.report.phrases import NOTHING, count, cut, instant, plain_text, precise
from harness.throttle.check import many
from harness.throttle.comparison import NOT_COMPARABLE, NOT_MEASURED, TOO_NOISY
from harness.units import NS_PER_S, format_duration

_HEADS: Final = {
    TOO_NOISY: "too noisy to tell",
    NOT_COMPARABLE: "not comparable, so a change says nothing",
    NOT_MEASURED: "not measured in both",
}
_FIRST: Final = {False: "before", True: "baseline"}  # by whether there are several to compare with it
_INDENT: Final = "  "
_GAP: Final = "   "


def comparison_text(document: Mapping[str, Any]) -> str:
    """The document for a terminal."""
    return "".join(f"{plain_text(line).rstrip()}\n" for line in _lines(document))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    runs: Sequence[Told] = document["runs"]
    several = len(runs) > 1
    for run in runs:
        yield (f"{cut(run['run']['run_id'])}: " if several else "") + run["sentence"]
    yield ""
    yield f"{_INDENT}{_FIRST[several]}  {_about(document['baseline'])}"
    for run in runs:
        if several:
            yield ""
        yield f"{_INDENT}{'after':<{len(_FIRST[several])}}  {_about(run['run'])}"
        yield from (f"{_INDENT}not comparable: {reason}" for reason in run["reasons"])
        yield from (f"{_INDENT}note: {note}" for note in run["notes"])
        yield ""
        yield from _figures(run, document["confidence"])
        yield from _counts(run["counts"])
        if run["finding"] is not None:
            yield ""
            yield f"{run['finding']['level']}: {run['finding']['evidence']}"
            yield f"{_INDENT}{run['finding']['advice']}"


def _about(run: Told) -> str:
    lasted = format_duration(round((run["duration_s"] or 0) * NS_PER_S))
    return (
        f"{cut(run['run_id'])}  {instant(run['started_at'])}, {lasted}, "
        f"{cut(run['recording'])} to {cut(run['target'])}"
    )


def _figures(run: Told, confidence: float) -> Iterator[str]:
    """Groups under one head, in columns as wide as what is in them."""
    interval = f"{round(confidence * 100)} % interval" if run["comparable"] else ""
    head = ("", "before", "after", "change", interval)
    rows = [(change, _row(change)) for change in run["changes"]]
    widths = [max(len(row[at]) for row in (head, *(row for _, row in rows))) for at in range(len(head))]
    cells = {change["figure"]: row for change, row in rows}
    yield _aligned(head, widths)
    for verdict, found in grouped(run["changes"]):
        yield _HEADS.get(verdict, verdict)
        for change in found:
            mark = f"{_GAP}<- regression" if change["regression"] else ""
            yield _aligned(cells[change["figure"]], widths) + mark


def _row(change: Told) -> tuple[str, ...]:
    sides = (
        NOTHING if change[side] is None else f"{precise(change[side])} {change['unit']}"
        for side in ("before", "after")
    )
    return (change["figure"], *sides, change["said"], change["said_interval"])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures, interval = (
        f"{cell:{side}{width}}" for cell, side, width in zip(row, "<>>><", widths, strict=True)
    )
    return _INDENT + _GAP.join((name, *figures, interval))


def _counts(counts: Sequence[Told]) -> Iterator[str]:
    differing = [one for one in counts if one["before"] != one["after"]]
    equal = sum(one["before"] == one["after"] is not None for one in counts)
    yield ""
    if not differing:
        yield f"All {many(equal, 'count')} are the same in both."
        return
    rows = [(one["figure"], count(one["before"]), count(one["after"])) for one in differing]
    head = ("counts that differ", "before", "after")
    widths = [max(len(row[at]) for row in (*rows, head)) for at in range(3)]
    for row in (head, *rows):
        yield _GAP.join((f"{row[0]:<{widths[0]}}", f"{row[1]:>{widths[1]}}", f"{row[2]:>{widths[2]}}"))
    if equal:
        yield f"{_INDENT}and {many(equal, 'count')} that {'is' if equal == 1 else 'are'} the same in both"
