"""Judge how a program backs off where nobody tells it how long to wait; from copies of it, side by side."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean
from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.ruling import of_all, of_each, unless_over
from harness.throttle.clients.sight import Sight
from harness.throttle.clients.waiting import gaps_of
from harness.throttle.verdict import PASS
from harness.units import NS_PER_MS, NS_PER_S

IMMEDIATE_NS: Final = 40 * NS_PER_MS
LONGEST_NS: Final = 100 * NS_PER_S  # a minute, and jitter

_GROWS: Final = 1.3
_SAME_SHARE: Final = 0.015
_SAME_NS: Final = 10 * NS_PER_MS  # what two processes that do the same are apart
_TOGETHER_NS: Final = 100 * NS_PER_MS


@of_all
def grows(sights: Sequence[Sight]) -> Ruling:
    """The later waits are longer than the first."""
    of_each_copy = [gaps_of(sight) for sight in sights]
    if any(len(gaps) < 3 for gaps in of_each_copy):
        return _too_few(sights, 3)
    first = mean(mean(gaps[:2]) for gaps in of_each_copy)
    last = mean(mean(gaps[-2:]) if len(gaps) > 3 else gaps[-1] for gaps in of_each_copy)
    return Ruling(PASS if last > _GROWS * first else FAIL, f"it waited {_written(of_each_copy)}")


@of_all
def differs(sights: Sequence[Sight]) -> Ruling:
    """Copies that failed alike do not come again alike."""
    of_each_copy = [gaps_of(sight) for sight in sights]
    places = min(map(len, of_each_copy))
    if places < 2:
        return _too_few(sights, 2)
    said = f"{len(sights)} copies of it waited {_written(of_each_copy)}"
    stall = max(sight.jolt_ns for sight in sights)
    for place in range(places):
        waits = [gaps[place] for gaps in of_each_copy]
        apart = max(waits) - min(waits)
        if apart > _SAME_SHARE * min(waits) + _SAME_NS + stall:
            return Ruling(PASS, said)
    if stall > _TOGETHER_NS:
        return Ruling(INCONCLUSIVE, f"{said}; this machine kept them waiting for {stall / 1e9:.3f} s")
    return Ruling(FAIL, said)


@of_all
def breathes_first(sights: Sequence[Sight]) -> Ruling:
    """The first time it tries again is not at once."""
    firsts = [gaps[0] for sight in sights if (gaps := gaps_of(sight))]
    if not firsts:
        return _too_few(sights, 1)
    said = f"the first time it tried again after {', '.join(f'{gap / 1e9:.3f}' for gap in firsts)} s"
    return Ruling(FAIL if max(firsts) < IMMEDIATE_NS else PASS, said)


@of_each
def is_capped(sight: Sight) -> Ruling:
    """However often it fails, it tries again within about a minute."""
    gaps = gaps_of(sight)
    if len(gaps) < 7:
        return unless_over(sight, Ruling(NOT_APPLICABLE, f"it tried again {many(len(gaps), 'time')} only"))
    said = f"its longest wait was {max(gaps) / 1e9:.1f} s, after {many(len(gaps), 'try', 'tries')}"
    return Ruling(FAIL if max(gaps) > LONGEST_NS + sight.stall_ns else PASS, said)


@of_each
def gives_up(sight: Sight) -> Ruling:
    """A failure that never ends ends the trying, and that is reported."""
    most = max((len(sight.tries(mark)) for mark in sight.seen), default=0)
    said = f"it tried {many(most, 'time')}; {sight.ending.said}"
    if not sight.is_over:
        return Ruling(INCONCLUSIVE, said)
    return Ruling(PASS if sight.reports_losses else FAIL, said)


@of_each
def begins_anew(sight: Sight) -> Ruling:
    """After a success the next failure is met with a short wait again."""
    calls = sight.calls
    good = next((place for place, a in enumerate(calls) if a.is_good), None)
    if good is None:
        return unless_over(sight, Ruling(INCONCLUSIVE, "nothing was ever taken"))
    later = next((place for place in range(good, len(calls)) if not calls[place].is_good), None)
    again = None if later is None else sight.again(later)
    before = [b.at_ns - a.at_ns for a, b in pairwise(calls[: good + 1])]
    if later is None or again is None or len(before) < 2 or calls[later].marks & calls[0].marks:
        return unless_over(sight, Ruling(NOT_APPLICABLE, "no other request of it failed after a success"))
    waited = again.at_ns - calls[later].at_ns
    said = f"before a success it waited up to {max(before) / 1e9:.2f} s, after it {waited / 1e9:.2f} s"
    return Ruling(FAIL if waited > max(before) * 0.9 + sight.stall_ns else PASS, said)


@of_all
def scatters(sights: Sequence[Sight]) -> Ruling:
    """Copies that were told to wait come again each at a moment of its own."""
    over = [_overshoots(sight) for sight in sights]
    cycles = min(map(len, over))
    if not cycles:
        return _too_few(sights, 1)
    last = [waits[cycles - 1] for waits in over]
    if min(last) < 0:
        return Ruling(
            NOT_APPLICABLE, "it did not wait as it was told, so nothing can be said of when it came"
        )
    apart, stall = max(last) - min(last), max(sight.jolt_ns for sight in sights)
    said = (
        f"of {len(sights)} copies told to wait, the first came {min(last) / 1e9:.3f} s and the last "
        f"{max(last) / 1e9:.3f} s after its time"
    )
    if apart > _TOGETHER_NS + stall:
        return Ruling(PASS, said)
    if apart > _TOGETHER_NS:
        return Ruling(INCONCLUSIVE, f"{said}; this machine kept them waiting for {stall / 1e9:.3f} s of that")
    return Ruling(FAIL, said)


@of_all
def does_not_stampede(sights: Sequence[Sight]) -> Ruling:
    """Copies that were told the same instant do not all come at it."""
    until_ns = sights[0].until_ns or 0
    firsts = [next((a.at_ns for a in sight.calls if a.at_ns >= until_ns), None) for sight in sights]
    came = sorted(at_ns for at_ns in firsts if at_ns is not None)
    if len(came) < len(sights):
        if all(sight.is_over for sight in sights):
            return Ruling(NOT_APPLICABLE, "not all of the copies came again after the instant they were told")
        return Ruling(INCONCLUSIVE, f"{len(sights) - len(came)} copies had not come again in time")
    apart = came[-1] - came[0]
    said = f"{len(came)} copies that were told the same instant came within {apart / 1e9:.3f} s"
    stall = max(sight.jolt_ns for sight in sights)
    if apart > _TOGETHER_NS + stall:
        return Ruling(PASS, said)
    return Ruling(INCONCLUSIVE if apart > _TOGETHER_NS else FAIL, said)


def _overshoots(sight: Sight) -> list[int]:
    """By how much each wait was longer than asked for."""
    found = []
    for place, attempt in enumerate(sight.calls):
        text = attempt.retry_after or ""
        again = sight.again(place)
        if not attempt.is_good and text.isdigit() and again is not None:
            found.append(again.at_ns - attempt.at_ns - int(text) * NS_PER_S)
    return found


def _too_few(sights: Sequence[Sight], needed: int) -> Ruling:
    least = min(len(gaps_of(sight)) for sight in sights)
    said = f"it tried again {many(least, 'time')}, and {needed} are needed to tell"
    return unless_over(next((s for s in sights if not s.is_over), sights[0]), Ruling(NOT_APPLICABLE, said))


def _written(of_each_copy: Sequence[Sequence[int]]) -> str:
    return " and ".join(", ".join(f"{gap / 1e9:.2f}" for gap in gaps) for gaps in of_each_copy) + " s"
