"""Judge what a program sends again, and what it leaves."""

from collections.abc import Sequence

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.ruling import of_each, unless_over
from harness.throttle.clients.sight import NOT_STARTED, Attempt, Sight, listed
from harness.throttle.verdict import PASS


@of_each
def sends_again(sight: Sight) -> Ruling:
    """What was turned away arrives in the end."""
    away = sight.turned_away
    if not away:
        return Ruling(INCONCLUSIVE, "every request was taken")
    about = frozenset(mark for attempt in away for mark in attempt.marks)
    unknown = sum(1 for attempt in away for message in attempt.messages if message.mark is None)
    if unknown:
        return Ruling(NOT_APPLICABLE, f"{many(unknown, 'message')} had neither harness_seq nor messageId")
    if not about:
        return unless_over(sight, _without_messages(sight))
    missing = about - sight.stored
    if not missing:
        return Ruling(
            PASS, f"{_fate(away[0], sight)}; all of {many(len(about), 'message')} arrived in the end"
        )
    lost = Ruling(
        FAIL,
        f"{_fate(away[0], sight)}; {many(len(missing), 'message')} never arrived ({listed(missing)}), in "
        f"{many(len(sight.calls), 'request')}; {sight.ending.said}",
    )
    return lost if sight.is_over else unless_over(sight, lost)


def _without_messages(sight: Sight) -> Ruling:
    """Of requests that could not be read, such as those that came to a fault before their end."""
    if sight.stored:
        return Ruling(PASS, f"{many(len(sight.stored), 'message')} arrived in the end")
    return Ruling(FAIL, f"nothing arrived; {sight.ending.said}")


@of_each
def sends_once(sight: Sight) -> Ruling:
    """What was finally answered is not sent again; a smaller request with a part of it is no repetition."""
    for place, attempt in enumerate(sight.calls):
        for later in sight.calls[place + 1 :]:
            if attempt.marks and later.marks >= attempt.marks:
                times = sum(1 for a in sight.calls if a.marks >= attempt.marks)
                gap_s = (later.at_ns - attempt.at_ns) / 1e9
                return Ruling(
                    FAIL,
                    f"{_fate(attempt, sight)}, and the same messages ({listed(attempt.marks)}) came again "
                    f"{gap_s:.3f} s later; {times} times in all",
                )
    if not any(attempt.marks for attempt in sight.calls):
        return Ruling(NOT_APPLICABLE, "its messages have neither harness_seq nor messageId")
    seen = f"{_fate(sight.calls[0], sight)}; {many(len(sight.calls), 'request')}, no message twice"
    return unless_over(sight, Ruling(PASS, seen))


def outlasts_refusals(sights: Sequence[Sight]) -> Ruling:
    """Nothing listened at first; everything arrives all the same."""
    sight = sights[0]
    if sight.ending.how == NOT_STARTED:
        return Ruling(INCONCLUSIVE, sight.ending.said)
    refused_s = sight.facts.get("refused_s", 0.0)
    if not sight.calls:
        lost = f"nothing listened for {refused_s:g} s, and nothing ever arrived; {sight.ending.said}"
        return unless_over(sight, Ruling(FAIL, lost))
    if sight.asked is None:
        return Ruling(NOT_APPLICABLE, "its messages have no harness_seq, so what is missing cannot be told")
    missing = sight.asked - sight.stored
    if missing:
        lost = f"nothing listened for {refused_s:g} s; {many(len(missing), 'message')} never arrived"
        return unless_over(sight, Ruling(FAIL, f"{lost}; {sight.ending.said}"))
    return Ruling(PASS, f"nothing listened for {refused_s:g} s, and all messages arrived after that")


def _fate(attempt: Attempt, sight: Sight) -> str:
    said = "got no answer" if attempt.status is None else f"was answered {attempt.status}"
    wait = "" if attempt.retry_after is None else f" with Retry-After: {attempt.retry_after}"
    return f"the request at {sight.after_s(attempt.at_ns)} {said}{wait}"
