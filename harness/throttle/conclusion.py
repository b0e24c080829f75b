"""Say what a search for capacity has found, what stopped it, and with which exit code it ends."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from harness.errors import EXIT_OK
from harness.throttle.search import Bounds, Tried, found
from harness.throttle.step import (
    ACCOUNT,
    ENDS_THE_SEARCH,
    ERRORS,
    EXIT_OF,
    GENERATOR,
    HELD,
    INTERRUPTED,
    LATENCY,
    LIMIT,
    OF_THE_TARGET,
    RATE,
    REFUSALS,
    StepJudgement,
)

MAX_RATE: Final = "max-rate"
ASKED_BY_USER: Final = "--limit"  # the origin of a limit that was set

_DID: Final = {
    LATENCY: "the target's latency stopped it",
    ERRORS: "the target's errors stopped it",
    REFUSALS: "the target's refusals stopped it",
    RATE: "the target did not keep up",
    ACCOUNT: "the target's own account stopped it",
    GENERATOR: "the generator itself was too late to tell",
}


class JudgedStep(NamedTuple):
    """One step as the search sees it, with its judgement."""

    tried: Tried
    judgement: StepJudgement


class Conclusion(NamedTuple):
    """What a search has come to, at its end or so far."""

    sentence: str
    stopped_by: str | None  # a kind of `step`, MAX_RATE, or None while the search goes on
    capacity_per_s: float | None  # items; only where it was the target that stopped it
    held_per_s: float | None  # the highest rate that held
    failed_per_s: float | None  # the lowest that did not
    confirmed: bool
    exit_code: int


def as_tried(rate_per_s: float, judgement: StepJudgement, *, confirms: bool) -> Tried:
    """A judged step as the search counts it."""
    return Tried(rate_per_s, confirms, judgement.kind == HELD, spoiled=judgement.kind == GENERATOR)


def conclude_search(
    bounds: Bounds, steps: Sequence[JudgedStep], *, interrupted: bool = False, over: bool = True
) -> Conclusion:
    """The word on a search. `over`: no step follows; `interrupted`: it was stopped, in a step or between."""
    judged = [step for step in steps if step.judgement.kind not in ENDS_THE_SEARCH]
    low, high, confirmed = found([step.tried for step in judged])
    last = steps[-1].judgement if steps else StepJudgement(INTERRUPTED, "")
    so_far = _so_far(low, high, confirmed=confirmed)

    def word(
        stopped_by: str | None, sentence: str, exit_code: int, capacity_per_s: float | None = None
    ) -> Conclusion:
        return Conclusion(sentence, stopped_by, capacity_per_s, low, high, confirmed, exit_code)

    if interrupted or last.kind == INTERRUPTED:
        return word(INTERRUPTED, f"Interrupted; so far {so_far}.", EXIT_OF[INTERRUPTED])
    if not over:
        return word(None, f"Running; so far {so_far}.", EXIT_OK)
    if last.kind in ENDS_THE_SEARCH:
        at = _rate(steps[-1].tried.rate_per_s)
        return word(last.kind, f"Inconclusive: at {at}, {last.reason}; so far {so_far}.", EXIT_OF[last.kind])
    why = next((step.judgement for step in reversed(judged) if step.tried.rate_per_s == high), None)
    if why is None:
        most = _rate(bounds.most_per_s)
        return word(MAX_RATE, f"At least {_rate(low)}: --max-rate is {most}, and no rate failed.", EXIT_OK)
    if low is None:
        return word(
            why.kind, f"Not even {_rate(high)} held: {_what(why)}; --start-rate lower.", EXIT_OF[why.kind]
        )
    if why.kind in OF_THE_TARGET:
        return word(why.kind, f"Capacity: {_rate(low)} held; at {_rate(high)} {_what(why)}.", EXIT_OK, low)
    code = EXIT_OK if why.kind == LIMIT else EXIT_OF[why.kind]
    return word(why.kind, f"At least {_rate(low)}: at {_rate(high)} {_what(why)}.", code)


def _what(why: StepJudgement) -> str:
    if why.kind != LIMIT:
        return f"{_DID[why.kind]}: {why.reason}"
    name = "" if why.limit is None else why.limit.name
    if why.limit is not None and why.limit.origin == ASKED_BY_USER:
        return f"the limit you set held ({name}): {why.reason}; the target may carry more"
    return (
        f"a documented limit held ({name}), which is kept without --exceed-limits: {why.reason}; "
        "the target may carry more"
    )


def _so_far(low: float | None, high: float | None, *, confirmed: bool) -> str:
    if low is None:
        return "no rate held" if high is None else f"no rate held, and {_rate(high)} failed"
    once = "" if confirmed else ", not confirmed"
    return f"{_rate(low)} held{once}" + ("" if high is None else f", and {_rate(high)} failed")


def _rate(rate_per_s: float | None) -> str:
    return f"{rate_per_s or 0:,.4g}/s" if (rate_per_s or 0) < 1_000 else f"{rate_per_s:,.0f}/s"
