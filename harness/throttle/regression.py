"""Judge a comparison by how much worse a figure may be: beyond chance, and by more than was allowed."""

from collections.abc import Sequence
from math import inf
from typing import Final

from harness.metrics import MS, PERCENT
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN, Finding
from harness.throttle.comparison import (
    NOT_COMPARABLE,
    NOT_MEASURED,
    TOO_NOISY,
    WITHIN_NOISE,
    WORSE,
    Change,
    Comparison,
)

REGRESSION: Final = "regression"  # the name of its finding
_NAMED_MOST: Final = 3
_NEVER_HELD: Final = (NOT_MEASURED, NOT_COMPARABLE)


def regressions(comparison: Comparison, max_regression: float) -> tuple[Change, ...]:
    """The figures that are worse by more than `max_regression`, a share of the one before, beyond chance."""
    return tuple(
        change
        for change in comparison.changes
        if change.judged
        and change.verdict == WORSE
        and abs(_relative(change, change.change)) > max_regression
    )


def judge_regression(comparison: Comparison, max_regression: float) -> Finding:
    """One finding on all figures: a regression, none, or that it cannot be told."""
    with_run, allowed = comparison.before, f"{max_regression * 100:g} %"
    if comparison.reasons:
        said = f"Not comparable with {with_run}: {'; '.join(comparison.reasons)}."
        return Finding(REGRESSION, INCONCLUSIVE, said, _ADVICE_NOT_COMPARABLE)
    worse = regressions(comparison, max_regression)
    if worse:
        told = [say_change(change) for change in worse[:_NAMED_MOST]]
        said = f"Worse than {with_run} by more than {allowed}: {'; '.join(told)}{_rest(worse)}."
        return Finding(REGRESSION, FAIL, said, _ADVICE_WORSE)
    held = [change for change in comparison.changes if change.judged and change.verdict not in _NEVER_HELD]
    if not held:
        said = f"Not comparable with {with_run}: no figure that is held against it was measured in both runs."
        return Finding(REGRESSION, INCONCLUSIVE, said, _ADVICE_NOT_COMPARABLE)
    blind = [change.figure for change in held if _may_hide(change, max_regression)]
    said = f"No figure is worse than in {with_run} by more than {allowed} beyond the noise."
    doubtful = [change for change in held if _is_doubtful(change, max_regression)]
    if doubtful:
        told = [say_change(change) for change in doubtful[:_NAMED_MOST]]
        said += f" It may be chance, or may not: {'; '.join(told)}{_rest(doubtful)}."
        return Finding(REGRESSION, WARN, said, _ADVICE_NOISY)
    if not blind:
        return Finding(REGRESSION, NOTE, said, "Nothing to do.")
    said += f" Too noisy to see so much: {', '.join(blind[:_NAMED_MOST])}{_rest(blind)}."
    return Finding(REGRESSION, NOTE, said, _ADVICE_NOISY)


def say_change(change: Change) -> str:
    """`p99 of service_time_ms +23 % (+12 to +35 %)`."""
    return f"{change.figure} {say_amount(change)}{_interval(change)}"


def say_amount(change: Change) -> str:
    """`+23 %`, `-1.2 points`; `from nothing` where there was none before."""
    if change.verdict == NOT_MEASURED:
        return NOT_MEASURED
    if change.change is None:
        return "from nothing" if change.after else "nothing in both"
    return _amount(change, change.change)


def say_interval(change: Change) -> str:
    """`+12 to +35 %`; nothing where there is no interval."""
    if change.low is None or change.high is None:
        return ""
    low, high = _amount(change, change.low), _amount(change, change.high)
    return f"{low.rpartition(' ')[0]} to {high}"


def _interval(change: Change) -> str:
    told = say_interval(change)
    return f" ({told})" if told else ""


def _amount(change: Change, amount: float) -> str:
    hundredths = amount if change.unit == PERCENT else 100 * amount
    decimals = 0 if abs(hundredths) >= 9.95 else 1 if abs(hundredths) >= 0.095 or not hundredths else 2
    shown = f"{hundredths:+,.{decimals}f}"
    # A figure that rounds to nothing has no direction.
    shown = shown if float(shown.replace(",", "")) else shown.lstrip("+-")
    return f"{shown} {'points' if change.unit == PERCENT else '%'}"


def _relative(change: Change, amount: float | None) -> float:
    """An amount as a share of the figure before."""
    if amount is None:
        return 0.0
    if change.unit != PERCENT:
        return amount
    return amount / change.before if change.before else inf if amount else 0.0


def _rest(told: Sequence[object]) -> str:
    return f", and {len(told) - _NAMED_MOST} more" if len(told) > _NAMED_MOST else ""


def _is_doubtful(change: Change, max_regression: float) -> bool:
    """Whether it looks worse by more than allowed, and chance alone may have done it."""
    relative = _relative(change, change.change)
    return (relative if _worse_is_more(change) else -relative) > max_regression


def _worse_is_more(change: Change) -> bool:
    return change.unit in (MS, PERCENT)


def _may_hide(change: Change, max_regression: float) -> bool:
    """Whether so much worse lies within the interval. A share that was nothing tells nothing of this kind."""
    if change.verdict == TOO_NOISY:
        return True
    if change.verdict != WITHIN_NOISE or (change.unit == PERCENT and not change.before):
        return False
    bound = change.high if _worse_is_more(change) else change.low
    return abs(_relative(change, bound)) > max_regression


_ADVICE_NOT_COMPARABLE: Final = (
    "Compare runs of one recording, plan and machine that lasted a minute or more; take a new baseline where "
    "one of these changed."
)
_ADVICE_NOISY: Final = "Run longer, or send more a second, and the noise shrinks."
_ADVICE_WORSE: Final = "See the two reports side by side; run both again if something else used the machine."
