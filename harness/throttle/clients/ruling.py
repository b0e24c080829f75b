"""Turn a judge of one sight into a judge of all, behind the questions that come before every case."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.sight import EXITED, NOT_STARTED, OUTLIVED, Sight
from harness.throttle.verdict import PASS
from harness.units import NS_PER_MS

Judge = Callable[[Sequence[Sight]], Ruling]

_WORST_FIRST: Final = (FAIL, INCONCLUSIVE, NOT_APPLICABLE, PASS)
_STEP_NS: Final = 20 * NS_PER_MS  # of the wall clock, beyond which no instant can be trusted


def of_each(judge: Callable[[Sight], Ruling]) -> Judge:
    """The worst that comes of any copy, once each was seen and met what the play is about."""

    @wraps(judge)
    def judged(sights: Sequence[Sight]) -> Ruling:
        rulings = [blind(sight) or judge(sight) for sight in sights]
        return min(rulings, key=lambda ruling: _WORST_FIRST.index(ruling.verdict))

    return judged


def of_all(judge: Callable[[Sequence[Sight]], Ruling]) -> Judge:
    """What comes of the copies together, once each was seen and met what the play is about."""

    @wraps(judge)
    def judged(sights: Sequence[Sight]) -> Ruling:
        return next(filter(None, map(blind, sights)), None) or judge(sights)

    return judged


def blind(sight: Sight) -> Ruling | None:
    """Why nothing can be said of this sight, if so."""
    trouble = _trouble(sight)
    return None if trouble is None else Ruling(INCONCLUSIVE, trouble)


def unless_over(sight: Sight, otherwise: Ruling) -> Ruling:
    """This ruling, or inconclusive when the program might still have done what is missed."""
    if sight.is_over:
        return otherwise
    said = sight.ending.said
    return Ruling(
        INCONCLUSIVE, otherwise.evidence if said in otherwise.evidence else f"{otherwise.evidence}; {said}"
    )


def _trouble(sight: Sight) -> str | None:
    if sight.ending.how == NOT_STARTED:
        return f"{sight.ending.said}: {sight.ending.errors}" if sight.ending.errors else sight.ending.said
    if sight.lost_sight:
        return "more came than the mock keeps, so nothing can be proved from the rest"
    ending = sight.ending
    if ending.how == EXITED and (ending.code or 0) < 0 and ending.stop_ns is None:
        return f"it crashed: {ending.said}"
    if not sight.calls and sight.events:
        if sight.elsewhere:
            return (
                f"{many(sight.elsewhere, 'request')} came under another write key and none under the one it "
                f"was given (HARNESS_WRITE_KEY); {sight.ending.said}"
            )
        return f"nothing reached the endpoint it was given (HARNESS_URL); {sight.ending.said}"
    if abs(sight.drift_ns) > _STEP_NS:
        return f"this machine's clock was set by {sight.drift_ns / 1e9:+.3f} s meanwhile"
    if not sight.played:
        late = "" if sight.ending.how != OUTLIVED else f"; {sight.ending.said}"
        return f"it never met what this is about: it came too late, or not at all{late}"
    return None
