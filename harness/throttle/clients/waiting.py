"""Judge whether a program waits as long as it was asked to. Lower bounds are exact, upper ones are wide."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.ruling import of_each, unless_over
from harness.throttle.clients.sight import Attempt, Mark, Sight
from harness.throttle.verdict import PASS
from harness.units import NS_PER_MS, NS_PER_S

LATE_NS: Final = 10 * NS_PER_S  # a client may have to wait for its next flush
LONGEST_S: Final = 300  # Segment's own libraries wait no longer, whatever is asked: their source, 2026-08

_TRIES_IN_OUTAGE: Final = 15  # 0.5 s and doubled makes 5 of 6 s, four times as often is enough
_LOOP: Final = 5  # requests with one message
_LOOP_NS: Final = 600 * NS_PER_MS  # of so short a time
_UNDER_WAY_NS: Final = 100 * NS_PER_MS  # what left before the answer could be read arrives within that


def asked_ns(attempt: Attempt) -> int | None:
    """How long an answer asks to wait, from the arrival of its request; None when that says nothing."""
    text = (attempt.retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:18]) * NS_PER_S
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return round(instant.timestamp()) * NS_PER_S - attempt.at_ns


@of_each
def waits_as_asked(sight: Sight) -> Ruling:
    """Each request that asked for a pause is repeated, not before it is over and not long after."""
    waits: list[int] = []
    longest: tuple[int, int] | None = None
    for place, attempt in enumerate(sight.calls):
        asked = None if attempt.is_good else asked_ns(attempt)
        if asked is None:
            continue
        again = sight.again(place)
        if again is None:
            if attempt.marks <= sight.stored and attempt.marks:
                continue
            lost = f"{_asked(attempt, sight)}, and its messages never came again; {sight.ending.said}"
            return unless_over(sight, Ruling(FAIL, lost))
        waited = again.at_ns - attempt.at_ns
        if waited < asked - abs(sight.drift_ns):
            return Ruling(
                FAIL,
                f"{_asked(attempt, sight)}; its messages came again after {waited / 1e9:.3f} s, "
                f"{(asked - waited) / 1e9:.3f} s too early",
            )
        waits.append(waited)
        if longest is None or waited - asked > longest[0] - longest[1]:
            longest = (waited, asked)
    if longest is None:
        return Ruling(INCONCLUSIVE, "no answer that asked for a pause was followed by a repetition")
    if longest[0] - longest[1] > LATE_NS + sight.stall_ns:
        return Ruling(
            FAIL,
            f"asked to wait {longest[1] / 1e9:g} s it waited {longest[0] / 1e9:.3f} s "
            f"(this machine kept it waiting for {sight.stall_ns / 1e9:.3f} s of that)",
        )
    return Ruling(PASS, f"asked to wait {longest[1] / 1e9:.4g} s, it waited {longest[0] / 1e9:.3f} s")


@of_each
def pauses_all(sight: Sight) -> Ruling:
    """While a pause is asked for, no request of that write key leaves, whatever is in it."""
    place = next((i for i, a in enumerate(sight.calls) if not a.is_good and asked_ns(a)), None)
    if place is None:
        return Ruling(INCONCLUSIVE, "no answer asked for a pause")
    attempt = sight.calls[place]
    ends_ns = attempt.at_ns + (asked_ns(attempt) or 0) - abs(sight.drift_ns)
    begins_ns = attempt.at_ns + _UNDER_WAY_NS + sight.stall_ns
    within = [a for a in sight.calls[place + 1 :] if begins_ns < a.at_ns < ends_ns]
    if within:
        return Ruling(
            FAIL,
            f"{_asked(attempt, sight)}; {many(len(within), 'request')} of the same write key came within "
            f"that time, the first at {sight.after_s(within[0].at_ns)}",
        )
    others = [a for a in sight.calls[place + 1 :] if not a.marks & attempt.marks]
    if not others:
        return Ruling(NOT_APPLICABLE, "all its messages were in one request, so nothing else could leave")
    return Ruling(PASS, f"{_asked(attempt, sight)}, and no request came within that time")


@of_each
def does_not_loop(sight: Sight) -> Ruling:
    """Where the answer gives no usable wait, it tries again all the same, and at its own pace."""
    loop = _loop(sight)
    if loop is not None:
        return loop
    away = [a for a in sight.calls if not a.is_good]
    if not away:
        return Ruling(INCONCLUSIVE, "every request was taken")
    about = frozenset(mark for attempt in away for mark in attempt.marks)
    missing = about - sight.stored
    said = f"told Retry-After: {away[0].retry_after}, it sent {many(len(sight.calls), 'request')}"
    if missing and sight.is_over and len(sight.tries(min(missing, key=str))) > 2 and sight.reports_losses:
        return Ruling(PASS, f"{said}, gave up and said so")
    if missing:
        lost = Ruling(FAIL, f"{said}; {many(len(missing), 'message')} never arrived; {sight.ending.said}")
        return unless_over(sight, lost)
    gaps = [f"{gap / 1e9:.2f}" for gap in gaps_of(sight)]
    return Ruling(PASS, f"{said}, {', '.join(gaps)} s apart; everything arrived")


def _loop(sight: Sight) -> Ruling | None:
    times: dict[Mark, list[int]] = {}
    for attempt in sight.calls:
        for mark in attempt.marks:
            seen = times.setdefault(mark, [])
            seen.append(attempt.at_ns)
            if len(seen) >= _LOOP and seen[-1] - seen[-_LOOP] < _LOOP_NS:
                return Ruling(
                    FAIL,
                    f"message {mark} was sent {_LOOP} times within "
                    f"{(seen[-1] - seen[-_LOOP]) / 1e9:.3f} s, though each time it was answered "
                    f"{attempt.status or 'nothing' if not attempt.is_good else 'no'}",
                )
    return None


def gaps_of(sight: Sight) -> list[int]:
    """Between the tries of the message that was tried most often."""
    counts: Mapping[Mark, int] = Counter(mark for a in sight.calls for mark in a.marks)
    if not counts:
        return []
    tries = sight.tries(max(counts, key=lambda mark: counts[mark]))
    return [later.at_ns - earlier.at_ns for earlier, later in pairwise(tries)]


def _asked(attempt: Attempt, sight: Sight) -> str:
    return (
        f"the request at {sight.after_s(attempt.at_ns)} was answered {attempt.status} "
        f"with Retry-After: {attempt.retry_after}"
    )


@of_each
def takes_the_latest(sight: Sight) -> Ruling:
    """Told a longer wait and then a shorter one, it goes by the shorter."""
    asked = [(place, asked_ns(a)) for place, a in enumerate(sight.calls) if not a.is_good]
    if len(asked) < 2 or not asked[0][1] or not asked[1][1]:
        return unless_over(sight, Ruling(INCONCLUSIVE, "it was told to wait once only"))
    first_ns, place, second_ns = asked[0][1], asked[1][0], asked[1][1]
    again = sight.again(place)
    if again is None:
        lost = f"{_asked(sight.calls[place], sight)}, and its messages never came again"
        return unless_over(sight, Ruling(FAIL, f"{lost}; {sight.ending.said}"))
    waited = again.at_ns - sight.calls[place].at_ns
    said = (
        f"asked to wait {first_ns / 1e9:g} s and then {second_ns / 1e9:g} s, it waited {waited / 1e9:.3f} s"
    )
    is_early = waited < second_ns - abs(sight.drift_ns)
    # As long as the first asked for, and not because this machine kept it waiting.
    is_late = waited >= first_ns and waited - sight.stall_ns >= (first_ns + second_ns) // 2
    return Ruling(FAIL if is_early or is_late else PASS, said)


@of_each
def takes_the_hint(sight: Sight) -> Ruling:
    """Other headers than Retry-After say how long to wait."""
    away = [(place, a) for place, a in enumerate(sight.calls) if not a.is_good]
    again = sight.again(away[0][0]) if away else None
    if again is None:
        return unless_over(sight, Ruling(FAIL, f"nothing was sent again; {sight.ending.said}"))
    waited = again.at_ns - away[0][1].at_ns
    hint_ns = round(sight.facts["hint_s"] * NS_PER_S)
    said = f"told in another header to wait {hint_ns / 1e9:g} s, it waited {waited / 1e9:.3f} s"
    return Ruling(FAIL if waited < hint_ns - abs(sight.drift_ns) else PASS, said)


@of_each
def slows_down(sight: Sight) -> Ruling:
    """Refused again and again after waiting as told, it waits longer than it is told."""
    gaps = gaps_of(sight)
    if len(gaps) < 3:
        return unless_over(sight, Ruling(NOT_APPLICABLE, f"it tried again {many(len(gaps), 'time')} only"))
    last = sum(gaps[-2:]) / 2
    said = f"told 1 s each time, it waited {', '.join(f'{gap / 1e9:.2f}' for gap in gaps)} s"
    return Ruling(PASS if last > 1.1 * gaps[0] else FAIL, said)


@of_each
def caps_waits(sight: Sight) -> Ruling:
    """A wait that nobody can mean is cut: at five minutes, as Segment's libraries do."""
    place = next((place for place, a in enumerate(sight.calls) if not a.is_good), None)
    if place is None:
        return Ruling(INCONCLUSIVE, "every request was taken")
    attempt = sight.calls[place]
    again = sight.again(place)
    most_ns = round(LONGEST_S * NS_PER_S * 1.2)
    if again is not None:
        waited = again.at_ns - attempt.at_ns
        said = f"{_asked(attempt, sight)}; it waited {waited / 1e9:.1f} s"
        return Ruling(PASS if waited <= most_ns + sight.stall_ns else FAIL, said)
    if sight.is_over:
        said = f"{_asked(attempt, sight)}; it gave up"
        return Ruling(PASS if sight.reports_losses else FAIL, f"{said}, {sight.ending.said}")
    watched_ns = sight.started_ns + sight.ending.ran_ns - attempt.at_ns
    said = f"{_asked(attempt, sight)}; {watched_ns / 1e9:.0f} s later it was still waiting"
    return Ruling(FAIL if watched_ns > most_ns else INCONCLUSIVE, said)


@of_each
def has_no_headlong_loop(sight: Sight) -> Ruling:
    """Under a failure that lasts, it does not send the same again and again without a breath."""
    loop = _loop(sight)
    if loop is not None:
        return loop
    most = max((len(sight.tries(mark)) for mark in sight.seen), default=0)
    said = f"the message that was tried most often was tried {many(most, 'time')} in the failure"
    return Ruling(FAIL if most > _TRIES_IN_OUTAGE else PASS, said)
