"""Judge whether messages are kept: none lost, none changed, none twice, none given up without a word."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from harness.segment.sizes import BATCH_BYTES, MESSAGE_BYTES
from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.clients.case import NOT_APPLICABLE, Ruling
from harness.throttle.clients.ruling import blind, of_all, of_each, unless_over
from harness.throttle.clients.sight import EXITED, NOT_STARTED, Sight, listed
from harness.throttle.verdict import PASS
from harness.units import NS_PER_S

HELD_BYTES: Final = 200  # a message, however it is held, takes more
STOPS_WITHIN_NS: Final = 15 * NS_PER_S

_NO_NUMBERS: Final = "its messages have no harness_seq, and it lists none as produced"
_OF_THE_ATTEMPT: Final = frozenset({"sentAt", "_metadata", "receivedAt", "writeKey"})


@of_each
def loses_nothing(sight: Sight) -> Ruling:
    """What was produced is what arrived."""
    if sight.asked is None:
        return Ruling(NOT_APPLICABLE, _NO_NUMBERS)
    missing = sight.asked - sight.stored
    if not missing:
        return Ruling(PASS, f"all of {many(len(sight.asked), 'message')} arrived")
    reported = missing & (sight.dropped or frozenset())
    never = missing - sight.seen
    said = (
        f"{many(len(missing), 'message')} of {len(sight.asked):,} never arrived ({listed(missing)}), "
        f"{len(never):,} of them in no request, {len(reported):,} reported; {sight.ending.said}"
    )
    return unless_over(sight, Ruling(FAIL, said))


@of_each
def repeats_with_cause(sight: Sight) -> Ruling:
    """A message comes again only where the answer before was no 2xx."""
    good: dict[Any, str] = {}
    for attempt in sight.calls:
        for message in attempt.messages:
            if message.mark in good and message.mark is not None:
                said = f"message {message.mark} was answered {good[message.mark]} and came again"
                return Ruling(FAIL, f"{said} at {sight.after_s(attempt.at_ns)}")
        if attempt.is_good:
            good |= dict.fromkeys(attempt.marks, f"{attempt.status} at {sight.after_s(attempt.at_ns)}")
    if not good:
        return Ruling(INCONCLUSIVE, f"nothing was ever taken; {sight.ending.said}")
    return Ruling(PASS, f"of {many(len(good), 'message')} none came again after its 2xx")


@of_each
def keeps_ids(sight: Sight) -> Ruling:
    """A message that comes again has the messageId it had, so that the receiver can tell."""
    ids: dict[int, set[str]] = defaultdict(set)
    tries: dict[int, int] = defaultdict(int)
    for attempt in sight.calls:
        for message in attempt.messages:
            if message.number is not None:
                ids[message.number].add(message.id or "")
                tries[message.number] += 1
    if not ids:
        return Ruling(NOT_APPLICABLE, _NO_NUMBERS)
    nameless = [number for number, held in ids.items() if "" in held]
    if nameless:
        return Ruling(FAIL, f"{many(len(nameless), 'message')} came without a messageId ({listed(nameless)})")
    changed = [number for number, held in ids.items() if len(held) > 1]
    if changed:
        first = changed[0]
        return Ruling(
            FAIL,
            f"{many(len(changed), 'message')} came again under another messageId ({listed(changed)}): "
            f"{first} as {' and '.join(sorted(ids[first]))}",
        )
    again = sum(1 for number in tries.values() if number > 1)
    if not again:
        return unless_over(sight, Ruling(NOT_APPLICABLE, "no message came again"))
    return Ruling(PASS, f"{many(again, 'message')} came again under the messageId they had")


@of_each
def keeps_content(sight: Sight) -> Ruling:
    """A message that comes again is the same, but for sentAt."""
    first: dict[Any, dict[str, Any]] = {}
    again = 0
    for attempt in sight.calls:
        for message in attempt.messages:
            if message.mark is None:
                continue
            body = {name: value for name, value in message.body.items() if name not in _OF_THE_ATTEMPT}
            before = first.setdefault(message.mark, body)
            if before is body:
                continue
            again += 1
            changed = sorted(n for n in {*before, *body} if before.get(n) != body.get(n))
            if changed:
                said = f"message {message.mark} came again at {sight.after_s(attempt.at_ns)} with another"
                return Ruling(FAIL, f"{said} {', '.join(changed)}")
    if not again:
        return unless_over(sight, Ruling(NOT_APPLICABLE, "no message came again"))
    return Ruling(PASS, f"{many(again, 'repetition')} had what the first try had")


@of_each
def keeps_order(sight: Sight) -> Ruling:
    """Messages of one person arrive in the order in which they were made."""
    stored = [m.number for a in sight.calls for m in a.messages if m.is_stored and m.number is not None]
    if not stored:
        return Ruling(NOT_APPLICABLE, _NO_NUMBERS)
    late = sum(1 for place, number in enumerate(stored[1:], 1) if number < max(stored[:place]))
    said = f"{late:,} of {many(len(stored), 'message')} arrived after a later one"
    return Ruling(FAIL if late else PASS, said)


@of_each
def says_what_it_lost(sight: Sight) -> Ruling:
    """What is given up is reported: by exit code, on standard error, or in the list of drops."""
    lost = sight.seen - sight.stored
    if not lost:
        return Ruling(INCONCLUSIVE, f"nothing was given up; {sight.ending.said}")
    said = f"{many(len(lost), 'message')} were refused for good; {sight.ending.said}"
    if sight.dropped:
        ids = {m.id: m.mark for a in sight.calls for m in a.messages}
        named = {ids.get(str(mark), mark) for mark in sight.dropped}
        silent = lost - named
        if silent:
            return Ruling(FAIL, f"{said}; {len(silent):,} are not listed as dropped ({listed(silent)})")
        return Ruling(PASS, f"{said}; all are listed as dropped")
    if sight.reports_losses:
        return Ruling(PASS, said)
    if sight.ending.how == EXITED:
        return Ruling(FAIL, f"{said}, and nothing on standard error")
    return Ruling(NOT_APPLICABLE, f"{said}; it neither ended, nor listed or said what it gave up")


@of_all
def bounds_its_queue(sights: Sequence[Sight]) -> Ruling:
    """While nothing leaves, twice as many messages do not take twice the memory."""
    grown: list[int] = []
    for sight in sights:
        peak, plain = sight.ending.peak_bytes, sight.facts.get("plain_bytes")
        if peak is None or plain is None:
            return Ruling(NOT_APPLICABLE, "its memory cannot be seen here")
        grown.append(max(0, peak - plain))
    less, more = sights[0].events, sights[-1].events
    said = (
        f"while everything was throttled, its memory grew by {grown[0] / 1e6:.1f} MB with {less:,} messages "
        f"and by {grown[-1] / 1e6:.1f} MB with {more:,}"
    )
    return Ruling(FAIL if grown[-1] - grown[0] > HELD_BYTES * (more - less) else PASS, said)


@of_each
def ends_when_told(sight: Sight) -> Ruling:
    """Told to end while it is held up, it does so soon, and says what it could not send."""
    ending = sight.ending
    if ending.stop_ns is None:
        if ending.how == EXITED:
            return Ruling(NOT_APPLICABLE, f"it was not there to be told; {ending.said}")
        return Ruling(FAIL, f"told to end (SIGTERM) it did not; {ending.said}")
    said = f"told to end (SIGTERM) it did within {ending.stop_ns / 1e9:.2f} s"
    if ending.stop_ns > STOPS_WITHIN_NS + sight.stall_ns:
        return Ruling(FAIL, said)
    if (ending.code or 0) < 0:
        return Ruling(FAIL, f"{said}, by the signal itself: what it held is gone, and it said nothing")
    if not sight.reports_losses:
        return Ruling(FAIL, f"{said}, {ending.said}; what it held is gone, and it said nothing")
    return Ruling(PASS, f"{said}, {ending.said}")


def keeps_to_sizes(sights: Sequence[Sight]) -> Ruling:
    """No message above 32 KB and no batch above 500 KB leaves; what cannot leave is reported."""
    sight = sights[0]
    if sight.ending.how == NOT_STARTED:
        return blind(sight) or Ruling(INCONCLUSIVE, sight.ending.said)
    messages = [m for a in sight.calls for m in a.messages]
    if messages and not any("harness_pad" in m.body.get("properties", {}) for m in messages):
        return Ruling(NOT_APPLICABLE, "its messages have no harness_pad of HARNESS_PAD_BYTES")
    batch = max((a.body_bytes for a in sight.calls), default=0)
    if batch > BATCH_BYTES:
        return Ruling(FAIL, f"a request of {batch:,} bytes came; Segment takes {BATCH_BYTES:,}")
    single = max((len(json.dumps(m.body, separators=(",", ":"))) for m in messages), default=0)
    if single > MESSAGE_BYTES:
        return Ruling(FAIL, f"a message of {single:,} bytes came; Segment takes {MESSAGE_BYTES:,}")
    if messages:
        return Ruling(PASS, f"the largest request had {batch:,} bytes, the largest message {single:,}")
    if sight.reports_losses:
        return Ruling(PASS, f"nothing left, and that was reported; {sight.ending.said}")
    silent = Ruling(FAIL, f"nothing left, and nothing was said; {sight.ending.said}")
    return silent if sight.ending.how == EXITED else Ruling(NOT_APPLICABLE, silent.evidence)


@of_each
def counts_its_tries(sight: Sight) -> Ruling:
    """X-Retry-Count is absent at first, then 1, 2, 3."""
    for mark in sight.seen:
        counts = [attempt.retry_count for attempt in sight.tries(mark)]
        wanted = [None, *map(str, range(1, len(counts)))]
        if len(counts) > 1 and counts != wanted:
            shown = ", ".join(count or "none" for count in counts)
            return Ruling(FAIL, f"the tries of message {mark} had X-Retry-Count: {shown}")
    again = max((len(sight.tries(mark)) for mark in sight.seen), default=0)
    if again < 2:
        return unless_over(sight, Ruling(NOT_APPLICABLE, "no message came again"))
    return Ruling(PASS, f"X-Retry-Count was absent, then {', '.join(map(str, range(1, again)))}")


def sends_nothing(sights: Sequence[Sight]) -> Ruling:
    """With nothing to send, no request leaves."""
    sight = sights[0]
    if sight.ending.how == NOT_STARTED:
        return Ruling(INCONCLUSIVE, sight.ending.said)
    if sight.calls:
        held = sum(len(a.messages) for a in sight.calls)
        return Ruling(
            FAIL,
            f"told to send 0 messages it sent {many(len(sight.calls), 'request')} with "
            f"{many(held, 'message')}",
        )
    return unless_over(sight, Ruling(PASS, f"no request came; {sight.ending.said}"))


@of_each
def tells_redirects(sight: Sight) -> Ruling:
    """A 3xx is no delivery: the messages come again, or their loss is reported."""
    lost = sight.seen - sight.stored
    tries = max((len(sight.tries(mark)) for mark in lost), default=0)
    said = f"answered 302 its messages came {many(tries, 'time')}; {sight.ending.said}"
    if tries > 1 or sight.reports_losses:
        return Ruling(PASS, said)
    return unless_over(sight, Ruling(FAIL, said))
