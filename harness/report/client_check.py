"""Write what a check of a client came to: as text, as a document, as checks for a build server."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.report.checks import CheckResult
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN
from harness.throttle.clients.case import (
    GROUPS,
    INFO,
    MUST,
    NOT_APPLICABLE,
    SHOULD,
    Case,
    CaseResult,
)
from harness.throttle.verdict import PASS

FORMAT: Final = "client-check/1"

_LEVELS: Final = {MUST: FAIL, SHOULD: WARN, INFO: NOTE}
_INDENT: Final = " " * 14


def checks_of_client(results: Sequence[CaseResult], *, inconclusive_warns: bool) -> tuple[CheckResult, ...]:
    """One check a case. A failure is one where the profile says must; else it warns, or is a note."""
    return tuple(
        CheckResult(
            result.case.group,
            f"{result.case.name} {result.case.title}",
            _level(result, inconclusive_warns=inconclusive_warns),
            result.ruling.evidence,
            result.case.advice if result.ruling.verdict in {FAIL, INCONCLUSIVE} else "",
        )
        for result in results
    )


def client_document(
    results: Sequence[CaseResult], *, profile: str, command: Sequence[str], duration_s: float, exit_code: int
) -> Mapping[str, Any]:
    """For `--json`."""
    return {
        "format": FORMAT,
        "profile": profile,
        "command": list(command),
        "exit_code": exit_code,
        "duration_s": round(duration_s, 1),
        "counts": {v: _count(results, v) for v in (PASS, FAIL, INCONCLUSIVE, NOT_APPLICABLE)},
        "failed": {
            level: sum(1 for r in results if r.ruling.verdict == FAIL and r.level == level)
            for level in (MUST, SHOULD, INFO)
        },
        "cases": [result.document() for result in results],
    }


def client_text(
    results: Sequence[CaseResult], *, profile: str, command: str, duration_s: float, why_not: str
) -> str:
    """For people: every case in its group, with evidence; advice where something is to be mended."""
    if why_not:
        said = f"The program was not judged: {why_not}."
        return f"{said}\n{len(results)} cases inconclusive, profile {profile}: {command}"
    lines: list[str] = []
    for group, about in GROUPS.items():
        of_group = [result for result in results if result.case.group == group]
        if of_group:
            lines.append(f"{group}  {about}")
            for result in of_group:
                lines += _lines(result)
            lines.append("")
    lines.append(_sums(results, profile, duration_s))
    return "\n".join(lines)


def listed_cases(cases: Sequence[Case], profile: str) -> str:
    """For `--list`: names, costs, levels, what a good client does."""
    lines = ["case        cost  set      level   what a good client does"]
    for case in cases:
        kind = "full" if case.is_full else "default"
        cost = f"{case.play.cost_s:.0f} s"
        lines.append(f"{case.name:<11} {cost:>5} {kind:<8} {case.level(profile):<7} {case.title}")
    return "\n".join(lines)


def _lines(result: CaseResult) -> list[str]:
    verdict, case = result.ruling.verdict, result.case
    shown = {FAIL: "FAIL", INCONCLUSIVE: "open"}.get(verdict, verdict)
    weight = f" ({result.level})" if verdict == FAIL else ""
    lines = [f"  {shown:<5}{case.name:<11}{case.title}{weight}"]
    if result.ruling.evidence:
        lines.append(f"{_INDENT}    {result.ruling.evidence}")
    if verdict == FAIL:
        lines.append(f"{_INDENT}    To do: {case.advice}")
    return lines


def _sums(results: Sequence[CaseResult], profile: str, duration_s: float) -> str:
    failed = Counter(result.level for result in results if result.ruling.verdict == FAIL)
    weights = ", ".join(f"{failed[level]} {level}" for level in (MUST, SHOULD, INFO) if failed[level])
    return (
        f"{_count(results, PASS)} pass, {_count(results, FAIL)} fail{f' ({weights})' if weights else ''}, "
        f"{_count(results, INCONCLUSIVE)} inconclusive, {_count(results, NOT_APPLICABLE)} n/a; "
        f"profile {profile}, {duration_s:.0f} s"
    )


def _count(results: Sequence[CaseResult], verdict: str) -> int:
    return sum(1 for result in results if result.ruling.verdict == verdict)


def _level(result: CaseResult, *, inconclusive_warns: bool) -> str:
    verdict = result.ruling.verdict
    if verdict == FAIL:
        return _LEVELS[result.level]
    return WARN if verdict == INCONCLUSIVE and inconclusive_warns else verdict
