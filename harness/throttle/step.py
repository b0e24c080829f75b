"""Judge one step of a search for capacity: the rate held, or what stopped it, in one sentence.

What was counted stands however late the harness was, so refusals and errors are told before a generator
that was late itself; its times are doubtful, so times and rates are told after. Those may be the doing of the
limit that our own ceiling keeps; else they are the target's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from harness.errors import EXIT_CHECK_FAILED, EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_NOTHING_SENT
from harness.expectations import Expectation
from harness.measure.summary import LimitUse, Summary
from harness.metrics import MS
from harness.throttle.check import FAIL, INCONCLUSIVE, Finding, many
from harness.throttle.evidence import Evidence
from harness.throttle.expected import Outcome, say_measured
from harness.throttle.trust import judge_trust
from harness.throttle.verdict import CHECKS
from harness.units import NS_PER_MS, format_duration

HELD: Final = "held"
LATENCY: Final = "latency"  # of the target; as are the next four
ERRORS: Final = "errors"
REFUSALS: Final = "refusals"
RATE: Final = "rate"
ACCOUNT: Final = "account"
GENERATOR: Final = "generator"
LIMIT: Final = "limit"
INTERRUPTED: Final = "interrupted"
UNTOLD: Final = "inconclusive"
NOTHING: Final = "nothing sent"

OF_THE_TARGET: Final = frozenset({LATENCY, ERRORS, REFUSALS, RATE, ACCOUNT})
# After these no other rate would tell more.
ENDS_THE_SEARCH: Final = frozenset({INTERRUPTED, UNTOLD, NOTHING})
# Of a search whose last word this is, when no rate held before.
EXIT_OF: Final = {
    **dict.fromkeys(OF_THE_TARGET, EXIT_CHECK_FAILED),
    GENERATOR: EXIT_INCONCLUSIVE,
    LIMIT: EXIT_INCONCLUSIVE,
    UNTOLD: EXIT_INCONCLUSIVE,
    NOTHING: EXIT_NOTHING_SENT,
    INTERRUPTED: EXIT_INTERRUPTED,
}

_WAITED_MS: Final = 1.0  # for the ceiling, at p99: one item in a hundred was held
_BEHIND_LEAST_NS: Final = 100 * NS_PER_MS
_BEHIND_SHARE: Final = 0.01  # of the step's length
_SAID_MOST: Final = 2
_OWN_CHECKS: Final = frozenset({"rejected", "abandoned", "pending"})  # judged here by expectations
_WAITS: Final = {
    "lane_wait": "an earlier item of the same person",
    "user_wait": "a free connection",
}


class StepJudgement(NamedTuple):
    """What became of one step."""

    kind: str  # one of the names above
    reason: str  # a sentence without its full stop; "" for HELD
    trust_warnings: tuple[Finding, ...] = ()
    limit: LimitUse | None = None  # for LIMIT: the one that came nearest to being full


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence:
    """What a step is judged by."""

    whole: Evidence
    settled: Summary  # the figures of the part after the settling time
    expected: Sequence[tuple[Expectation, Outcome]]  # of that part
    length_ns: int
    grace_ns: int = 0  # how long a batch may wait to be filled
    drained: bool = True  # every item came to an end by itself

    @property
    def trust(self) -> tuple[Finding, ...]:
        """The trust warnings of the part that is judged."""
        return judge_trust(replace(self.whole, summary=self.settled))

    @property
    def held_ms(self) -> float:
        """How long items waited for our own ceiling or a pause after a 429, at p99; 0 for next to nothing."""
        waited_ms = self.settled.durations["limit_wait"].p99 or 0.0
        return waited_ms if waited_ms > _WAITED_MS else 0.0


def judge_step(step: StepEvidence) -> StepJudgement:
    """The judgement on a step that has ended."""
    kind, reason = next((found for look in _LOOKS if (found := look(step)) is not None), (HELD, ""))
    if kind in {LATENCY, RATE} and step.held_ms and not _is_in_service(step):
        kind, reason = _held_back(step)
    return StepJudgement(kind, reason, step.trust, _fullest(step) if kind == LIMIT else None)


_Found = tuple[str, str] | None


def _is_in_service(step: StepEvidence) -> bool:
    """Whether an answer itself took too long: what is held back is not on its way yet."""
    return bool(_false(step, lambda one, _: one.metric == "service_time_ms"))


def _held_back(step: StepEvidence) -> tuple[str, str]:
    waited = f"{step.held_ms:,.0f} ms (p99)"
    throttled = step.whole.summary.totals.throttled
    if throttled:
        answers = many(throttled, "request")
        return REFUSALS, f"{answers} answered 429, and items waited {waited} for the pause that followed"
    return LIMIT, f"items waited {waited} for our own ceiling"


def _no_steps_end(step: StepEvidence) -> _Found:
    if step.whole.interrupted:
        return INTERRUPTED, "it was interrupted"
    if not step.whole.target_ready:
        return UNTOLD, "the target did not answer before the first send"
    if not step.settled.totals.sent:
        return NOTHING, "nothing was sent after the settling time"
    return None


def _account(step: StepEvidence) -> _Found:
    for check in CHECKS:
        finding = check.finding(step.whole) if check.level == FAIL and check.name not in _OWN_CHECKS else None
        if finding is not None:
            # Sums that do not hold are our own fault, and say nothing of the target.
            return UNTOLD if check.name == "sums" else ACCOUNT, finding.evidence.rstrip(".")
    return None


def _refused(step: StepEvidence) -> _Found:
    return _told(REFUSALS, _false(step, lambda one, outcome: outcome.stands_when_late and _of_refusals(one)))


def _not_drained(step: StepEvidence) -> _Found:
    if step.drained:
        return None
    sums, calls = step.whole.summary.messages, step.whole.summary.calls
    left = sums.cancelled + sums.pending + calls.cancelled + calls.pending
    return RATE, f"{many(left, 'item')} had no answer long after the last was due, {_longest(step.settled)}"


def _failed(step: StepEvidence) -> _Found:
    return _told(ERRORS, _false(step, lambda _, outcome: outcome.stands_when_late))


def _late_itself(step: StepEvidence) -> _Found:
    grave = [finding for finding in step.trust if finding.level == INCONCLUSIVE]
    return (GENERATOR, grave[0].evidence.rstrip(".")) if grave else None


def _not_to_be_told(step: StepEvidence) -> _Found:
    for _, outcome in step.expected:
        if outcome.holds is None:
            return UNTOLD, f"{outcome.expression} is not to be told, {outcome.reason}"
    return None


def _slow(step: StepEvidence) -> _Found:
    found = _told(LATENCY, _false(step, lambda one, _: one.figure.unit == MS))
    response, waits = step.settled.durations["response"].p99 or 0.0, _waits(step.settled)
    if found is None or max(waits.values()) < response / 2:
        return found
    return LATENCY, f"{found[1]}, {_longest(step.settled)}"


def _too_few(step: StepEvidence) -> _Found:
    return _told(RATE, _false(step, lambda _one, _outcome: True))


def _behind(step: StepEvidence) -> _Found:
    totals = step.settled.totals
    behind_ns = totals.last_sent_ns - totals.last_due_ns - step.grace_ns
    if behind_ns <= max(_BEHIND_LEAST_NS, _BEHIND_SHARE * step.length_ns):
        return None
    how_late = format_duration(behind_ns)
    return RATE, f"the last item left {how_late} after it was due, {_longest(step.settled)}"


_LOOKS: Final[tuple[Callable[[StepEvidence], _Found], ...]] = (
    _no_steps_end,
    _account,
    _refused,
    _not_drained,
    _failed,
    _late_itself,
    _not_to_be_told,
    _slow,
    _too_few,
    _behind,
)


def _of_refusals(expectation: Expectation) -> bool:
    return expectation.metric.startswith("throttle.") or expectation.label == ("status", "429")


def _false(
    step: StepEvidence, which: Callable[[Expectation, Outcome], bool]
) -> list[tuple[Expectation, Outcome]]:
    return [
        (one, outcome) for one, outcome in step.expected if outcome.holds is False and which(one, outcome)
    ]


def _told(kind: str, found: Sequence[tuple[Expectation, Outcome]]) -> _Found:
    if not found:
        return None
    said = [
        f"expected {outcome.expression}, but it was {say_measured(outcome.measured or 0.0, outcome.unit)}"
        for _, outcome in found[:_SAID_MOST]
    ]
    more = f"; and {len(found) - _SAID_MOST} more" if len(found) > _SAID_MOST else ""
    return kind, "; ".join(said) + more


def _longest(settled: Summary) -> str:
    """What the items waited for most, to be said after a comma."""
    p99_ms = _waits(settled)
    name = max(p99_ms, key=lambda wait: p99_ms[wait])
    return f"and items waited {p99_ms[name]:,.0f} ms (p99) for {_WAITS[name]}"


def _waits(settled: Summary) -> dict[str, float]:
    return {name: settled.durations[name].p99 or 0.0 for name in _WAITS}


def _fullest(step: StepEvidence) -> LimitUse | None:
    return max(step.whole.summary.limits, key=lambda use: use.peak_in_window / use.count, default=None)
