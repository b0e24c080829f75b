"""List every check of a run with what it came to, those that found nothing included: one row a check."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN
from harness.throttle.expected import EXPECTATION
from harness.throttle.observed import OBSERVED_CHECKS
from harness.throttle.trust import TRUST
from harness.throttle.verdict import CHECKS, PASS

NOT_APPLICABLE: Final = "n/a"
WORST_FIRST: Final = (FAIL, INCONCLUSIVE, WARN, NOTE, PASS, NOT_APPLICABLE)
RAN: Final = "ran to its end"
_GROUPS: Final = {
    "sender": (("run", CHECKS, "findings"), ("trust", TRUST, "trust_warnings")),
    "receiver": (("run", OBSERVED_CHECKS, "findings"),),
}


class CheckResult(NamedTuple):
    """One check and what it came to. Its name is the same in every run: a build server knows it by that."""

    group: str  # run, trust, expectations; other commands have their own
    name: str
    level: str  # fail, inconclusive, warn, note, pass, n/a
    evidence: str = ""
    advice: str = ""


def checks_of(document: Mapping[str, Any]) -> tuple[CheckResult, ...]:
    """All checks of a `run.json`, in the order of their tables; none while it has no verdict."""
    if document.get("verdict") is None:
        return ()
    results = [_ran(document)]
    for group, table, key in _GROUPS[document.get("seen_from") or "sender"]:
        found = {finding["check"]: finding for finding in reversed(document.get(key) or ())}
        # Of a run of another version there may be findings that no table here has.
        names = dict.fromkeys([*(check.name for check in table), *found])
        names.pop(EXPECTATION, None)
        results += [_result(group, name, found.get(name)) for name in names]
    judged = [finding for finding in document.get("findings") or () if finding["check"] == EXPECTATION]
    expressions = _apart(outcome["expression"] for outcome in document.get("expectations") or ())
    results += [
        _result("expectations", name, finding) for name, finding in zip(expressions, judged, strict=True)
    ]
    return tuple(results)


def worst_first(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The same, the gravest at the front, else in their order."""
    return sorted(results, key=lambda result: WORST_FIRST.index(result.level))


def _ran(document: Mapping[str, Any]) -> CheckResult:
    error, state = (document.get("recording") or {}).get("error"), document.get("state")
    if error is not None:
        return CheckResult("run", RAN, FAIL, error, "Correct this and run again.")
    if state == "interrupted":
        return CheckResult("run", RAN, INCONCLUSIVE, "The run was interrupted.", "Run again, and let it end.")
    return CheckResult("run", RAN, PASS)


def _result(group: str, name: str, finding: Mapping[str, Any] | None) -> CheckResult:
    if finding is None:
        return CheckResult(group, name, PASS)
    return CheckResult(group, name, finding["level"], finding["evidence"], finding["advice"])


def _apart(names: Iterable[str]) -> list[str]:
    """The names, a repeated one with a number, as a build server knows a test by its name."""
    seen: Counter[str] = Counter()
    apart = []
    for name in names:
        seen[name] += 1
        apart.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return apart
