"""Tell a build server how it went: a JUnit file, the summary of the job, annotations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.errors import UsageError
from harness.report.annotations import annotations
from harness.report.checks import CheckResult, checks_of
from harness.report.document import ReportError
from harness.report.junit import as_junit, write_junit
from harness.report.step_summary import BYTES_MOST, run_summary

GITHUB: Final = "github"
CHOICES: Final = ("auto", GITHUB, "none")
_FIGURES: Final = ("service_time_ms", "response_time_ms")


class Told(NamedTuple):
    """What there is to tell, of a run or of any other list of checks."""

    suite: str
    results: tuple[CheckResult, ...]
    summary: Callable[[int], str]  # as Markdown, of at most so many bytes
    properties: Mapping[str, str]
    duration_s: float
    started_at: str | None  # ISO 8601


def told_of_run(document: Mapping[str, Any]) -> Told:
    """What there is to tell of a `run.json`."""
    properties = {
        "run_id": document["run_id"],
        "verdict": document["verdict"] or "",
        "sentence": document["sentence"],
        "target": document["target"],
        "requests.sent": str(document["requests"]["sent"]),
    }
    for key in _FIGURES:
        figures = document[key]
        if figures is not None and figures["count"]:
            properties |= {f"{key}.{stat}": str(figures[stat]) for stat in ("p50", "p99", "max")}
    return Told(
        "harness observe" if document.get("seen_from") == "receiver" else "harness replay",
        checks_of(document),
        lambda bytes_most: run_summary(document, bytes_most),
        properties,
        document["duration_s"],
        document["started_at"],
    )


def check_junit_path(path: Path | None) -> None:
    """Say before a run what would be a pity after it. Raises UsageError."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise UsageError(f"--junit {path}: {what}; name a file in a folder that is there")


def tell_build_server(
    told: Told,
    *,
    junit: Path | None,
    ci: str,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    inconclusive_fails: bool = True,
) -> None:
    """Write the JUnit file if one is asked for, and tell GitHub if it runs us, or `ci` says so.

    Raises ReportError.
    """
    if junit is not None:
        document = as_junit(
            told.suite,
            told.results,
            properties=told.properties,
            duration_s=told.duration_s,
            started_at=told.started_at,
            inconclusive_fails=inconclusive_fails,
        )
        write_junit(junit, document)
    if ci == GITHUB or (ci == "auto" and environment.get("GITHUB_ACTIONS") == "true"):
        for line in annotations(told.suite, told.results, inconclusive_fails=inconclusive_fails):
            say(line)
        summary = environment.get("GITHUB_STEP_SUMMARY")
        if summary:
            _append(Path(summary), told)


def _append(path: Path, told: Told) -> None:
    try:
        there = path.stat().st_size if path.exists() else 0
        with path.open("a", encoding="utf-8") as file:
            file.write(told.summary(max(0, BYTES_MOST - there)))
    except OSError as error:
        raise ReportError(
            f"{path}: cannot write the summary of the job: {error.strerror}; --ci none leaves it out"
        ) from error
