"""Judge the flow: how soon all is well again, what is taken of what is allowed, who has to wait for whom."""

from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.ruling import of_each, unless_over
from harness.throttle.clients.sight import Sight
from harness.throttle.clients.waiting import asked_ns
from harness.throttle.verdict import PASS
from harness.units import NS_PER_S, format_percent

RECOVERS_NS: Final = 15 * NS_PER_S
AT_ONCE_MOST: Final = 64

_STARVES_NS: Final = 3 * NS_PER_S
_REQUESTS_LEAST: Final = 15
_GOODPUT: Final = 0.7  # of what is allowed; what Retry-After rounds up is not the client's fault
_REFUSED_SHARE: Final = 0.35


@of_each
def recovers(sight: Sight) -> Ruling:
    """Once the failure is over, what waited arrives soon."""
    if sight.until_ns is None or sight.asked is None:
        return Ruling(NOT_APPLICABLE, "its messages have no harness_seq, so what is missing cannot be told")
    missing = sight.asked - sight.stored
    if missing and sight.is_over:
        return Ruling(FAIL, f"{many(len(missing), 'message')} never arrived; {sight.ending.said}")
    if missing:
        waited_ns = sight.started_ns + sight.ending.ran_ns - sight.until_ns
        said = f"{waited_ns / 1e9:.1f} s after the failure {many(len(missing), 'message')} had not arrived"
        return Ruling(FAIL if waited_ns > RECOVERS_NS + sight.stall_ns else INCONCLUSIVE, said)
    last = max(a.at_ns for a in sight.calls if a.is_good)
    late = max(0, last - sight.until_ns)
    said = f"the last message arrived {late / 1e9:.1f} s after the failure"
    return Ruling(FAIL if late > RECOVERS_NS + sight.stall_ns else PASS, said)


@of_each
def starves_nobody(sight: Sight) -> Ruling:
    """What was refused is not left behind for as long as there is something new."""
    place = next((place for place, a in enumerate(sight.calls) if not a.is_good), None)
    if place is None:
        return Ruling(INCONCLUSIVE, "every request was taken")
    attempt, again = sight.calls[place], sight.again(place)
    opens_ns = attempt.at_ns + (asked_ns(attempt) or 0)
    fresh = [a for a in sight.calls[place + 1 :] if a.at_ns >= opens_ns and not a.marks & attempt.marks]
    if len(fresh) < 3:
        return Ruling(NOT_APPLICABLE, "nothing new was sent after the pause (it does not send over time)")
    if again is None:
        return unless_over(sight, Ruling(FAIL, f"what was refused never came again; {sight.ending.said}"))
    before = [a for a in fresh if a.at_ns < again.at_ns]
    late = again.at_ns - opens_ns
    said = (
        f"after the pause {many(len(before), 'request')} with new messages came before what was refused, "
        f"which came {late / 1e9:.2f} s after it"
    )
    is_starved = late > _STARVES_NS + sight.stall_ns and len(before) >= 3
    return Ruling(FAIL if is_starved else PASS, said)


@of_each
def is_modest(sight: Sight) -> Ruling:
    """Not everything is sent at once: so many requests are under way together, and no more."""
    took_ns = round(sight.facts["answer_s"] * NS_PER_S)
    starts = [a.at_ns for a in sight.calls]
    most = max((sum(1 for at in starts if now - took_ns < at <= now) for now in starts), default=0)
    if len(starts) < 2:
        return Ruling(NOT_APPLICABLE, "it sent all in one request")
    said = f"at most {many(most, 'request')} were under way at once, of {len(starts):,}"
    return Ruling(FAIL if most > AT_ONCE_MOST else PASS, said)


@of_each
def uses_what_it_may(sight: Sight) -> Ruling:
    """Under a limit that lasts, it gets through nearly what the limit allows."""
    good = [a.at_ns for a in sight.calls if a.is_good]
    if len(good) < _REQUESTS_LEAST:
        return Ruling(NOT_APPLICABLE, f"{many(len(sight.calls), 'request')} are too few to tell")
    took_s = max(1.0, (good[-1] - good[0] - sight.stall_ns) / 1e9)
    share = len(good) / (took_s * sight.facts["limit_per_s"])
    taken = f"{many(len(good), 'request')} were taken in {took_s:.1f} s"
    said = f"{taken}: {format_percent(share)} of what the limit allows"
    return Ruling(PASS if share >= _GOODPUT else FAIL, said)


@of_each
def keeps_under_it(sight: Sight) -> Ruling:
    """Once a limit is known, few requests are refused for it."""
    if len(sight.calls) < _REQUESTS_LEAST or not sight.turned_away:
        return Ruling(NOT_APPLICABLE, f"{many(len(sight.calls), 'request')} are too few to tell")
    share = len(sight.turned_away) / len(sight.calls)
    refused = f"{len(sight.turned_away):,} of {many(len(sight.calls), 'request')} were refused"
    said = f"{refused}: {format_percent(share)}"
    return Ruling(PASS if share <= _REFUSED_SHARE else FAIL, said)
