"""Write what became of the messages of a call as journal lines, and read those lines again.

Two forms. `[id, received_us, class, reason, status, key, timestamp_ms]` is one arrival. A call whose messages
were all stored is one line, `[[ids], received_us, key, sentAt, [timestamps]]`, with the clocks as they came:
correcting them is left to the reader, since it would be a third of the writer's work.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from harness.mock.account import STORED
from harness.segment.timestamps import corrected_ns
from harness.units import NS_PER_MS, NS_PER_US, format_instant_ms, format_instant_us, parse_instant_ns

_LINE: Final = orjson.OPT_APPEND_NEWLINE
_INSTANTS: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
_BETWEEN: Final = b"],["  # two lines that are written together


class Arrival(NamedTuple):
    """One arrival of one message."""

    message_id: str | None  # None when it had none and was not stored
    received_us: int
    class_: str
    reason: str | None
    status: int | None  # what was answered; None when a fault ate the answer
    key: int
    timestamp_ms: int | None  # the corrected one; None exactly when it was not stored


def stored_line(
    ids: Sequence[str],
    received_ns: int,
    key: int,
    sent: datetime | None,
    originals: Sequence[datetime | None],
) -> bytes:
    """The line of a call whose messages were all stored."""
    return orjson.dumps([ids, received_ns // NS_PER_US, key, sent, originals], option=_INSTANTS)


def arrival_lines(arrivals: list[Arrival]) -> bytes:
    """One line for each."""
    rows = [tuple(arrival) for arrival in arrivals]
    if len(rows) == 1:
        return orjson.dumps(rows[0], option=_LINE)
    # Written together and taken apart: a third of the cost of writing each.
    together = orjson.dumps(rows)[1:-1]
    if together.count(_BETWEEN) == len(arrivals) - 1:
        return together.replace(_BETWEEN, b"]\n[") + b"\n"
    return b"".join([orjson.dumps(row, option=_LINE) for row in rows])  # an id holds those very characters


def arrivals_of(line: list[Any]) -> Iterator[Arrival]:
    """The arrivals in a parsed line. Raises ValueError, TypeError or IndexError for any other list."""
    if not isinstance(line[0], list):
        yield Arrival(*line)
        return
    ids, received_us, key, sent, originals = line
    received_ns = received_us * NS_PER_US
    sent_ns = None if sent is None else parse_instant_ns(sent)
    for message_id, original in zip(ids, originals, strict=True):
        original_ns = None if original is None else parse_instant_ns(original)
        timestamp_ns = corrected_ns(received_ns=received_ns, sent_ns=sent_ns, original_ns=original_ns)
        yield Arrival(message_id, received_us, STORED, None, 200, key, timestamp_ns // NS_PER_MS)


def shown(arrival: Arrival, masks: Sequence[str | None]) -> bytes:
    """The NDJSON line in which an arrival is told."""
    stamp_ms = arrival.timestamp_ms
    return orjson.dumps(
        {
            "id": arrival.message_id,
            "received_at": format_instant_us(arrival.received_us * NS_PER_US),
            "class": arrival.class_,
            "reason": arrival.reason,
            "status": arrival.status,
            "write_key": masks[arrival.key],
            "timestamp": None if stamp_ms is None else format_instant_ms(stamp_ms * NS_PER_MS),
        },
        option=_LINE,
    )
