"""Draw a comparison as one self-contained page: what changed first, then the runs laid over each other."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.report import phrases
from harness.report.comparison import CHANGED, Told, grouped, sentences
from harness.report.comparison_charts import RUNS_DRAWN_MOST, DrawnRun, comparison_charts
from harness.report.definitions import TERMS
from harness.report.document import write_whole
from harness.report.figure_words import figure_words
from harness.report.interval_bars import HALF, axis_reach, bar
from harness.report.page import environment, page
from harness.throttle.check import many
from harness.throttle.comparison import (
    BETTER,
    DIFFERENT,
    NOT_COMPARABLE,
    NOT_MEASURED,
    TOO_NOISY,
    WITHIN_NOISE,
    WORSE,
)
from harness.units import NS_PER_S, format_duration

NAME_CHARACTERS: Final = 32  # of a run's name in a legend

_STYLES: Final = ("cards.css", "compared.css")
_UNCHANGED: Final = "without a change beyond the noise"
_COLOURS: Final = {
    NOT_COMPARABLE: "inconclusive",
    WORSE: "fail",
    BETTER: "pass",
    DIFFERENT: "note",
    _UNCHANGED: "",
}
# The term that explains a group's heading; what neither run measured needs none.
_GROUP_TERMS: Final = {
    verdict: verdict.replace(" ", "_")
    for verdict in (WORSE, BETTER, DIFFERENT, WITHIN_NOISE, TOO_NOISY, NOT_COMPARABLE)
}


def comparison_html(document: Told, documents: Sequence[Mapping[str, Any]]) -> str:
    """The page of a `compare/1` document, and of the documents of its runs, the baseline first."""
    runs = document["runs"]
    several = len(runs) > 1
    told = [document["baseline"], *(run["run"] for run in runs)]
    names = _names(told, several=several)
    drawn = comparison_charts([DrawnRun(*pair) for pair in zip(names, documents, strict=True)])
    known = [run for run in runs if run["reasons"] or run["notes"] or run["finding"]]
    heading = _heading(runs, document["baseline"])
    sections = [
        ("findings", "Before you read on", known),
        ("figures", "What changed", True),
        ("over-time", "Over time", drawn["rate"] or drawn["times"]),
        ("distributions", "Distributions", drawn["curves"]),
        ("counts", "Counts", True),
        ("again", "Do it again", True),
    ]
    view = {
        "terms": TERMS,
        "compared": document,
        "several": several,
        "told": [_about(name, run) for name, run in zip(names, told, strict=True)],
        "heading": heading,
        "runs": [_run_view(run, name) for run, name in zip(runs, names[1:], strict=True)],
        "sections": [(name, words) for name, words, there in sections if there],
        "known": bool(known),
        "drawn": drawn,
        "left_out": max(0, len(documents) - RUNS_DRAWN_MOST),
        "counts": _differing(runs),
        "counts_equal": _equal_counts(runs),
        "half": HALF,
        "group_terms": _GROUP_TERMS,
        "measured_nowhere": NOT_MEASURED,
    }
    parts = environment()
    return page(
        title=f"{heading[1]}: comparison with {phrases.cut(document['baseline']['run_id'])}",
        header=parts.get_template("compared_header.j2").render(view),
        body=parts.get_template("compared.j2").render(view),
        charts={"charts": [chart.as_json() for found in drawn.values() for chart in found]}
        if any(drawn.values())
        else None,
        styles=_STYLES,
        skip="Skip to the figures",
    )


def write_comparison(path: Path, document: Told, documents: Sequence[Mapping[str, Any]]) -> None:
    """Write the page in one piece, readable by its owner only. Raises ReportError."""
    write_whole(path, comparison_html(document, documents).encode())


def _names(runs: Sequence[Told], *, several: bool) -> list[str]:
    """What each run is called on this page: all differ, also where a run is compared with itself."""
    forms = ["baseline {}", *["{}"] * len(runs[1:])] if several else ["before ({})", "after ({})"]
    names: list[str] = []
    seen: Counter[str] = Counter()
    for form, run in zip(forms, runs, strict=True):
        name = form.format(phrases.cut(run["run_id"], NAME_CHARACTERS))
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _about(name: str, run: Told) -> dict[str, Any]:
    lasted = format_duration(round((run["duration_s"] or 0) * NS_PER_S))
    return {"name": name, "lasted": lasted, "run": run}


def _outcome(run: Told) -> str:
    if not run["comparable"]:
        return NOT_COMPARABLE
    seen = {change["verdict"] for change in run["changes"]}
    return next((verdict for verdict in CHANGED if verdict in seen), _UNCHANGED)


def _heading(runs: Sequence[Told], baseline: Told) -> tuple[str, str, str, str]:
    """The verdict as `(before, word, rest, colour of the word)`."""
    if len(runs) == 1:
        outcome, said = _outcome(runs[0]), _said(runs[0])[0]
        word, colon, rest = said.partition(":")
        return ("", word, colon + rest, _COLOURS[outcome]) if colon else ("", said, "", _COLOURS[outcome])
    outcomes = Counter(map(_outcome, runs))
    gravest = next(outcome for outcome in _COLOURS if outcomes[outcome])
    others = [f"{outcomes[outcome]} {outcome}" for outcome in _COLOURS if outcomes[outcome]]
    start = f"{many(len(runs), 'run')} beside {phrases.cut(baseline['run_id'], NAME_CHARACTERS)}: "
    return start, others[0], f"{''.join(f', {other}' for other in others[1:])}.", _COLOURS[gravest]


def _said(run: Told) -> list[str]:
    """The sentences about a run in the words of the page."""
    if not run["comparable"]:
        reasons = many(len(run["reasons"]), "reason")
        return [f"Not comparable, for {reasons}: the figures may differ for no more than that."]

    return sentences(run, _change_in_words)


def _change_in_words(change: Told) -> str:
    """Without its interval, which stands in the table."""
    return _signed(f"{figure_words(change['figure']).inside} {change['said']}")


def _run_view(run: Told, name: str) -> dict[str, Any]:
    reach = axis_reach(run["changes"])
    return {
        **run,
        "name": name,
        "said": _said(run),
        "reach": f"{100 * reach:g} %",
        "groups": [
            (verdict, [_row(change, reach) for change in found]) for verdict, found in grouped(run["changes"])
        ],
    }


def _row(change: Told, reach: float) -> dict[str, Any]:
    return {
        **change,
        "words": figure_words(change["figure"]),
        "bar": bar(change, reach),
        "said": _signed(change["said"]),
        "said_interval": _signed(change["said_interval"]),
    }


def _differing(runs: Sequence[Told]) -> list[tuple[Any, list[int | None]]]:
    """Each count that is another in any run: its words, then what it is in the baseline and in each run."""
    rows = []
    for those in zip(*(run["counts"] for run in runs), strict=True):
        values = [those[0]["before"], *(one["after"] for one in those)]
        if len(set(values)) > 1:
            rows.append((figure_words(those[0]["figure"]), values))
    return rows


def _equal_counts(runs: Sequence[Told]) -> int:
    """How many counts are the same in all runs, of those that are known."""
    return sum(
        len({those[0]["before"], *(one["after"] for one in those)}) == 1 and those[0]["before"] is not None
        for those in zip(*(run["counts"] for run in runs), strict=True)
    )


def _signed(text: str) -> str:
    """With the sign that is as wide as a plus."""
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", text)
