"""Store the messages of a sound call in one sweep: the short way of nearly every call.

Enters: a call that is neither throttled nor refused. Leaves: the same stored messages and the same account as
`intake.admit` would make of it, or nothing at all and False, when one message of it is not plainly to be
stored: thrown away, seen before, or without an id. Then `admit` goes through them one by one; the tests
compare both.
"""

from functools import partial
from typing import Final

from harness.mock.box import Box
from harness.mock.recent import Stored, stored_timestamp_ns
from harness.mock.tracking import Reading
from harness.segment.sizes import BATCH_MESSAGES
from harness.segment.validity import discard_reason

# A named tuple's own constructor takes twice as long, and there is one for each message.
_stored: Final = partial(tuple.__new__, Stored)


def sweep(box: Box, reading: Reading, key: int, received_ns: int) -> bool:
    """True when every message is stored and accounted for. Raises JournalError."""
    messages, envelope, kind = reading.messages, reading.envelope, reading.kind
    if not 0 < len(messages) <= BATCH_MESSAGES:
        return False
    around = envelope.get("sentAt")
    ids: list[str] = []
    timestamps_ns: list[int] = []
    kept: list[Stored] = []
    unusable_clocks = 0
    for message in messages:
        if not isinstance(message, dict):
            return False
        get = message.get
        message_id, own_kind = get("messageId"), kind or get("type")
        if not (message_id and isinstance(message_id, str)) or discard_reason(own_kind, message) is not None:
            return False
        sent = get("sentAt")
        timestamp_ns, unusable = stored_timestamp_ns(
            get("timestamp"), around if sent is None else sent, received_ns
        )
        unusable_clocks += unusable
        ids.append(message_id)
        timestamps_ns.append(timestamp_ns)
        kept.append(_stored((message, envelope, own_kind, message_id, received_ns, timestamp_ns)))
    if not box.ledger.record_stored(key, received_ns, ids, timestamps_ns, unusable_clocks=unusable_clocks):
        return False
    box.recent.keep(*kept)
    return True
