"""Build the document of a comparison, `compare/1`.

Its form: `{"format", "verdict", "exit_code", "sentence", "max_regression", "confidence", "command",
"baseline": {run}, "runs": [{"run": {run}, "sentence", "comparable", "reasons", "notes", "changes":
[{"figure", "unit", "before", "after", "change", "low", "high", "verdict", "judged", "regression", "said",
"said_interval", "sentence"}], "counts": [{"figure", "before", "after"}], "finding"}]}`. A change is a share
of the figure before, or points where the unit is %.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from harness.errors import EXIT_CHECK_FAILED, EXIT_INCONCLUSIVE, EXIT_OK
from harness.report.phrases import cut
from harness.throttle.check import FAIL, INCONCLUSIVE, WARN, Finding
from harness.throttle.comparison import (
    BETTER,
    CONFIDENCE,
    DIFFERENT,
    NOT_COMPARABLE,
    NOT_MEASURED,
    TOO_NOISY,
    WITHIN_NOISE,
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
CHANGED: Final = (WORSE, BETTER, DIFFERENT)
# In the order in which a reader wants them.
GROUPS: Final = (*CHANGED, WITHIN_NOISE, TOO_NOISY, NOT_COMPARABLE, NOT_MEASURED)
_NAMED_MOST: Final = 3

Told = Mapping[str, Any]  # a part of the document


def comparison_document(
    documents: Sequence[Mapping[str, Any]],
    comparisons: Sequence[Comparison],
    max_regression: float | None = None,
    command: str = "",
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
        "sentence": " ".join(
            (f"{cut(run['run']['run_id'])}: " if len(runs) > 1 else "") + run["sentence"] for run in runs
        ),
        "max_regression": max_regression,
        "confidence": CONFIDENCE,
        "command": command,
        "baseline": _run(baseline),
        "runs": runs,
    }


def grouped(changes: Iterable[Told]) -> list[tuple[str, list[Told]]]:
    """The changes by verdict, those that matter most first; no verdict that none has."""
    found: dict[str, list[Told]] = {verdict: [] for verdict in GROUPS}
    for change in changes:
        found[change["verdict"]].append(change)
    return [(verdict, those) for verdict, those in found.items() if those]


def sentences(run: Told, say: Callable[[Told], str]) -> list[str]:
    """What became of a run beside the baseline, the gravest first; `say` tells one change."""
    if not run["comparable"]:
        return [f"Not comparable: {run['reasons'][0]}."]
    groups = dict(grouped(run["changes"]))
    told = []
    for verdict in CHANGED:
        found = groups.get(verdict, [])
        more = f", and {len(found) - _NAMED_MOST} more" if len(found) > _NAMED_MOST else ""
        said = "; ".join(map(say, found[:_NAMED_MOST]))
        told += [f"{verdict.capitalize()}: {said}{more}."] if found else []
    noisy = len(groups.get(TOO_NOISY, ()))
    return [
        *(told or ["No figure changed beyond the noise."]),
        *([f"Too noisy to tell: {noisy} of {len(run['changes'])} figures."] if noisy else []),
    ]


def _compared(
    document: Mapping[str, Any], comparison: Comparison, max_regression: float | None
) -> dict[str, Any]:
    finding: Finding | None = None
    worse: tuple[Change, ...] = ()
    if max_regression is not None:
        finding = judge_regression(comparison, max_regression)
        worse = () if comparison.reasons else regressions(comparison, max_regression)
    run = {
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
    return run | {"sentence": " ".join(sentences(run, lambda change: str(change["sentence"])))}


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
