"""Put a server through its checks: each scene once, an unclear one again, within the bounds."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from harness.throttle.check import FAIL, INCONCLUSIVE, WARN
from harness.throttle.servers.checks import CHECKS, ServerCheck
from harness.throttle.servers.exchange import SLIDING, Seen, Steps
from harness.throttle.servers.judges import NOT_APPLICABLE, Judged, odd_answers, unclear_answers
from harness.throttle.servers.scenes import play
from harness.throttle.servers.stage import BoundReachedError, Stage
from harness.throttle.verdict import PASS

TRIES: Final = 3
_ACTED_ON: Final = (FAIL, INCONCLUSIVE, WARN)
_BOUNDS: Final = "Allow more with --max-requests or --max-time, or ask for less with --only and --api."
_NEEDS_OTHER: Final = {"tracking": "It needs a second write key, in SEGMENT_OTHER_WRITE_KEY."}
_ONE_CREDENTIAL: Final = "It needs a second token or space, and a real server is given one only."

Stored = Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What may be asked of one API of a server, and what is known of it."""

    stage: Stage
    beyond: bool = False  # not this machine
    may_go_over: bool = True
    counting: str = SLIDING
    stored: Stored | None = None  # asks its ledger for the ids of this check


class ServerResult(NamedTuple):
    """One check of one API."""

    api: str
    check: ServerCheck
    level: str  # fail, inconclusive, warn, pass, n/a
    evidence: str
    advice: str  # "" where there is nothing to do


def chosen(only: Collection[str]) -> list[ServerCheck]:
    """The checks of these ids, in the order of the table; all of them where none is named."""
    return [check for check in CHECKS if not only or check.id in only]


def why_not(check: ServerCheck, ground: Ground) -> str | None:
    """Why a check is not applicable here; None when it is."""
    limit = ground.stage.limit
    if limit.api not in check.apis:
        return f"Nothing to ask of the {limit.api.capitalize()} API."
    if check.goes_over and not ground.may_go_over:
        return "It goes beyond 80 % of the limit; --confirm-workspace NAME allows that."
    if check.needs_other and not ground.stage.asks.has_other:
        return _NEEDS_OTHER.get(limit.api, _ONE_CREDENTIAL)
    if check.needs_ledger and ground.stored is None:
        return "It has no ledger to ask."
    return check.fits(limit)


async def examine(
    ground: Ground, checks: Sequence[ServerCheck], say: Callable[[ServerResult], None]
) -> list[ServerResult]:
    """All of them, in order; each is said as soon as it is known."""
    results = []
    played: dict[str, Seen | BoundReachedError] = {}
    queued: Judged | None = None
    unfit = await _unfit(ground)
    for check in checks:
        if unfit is not None:
            judged = unfit if why_not(check, ground) is None else Judged(NOT_APPLICABLE, "Not asked.")
        elif queued is not None and check.goes_over and check.scene not in played:
            judged = queued if why_not(check, ground) is None else Judged(NOT_APPLICABLE, "It queues.")
        else:
            judged = await _judged(ground, check, played)
        queued = judged if judged.queues else queued
        advice = (judged.advice or check.advice) if judged.level in _ACTED_ON else ""
        result = ServerResult(ground.stage.limit.api, check, judged.level, judged.said, advice)
        say(result)
        results.append(result)
    return results


def verdict_of(results: Sequence[ServerResult]) -> str:
    """The worst: fail, inconclusive or pass; inconclusive when no check applied."""
    levels = {result.level for result in results}
    if levels <= {NOT_APPLICABLE}:
        return INCONCLUSIVE
    return next((level for level in (FAIL, INCONCLUSIVE) if level in levels), PASS)


async def _unfit(ground: Ground) -> Judged | None:
    """Ask once, before anything hangs on it: why nothing can be asked, if so."""
    try:
        await ground.stage.begin(1)
        first = await ground.stage.send("first of all", 1)
    except BoundReachedError as reached:
        return Judged(INCONCLUSIVE, f"Not asked: {reached}.", advice=_BOUNDS)
    odd = unclear_answers(first)
    return None if odd is None else odd_answers(first, odd)


async def _judged(ground: Ground, check: ServerCheck, played: dict[str, Seen | BoundReachedError]) -> Judged:
    reason = why_not(check, ground)
    if reason is not None:
        return Judged(NOT_APPLICABLE, reason)
    tries = 0
    while True:
        if check.scene not in played:
            tries += 1
            played[check.scene] = await _seen(ground, check.scene)
        seen = played[check.scene]
        if isinstance(seen, BoundReachedError):
            return Judged(INCONCLUSIVE, f"Not asked to the end: {seen}.", advice=_BOUNDS)
        if check.needs_ledger and ground.stored is not None:
            seen = replace(seen, stored=ground.stored())
        judged = check.judge(seen)
        if not judged.again or tries >= TRIES:
            return judged
        del played[check.scene]


async def _seen(ground: Ground, scene: str) -> Seen | BoundReachedError:
    stage = ground.stage
    try:
        await play(scene, stage)
    except BoundReachedError as reached:
        return reached
    steps: Steps = stage.steps
    return Seen(
        limit=stage.limit,
        steps=steps,
        steered=stage.clockwork.steered,
        beyond=ground.beyond,
        counting=ground.counting,
    )
