"""Hold what a run measured against what was expected of it: true, false, or not to be told."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from harness.expectations import OPERATORS, Expectation
from harness.metrics import ANSWERS_LEAST, COUNT, MS, ON_COUNTS, PER_S, PERCENT, Label
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, Finding, many

EXPECTATION: Final = "expectation"  # the name of its finding
_TABLE_OF_SERVICE_TIMES: Final = "service_time_ms_by_outcome"


class Outcome(NamedTuple):
    """What became of one expectation."""

    expression: str
    measured: float | None  # None: this run has no such figure
    unit: str  # ms, /s, %, or nothing for a count
    holds: bool | None  # None: not to be told
    reason: str = ""  # why not
    remedy: str = ""

    @property
    def stands_when_late(self) -> bool:
        """True when it stands however late the harness was: a count, or a share of counts."""
        return self.unit in ON_COUNTS


class _NoDataError(Exception):
    """There is nothing to hold an expectation against; says why, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def judge_expectations(
    expectations: Iterable[Expectation], document: Mapping[str, Any]
) -> tuple[Outcome, ...]:
    """Each expectation beside the figures of `run.json`, in the order given."""
    return tuple(_judged(expectation, document) for expectation in expectations)


def finding_of(outcome: Outcome) -> Finding:
    """An outcome as a finding: the measured figure beside the one asked for, and what to do."""
    measured = "" if outcome.measured is None else say_measured(outcome.measured, outcome.unit)
    if outcome.holds is None:
        evidence = f"Expected {outcome.expression}: not to be told, {outcome.reason}."
        return Finding(EXPECTATION, INCONCLUSIVE, evidence, outcome.remedy)
    if outcome.holds:
        evidence = f"Expected {outcome.expression}: it was {measured}."
        return Finding(EXPECTATION, NOTE, evidence, "Nothing to do: it holds.")
    evidence = f"Expected {outcome.expression}, but it was {measured}."
    return Finding(EXPECTATION, FAIL, evidence, _ADVICE[outcome.unit])


def _judged(expectation: Expectation, document: Mapping[str, Any]) -> Outcome:
    expression, unit = str(expectation), expectation.figure.unit
    try:
        measured = _measure(expectation, document)
    except _NoDataError as gap:
        return Outcome(expression, None, unit, None, str(gap), gap.remedy)
    answers_least = ANSWERS_LEAST.get(expectation.stat, 0)
    answers = _answers(expectation, document) if answers_least else 0
    if answers < answers_least:
        reason = f"it rests on {many(answers, 'duration')} and needs {answers_least:,}"
        remedy = "Replay more, or ask for a lower percentile or the max."
        return Outcome(expression, measured, unit, None, reason, remedy)
    return Outcome(expression, measured, unit, OPERATORS[expectation.op](measured, expectation.value))


def _measure(expectation: Expectation, document: Mapping[str, Any]) -> float:
    figure = expectation.figure
    if expectation.label is None:
        return _number(_at(document, figure.path))
    name, value = expectation.label
    label = figure.by[name]
    table = _at(document, label.path)
    if label.path == (_TABLE_OF_SERVICE_TIMES,):
        return _number(table[value][expectation.stat])
    counted = _counted(table, label, name, value)
    return 100 * counted / sum(table.values()) if figure.unit == PERCENT else counted


def _counted(table: Mapping[str, int], label: Label, name: str, value: str) -> int:
    if not any(table.values()):
        raise _NoDataError("nothing was counted", "See why nothing was sent, then run again.")
    if value not in table and not label.counts_all:
        there = ", ".join(repr(known[:_SIGNS_MOST]) for known in sorted(table)[:_NAMES_MOST])
        raise _NoDataError(f"this run has no {name} {value!r}", f"Name one it has, as {there}.")
    if label.counts_all and value.endswith("xx"):
        return sum(
            count for status, count in table.items() if len(status) == len(value) and status[0] == value[0]
        )
    return table.get(value, 0)


def _answers(expectation: Expectation, document: Mapping[str, Any]) -> int:
    counted = expectation._replace(stat="count")
    return int(_measure(counted, document))


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = document
    for place, key in enumerate(path):
        if place == 1 and path[0] == "reconciliation" and not found["complete"]:
            raise _NoDataError(
                "the receiver's account was lost on the way", "Keep the mock alive, then run again."
            )
        found = found[key]
        if found is None:
            raise _NoDataError(_WHY_NOT.get(path[0], _NOTHING) if not place else _NOTHING, _MEASURABLE)
    return found


def _number(found: float | None) -> float:
    if found is None:
        raise _NoDataError(_NOTHING, _MEASURABLE)
    return found


def say_measured(measured: float, unit: str) -> str:
    """`4.2104 ms`, `715,112.1 ms`, `99.97 %`: so exact that it does not look like the bound it missed."""
    decimals = 6 if unit == PERCENT else max(1, 6 - len(str(int(abs(measured)))))
    number = f"{measured:,.{decimals}f}".rstrip("0").rstrip(".")
    return f"{number} {unit}" if unit in (MS, PERCENT) else f"{number}{unit}"


_NAMES_MOST: Final = 6
_SIGNS_MOST: Final = 40
_NOTHING: Final = "nothing of the kind was measured"
_MEASURABLE: Final = "Ask for what such a run measures, or find out above why nothing was."
_WHY_NOT: Final = {
    "reconciliation": "the target keeps no ledger that could be asked",
    "response_time_ms": "nothing is due in a closed loop, so nothing has a response time",
}
_ADVICE: Final = {
    COUNT: "See the sums and the statuses for what these were.",
    PERCENT: "See the statuses over time for when these were answered, and at what rate.",
    MS: "See the latencies over time for when it grew, and the waits for where the time went.",
    PER_S: "Compare what was offered with what was sent: a limit, the users or the target held it back.",
}
