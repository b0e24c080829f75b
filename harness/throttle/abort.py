"""Tell which expectation of a run that goes on is false, where waiting for its end would not mend it.

What is counted only grows, so `rejected == 0` is lost with the first of them and `accepted >= 1000` is not
lost before the end. What goes up and down (a percentile, a share, a rate) is judged on what was measured so
far, once there is enough of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from harness.expectations import Expectation
from harness.metrics import COUNT, PERCENT
from harness.throttle.expected import Outcome, judge_expectations, say_measured

ATTEMPTS_LEAST: Final = 100  # first attempts, for a share of them
DURATIONS_LEAST: Final = 10  # for a mean

_ONLY_AT_THE_END: Final = (
    "messages.pending",
    "messages.cancelled",
    "calls.pending",
    "calls.cancelled",
    "reconciliation.",
)
_UPPER_BOUNDS: Final = ("<", "<=")


def first_lost(expectations: Iterable[Expectation], document: Mapping[str, Any]) -> Outcome | None:
    """The first that is false beyond mending; `document` is a `run.json` with the figures so far."""
    asked = [one for one in expectations if not one.metric.startswith(_ONLY_AT_THE_END)]
    for expectation, outcome in zip(asked, judge_expectations(asked, document), strict=True):
        if outcome.holds is False and _is_lost(expectation, outcome, document):
            return outcome
    return None


def say_lost(outcome: Outcome, second: int) -> str:
    """The sentence of a finding: what was expected, what it was, and when the run ended for it."""
    measured = "" if outcome.measured is None else say_measured(outcome.measured, outcome.unit)
    return (
        f"Expected {outcome.expression}, but it was {measured} after {second:,} s, and --abort-on-fail ended "
        "the run there."
    )


def _is_lost(expectation: Expectation, outcome: Outcome, document: Mapping[str, Any]) -> bool:
    if _only_grows(expectation):
        if expectation.op in _UPPER_BOUNDS:
            return True
        return expectation.op == "==" and (outcome.measured or 0) > expectation.value
    if expectation.figure.unit == PERCENT:
        attempts: int = sum(document["requests"]["first_attempt_by_status"].values())
        return attempts >= ATTEMPTS_LEAST
    if expectation.stat == "mean":
        durations = judge_expectations(
            [expectation._replace(stat="count", op=">=", value=DURATIONS_LEAST)], document
        )
        return durations[0].holds is True
    # Of percentiles that rest on too little `judge_expectations` says nothing.
    return True


def _only_grows(expectation: Expectation) -> bool:
    return (
        expectation.figure.unit == COUNT
        or expectation.stat == "max"
        or expectation.metric.endswith(".peak_1s")
    )
