"""The story of a comparison: read the runs, set each beside the first, judge, and draw what came out."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.redraw import document_of
from harness.report.comparison import comparison_document
from harness.report.comparison_text import comparison_text
from harness.report.document import NoReportError, read_json
from harness.throttle.check import Finding
from harness.throttle.comparison import compare
from harness.throttle.regression import judge_regression
from harness.throttle.run_form import amiss


@dataclass(frozen=True, slots=True)
class Compared:
    """What came out, for a command line."""

    document: dict[str, Any]
    runs: tuple[dict[str, Any], ...]  # their documents, the baseline first

    @property
    def text(self) -> str:
        return comparison_text(self.document)

    @property
    def as_json(self) -> str:
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2).decode()

    @property
    def exit_code(self) -> int:
        """0; 3 on a regression, 4 when a run is not comparable with the first."""
        code: int = self.document["exit_code"]
        return code


def compare_runs(paths: Sequence[Path], max_regression: float | None = None) -> Compared:
    """Each run set beside the first; a path is a run folder or a `run.json`.

    Raises UsageError, ReportError, DeliveryMapError, TimelineError.
    """
    documents = [read_run(path) for path in paths]
    baseline, *others = documents
    comparisons = [compare(baseline, document) for document in others]
    command = shlex.join(["harness", "compare", *map(str, paths), *_threshold(max_regression)])
    return Compared(comparison_document(documents, comparisons, max_regression, command), tuple(documents))


def read_run(path: Path) -> dict[str, Any]:
    """The document of a run folder or of a `run.json`, wherever it was put. Raises as `compare_runs`."""
    document = read_json(path) if path.is_file() else document_of(path)
    found = amiss(document)
    if found is not None:
        raise NoReportError(
            f"{path}: its {found!r} is missing or has another form than this harness writes; "
            "take a new run to compare with"
        )
    return document


def judge_against(baseline: Path, max_regression: float, document: dict[str, Any]) -> Finding:
    """A run that has just ended held against a baseline. Raises as `compare_runs`."""
    return judge_regression(compare(read_run(baseline), document), max_regression)


def _threshold(max_regression: float | None) -> tuple[str, ...]:
    return () if max_regression is None else ("--max-regression", f"{100 * max_regression:g}%")
