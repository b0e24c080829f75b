"""Take one Tracking API call in: throttle, refuse, discard or store its messages, and account for each."""

from typing import Final

from harness.mock.box import Box
from harness.mock.exchange import Call, Reply, json_reply, refusal
from harness.mock.ledger import DISCARDED, DUPLICATES, REFUSED, STORED, THROTTLED, Entry
from harness.mock.limiter import whole_seconds
from harness.mock.recent import Stored, sent_at, stored_timestamp_ns
from harness.mock.sweep import sweep
from harness.mock.tracking import Reading, discard_reasons, kind_of, read
from harness.segment.endpoints import Endpoint

SUCCESS: Final = json_reply(200, {"success": True})

_STATUS: Final = {THROTTLED: 429, REFUSED: 400}
_ID_BYTES: Final = 16


def take(box: Box, endpoint: Endpoint, call: Call) -> Reply:
    """The answer to this call; its account is written before this returns. Raises JournalError.

    A throttled call is 429 whatever is in it: a gateway counts before it reads. Its body is read all the
    same, so that the ledger can name what was turned away.
    """
    now_ns, received_ns = box.clock.now_ns(), box.clock.wall_ns()
    reading = read(endpoint, call.body, call.encoding, call.authorization)
    key = box.ledger.key_number(reading.write_key)
    wait_ns = box.limiter.admit(key, now_ns) if box.limiter is not None else 0
    if wait_ns:
        _turn_away(box, reading, key, received_ns, class_=THROTTLED, reason="rate_limit")
        seconds = str(whole_seconds(wait_ns))
        return refusal(
            429,
            "rate_limit_exceeded",
            f"too many requests; try again in {seconds} s",
            ("Retry-After", seconds),
            ("X-RateLimit-Reset", seconds),
        )
    if reading.trouble is not None:
        _turn_away(box, reading, key, received_ns, class_=REFUSED, reason=reading.trouble.reason)
        return refusal(400, "invalid_request", reading.trouble.message)
    if not sweep(box, reading, key, received_ns):
        admit(box, reading, key, received_ns)
    return SUCCESS


def _turn_away(box: Box, reading: Reading, key: int, received_ns: int, *, class_: str, reason: str) -> None:
    if reading.trouble is not None and not reading.messages:
        box.ledger.record_unreadable(key, reading.trouble.reason)
        return
    entries = [Entry(_own_id(message), class_, reason, None) for message in reading.messages]
    box.ledger.record(key, received_ns, _STATUS[class_], entries)


def admit(box: Box, reading: Reading, key: int, received_ns: int) -> None:
    """Store or discard the messages of a call, one by one. Raises JournalError."""
    entries: list[Entry] = []
    kept: list[Stored] = []
    unusable_clocks = 0
    for message, reason in zip(reading.messages, discard_reasons(reading), strict=True):
        message_id = _own_id(message)
        if reason is not None:
            entries.append(Entry(message_id, DISCARDED, reason, None))
            continue
        if message_id is None:
            message_id = box.entropy(_ID_BYTES).hex()  # the HTTP API assigns one where there is none
        if not box.ledger.first_sight(message_id):
            entries.append(Entry(message_id, DUPLICATES, None, None))
            continue
        timestamp_ns, unusable = stored_timestamp_ns(
            message.get("timestamp"), sent_at(message, reading.envelope), received_ns
        )
        unusable_clocks += unusable
        entries.append(Entry(message_id, STORED, None, timestamp_ns))
        kind = kind_of(reading, message)
        kept.append(Stored(message, reading.envelope, kind, message_id, received_ns, timestamp_ns))
    box.recent.keep(*kept)
    box.ledger.record(key, received_ns, 200, entries, unusable_clocks=unusable_clocks)


def _own_id(message: object) -> str | None:
    """The id the client gave; None where there is none, it is empty, or no text."""
    if not isinstance(message, dict):
        return None
    message_id = message.get("messageId")
    return message_id if isinstance(message_id, str) and message_id else None
