"""Build the document of a comparison, `compare/1`, and print it.

Its form: `{"format", "verdict", "exit_code", "sentence", "max_regression", "confidence", "baseline": {run},
"runs": [{"run": {run}, "comparable", "reasons", "notes", "changes": [{"figure", "unit", "before", "after",
"change", "low", "high", "verdict", "judged", "regression"}], "counts": [{"figure", "before", "after"}],
"finding"}]}`. A change is a share of the figure before, or points where the unit is %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from harness.errors import EXIT_CHECK_FAILED, EXIT_INCONCLUSIVE, EXIT_OK
from harness.report.phrases import count, cut, instant, precise
from harness.throttle.check import FAIL, INCONCLUSIVE, WARN, Finding
from harness.throttle.comparison import (
    BETTER,
    CONFIDENCE,
    DIFFERENT,
    NOT_COMPARABLE,
    TOO_NOISY,
    WORSE,
    Change,
    Comparison,
)
from harness.throttle.regression import judge_regression, regressions, say_amount, say_change, say_interval
from harness.throttle.verdict import PASS

FORMAT: Final = "compare/1"
_EXIT: Final = {
    FAIL: EXIT_CHECK_FAILED,
    INCONCLUSIVE: EXIT_INCONCLUSIVE,
    WARN: EXIT_OK,
    PASS: EXIT_OK,
}
_NAMED_MOST: Final = 3


def comparison_document(
    documents: Sequence[Mapping[str, Any]],
    comparisons: Sequence[Comparison],
    max_regression: float | None = None,
) -> dict[str, Any]:
    """The document of a baseline, the first of `documents`, and the comparisons of all others with it."""
    baseline, *others = documents
    runs = [
        _compared(document, comparison, max_regression)
        for document, comparison in zip(others, comparisons, strict=True)
    ]
    levels = {_level(run) for run in runs}
    verdict = next((level for level in (FAIL, INCONCLUSIVE, WARN) if level in levels), PASS)
    return {
        "format": FORMAT,
        "verdict": verdict,
        "exit_code": _EXIT[verdict],
        "sentence": " ".join(_sentence(run, several=len(runs) > 1) for run in runs).strip(),
        "max_regression": max_regression,
        "confidence": CONFIDENCE,
        "baseline": _run(baseline),
        "runs": runs,
    }


def comparison_text(document: Mapping[str, Any]) -> str:
    """The document for a terminal."""
    lines = [document["sentence"], f"  baseline  {_about(document['baseline'])}"]
    for run in document["runs"]:
        lines += [f"  and       {_about(run['run'])}", ""]
        lines += [f"not comparable: {reason}" for reason in run["reasons"]]
        lines += [f"note: {note}" for note in run["notes"]]
        lines += [""] if run["reasons"] or run["notes"] else []
        lines += _table(run)
        differing = [one for one in run["counts"] if one["before"] != one["after"]]
        if differing:
            lines += ["", f"{'counts that differ':<32}{'before':>12}{'after':>12}"]
            lines += [
                f"{one['figure']:<32}{count(one['before']):>12}{count(one['after']):>12}" for one in differing
            ]
        if run["finding"] is not None:
            lines += ["", f"{run['finding']['level']}: {run['finding']['evidence']}"]
            lines += [f"  {run['finding']['advice']}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _compared(
    document: Mapping[str, Any], comparison: Comparison, max_regression: float | None
) -> dict[str, Any]:
    finding: Finding | None = None
    worse: tuple[Change, ...] = ()
    if max_regression is not None:
        finding = judge_regression(comparison, max_regression)
        worse = () if comparison.reasons else regressions(comparison, max_regression)
    return {
        "run": _run(document),
        "comparable": not comparison.reasons,
        "reasons": list(comparison.reasons),
        "notes": list(comparison.notes),
        "changes": [
            change._asdict()
            | {
                "regression": change in worse,
                "said": say_amount(change),
                "said_interval": say_interval(change),
                "sentence": say_change(change),
            }
            for change in comparison.changes
        ],
        "counts": [one._asdict() for one in comparison.counts],
        "finding": None if finding is None else asdict(finding),
    }


def _run(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": document["run_id"],
        "started_at": document["started_at"],
        "duration_s": document["duration_s"],
        "state": document["state"],
        "verdict": document["verdict"],
        "recording": document["recording"].get("name", ""),
        "target": document["target"],
        "harness": document["made_with"].get("harness"),
    }


def _level(run: Mapping[str, Any]) -> str:
    if not run["comparable"]:
        return INCONCLUSIVE
    finding = run["finding"]
    return finding["level"] if finding is not None and finding["level"] in _EXIT else PASS  # a note is none


def _sentence(run: Mapping[str, Any], *, several: bool) -> str:
    which = f"{cut(run['run']['run_id'])}: " if several else ""
    if not run["comparable"]:
        return f"{which}Not comparable: {run['reasons'][0]}."
    told = []
    for verdict in (WORSE, BETTER, DIFFERENT):
        found = [change["sentence"] for change in run["changes"] if change["verdict"] == verdict]
        more = f", and {len(found) - _NAMED_MOST} more" if len(found) > _NAMED_MOST else ""
        told += [f"{verdict.capitalize()}: {'; '.join(found[:_NAMED_MOST])}{more}."] if found else []
    noisy = sum(change["verdict"] == TOO_NOISY for change in run["changes"])
    if noisy:
        told.append(f"Too noisy to tell: {noisy} of {len(run['changes'])} figures.")
    return (
        which + ("" if len(told) > bool(noisy) else "No figure changed beyond the noise. ") + " ".join(told)
    )


def _about(run: Mapping[str, Any]) -> str:
    return (
        f"{cut(run['run_id'])}  {instant(run['started_at'])}, {precise(run['duration_s'])} s, "
        f"{cut(run['recording'])} to {cut(run['target'])}"
    )


def _table(run: Mapping[str, Any]) -> list[str]:
    share = round(CONFIDENCE * 100)
    lines = [f"{'':<32}{'before':>12}{'after':>12}{'change':>14}  {f'{share} % interval':<26}"]
    for change in run["changes"]:
        before, after = (f"{precise(change[side])} {change['unit']}".strip() for side in ("before", "after"))
        mark = "  <- regression" if change["regression"] else ""
        verdict = change["verdict"] if run["comparable"] or change["verdict"] != NOT_COMPARABLE else ""
        lines.append(
            f"{change['figure']:<32}{before:>12}{after:>12}{change['said']:>14}  "
            f"{change['said_interval']:<26}{verdict}{mark}"
        )
    return lines
