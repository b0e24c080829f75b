"""Write what a check of limits came to: as checks, as text, as a document."""

from collections.abc import Sequence
from typing import Any

from harness.model import Limit
from harness.report.checks import CheckResult
from harness.throttle.check import FAIL, INCONCLUSIVE, WARN
from harness.throttle.servers.checks import CHECKS
from harness.throttle.servers.examine import ServerResult
from harness.units import NS_PER_S, format_duration

_ACTED_ON = (FAIL, INCONCLUSIVE, WARN)


def checks_of_limits(results: Sequence[ServerResult]) -> tuple[CheckResult, ...]:
    """One for each check and API, the API as its group."""
    return tuple(
        CheckResult(
            result.api,
            f"{result.check.id}: {result.check.claim}",
            result.level,
            result.evidence,
            result.advice,
        )
        for result in results
    )


def limits_text(
    target: str, results: Sequence[ServerResult], verdict: str, *, requests: int, duration_ns: int
) -> str:
    """The verdict, and for each check that is not well its evidence and what to do."""
    shown = [result for result in results if result.level in _ACTED_ON]
    lines = []
    for result in shown:
        lines += [
            f"{result.level.upper()} {result.api} {result.check.id}: {result.check.claim}",
            f"  {result.evidence}",
            f"  {result.advice}",
        ]
    levels = [result.level for result in results]
    counted = ", ".join(
        f"{levels.count(level):,} {level}"
        for level in ("pass", "warn", "fail", "inconclusive", "n/a")
        if level in levels
    )
    lines.append(
        f"{verdict.upper()}: {target}: {counted}; {requests:,} requests in {format_duration(duration_ns)}"
    )
    return "\n".join(lines)


def limits_document(
    target: str,
    limits: Sequence[Limit],
    results: Sequence[ServerResult],
    verdict: str,
    *,
    requests: int,
    duration_ns: int,
    exit_code: int,
) -> dict[str, Any]:
    """The same as a document: `check-limits/1`."""
    return {
        "format": "check-limits/1",
        "target": target,
        "verdict": verdict,
        "exit_code": exit_code,
        "requests": requests,
        "duration_s": duration_ns / NS_PER_S,
        "limits": [
            {
                "api": limit.api,
                "name": limit.name,
                "count": limit.count,
                "window_s": limit.window_ns / NS_PER_S,
                "unit": limit.unit,
                "scope": limit.scope,
                "origin": limit.origin,
            }
            for limit in limits
        ],
        "checks": [
            {
                "api": result.api,
                "check": result.check.id,
                "claim": result.check.claim,
                "level": result.level,
                "evidence": result.evidence,
                "advice": result.advice,
            }
            for result in results
        ],
    }


def listed_checks() -> str:
    """Every check with what it claims, one a line."""
    return "\n".join(
        f"{check.id:<15} {check.claim}{'' if check.goes_over else ' (also where it may go no further)'}"
        for check in CHECKS
    )
