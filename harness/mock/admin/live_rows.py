"""Look through the newest kept messages for those that the live page wants, within a bound of work.

Whoever looks at the page must not slow the mock: a call is passed over by its head where that is enough, a
body's text is searched before it is parsed, and of a batch only what is shown is parsed.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from harness.mock.account import STORED
from harness.mock.box import Box
from harness.mock.kept import KeptCall
from harness.mock.plain import Pieces
from harness.units import format_instant_us

Row = dict[str, Any]

# Work is counted in bytes of text searched, one to three nanoseconds each: a few ms for one answer.
_WORK_MOST: Final = 2 << 20
_OF_CALL: Final = 200
_OF_ROW: Final = 2_000
_PASS, _LOOK, _TAKE = range(3)

_TEXT_MOST: Final = 300
_NAMES_SHOWN: Final = 6
_PIECES: Final = msgspec.json.Decoder(Pieces)
_SEARCHED: Final = ("name", "user", "type", "message_id", "reason", "endpoint", "write_key")
_BETWEEN_NAMES: Final = ", "


class Wanted(NamedTuple):
    """Which messages are to be shown."""

    after: int  # those with a higher number
    limit: int
    classes: frozenset[str]  # empty: any
    write_key: str  # as it is shown; empty: any
    search: str  # in lower case; empty: anything


class Found(NamedTuple):
    """What a look came to."""

    rows: list[Row]  # oldest first
    skipped: int  # messages and calls that came after `after` and were not looked at: the oldest of them


def newest_rows(box: Box, wanted: Wanted) -> Found:
    """The newest rows that are wanted."""
    rows: list[Row] = []
    lowest = box.kept.seq
    work = 0
    fragment = _fragment(wanted.search)
    of_heads: dict[tuple[str, int | None], int] = {}  # few, and asked for every call
    for call in reversed(box.kept.calls):
        if lowest <= wanted.after + 1 or len(rows) >= wanted.limit or work >= _WORK_MOST:
            break
        work += _OF_CALL
        lowest = max(call.seq, wanted.after + 1)
        head = (call.path, call.key)
        of_head = of_heads.get(head)
        if of_head is None:
            of_head = of_heads[head] = _of_head(call, _mask(box, call), wanted)
        if of_head == _PASS or (wanted.classes and not _may_have_class(call, wanted.classes)):
            continue
        work += len(call.body)
        if of_head == _LOOK and not _may_hold(call, wanted.search, fragment):
            continue
        for row in _rows_of(call, _mask(box, call), fragment if of_head == _LOOK else b""):
            work += _OF_ROW
            if row["seq"] <= wanted.after:
                break
            if _is_wanted(row, wanted):
                rows.append(row)
                if len(rows) >= wanted.limit:
                    lowest = row["seq"]
                    break
    # Numbers go on over a reset: what was forgotten is not skipped, what was evicted is.
    oldest = box.kept.calls[0].seq if box.kept.calls else box.kept.seq
    skipped = min(lowest - 1 - wanted.after, max(0, lowest - oldest) + box.kept.evicted_messages)
    return Found(rows[::-1], max(0, skipped))


def text_of(call: KeptCall, seq: int) -> bytes:
    """A kept message as it was written. Raises MsgspecError when its batch cannot be taken apart."""
    if call.kind is not None:
        return call.body
    return bytes(_PIECES.decode(call.body).batch[seq - call.seq])


def _mask(box: Box, call: KeptCall) -> str | None:
    return None if call.key is None else box.ledger.masked(call.key)


def _of_head(call: KeptCall, mask: str | None, wanted: Wanted) -> int:
    """What the path and the key of a call alone decide about it."""
    if wanted.write_key and mask != wanted.write_key:
        return _PASS
    said = f"{call.path}\n{mask or ''}\n{call.kind or ''}".lower()
    return _TAKE if wanted.search in said else _LOOK


def _may_have_class(call: KeptCall, classes: frozenset[str]) -> bool:
    if call.entries is None:
        return call.carried > 0 and STORED in classes
    return any(entry.class_ in classes for entry in call.entries)


def _may_hold(call: KeptCall, search: str, fragment: bytes | None) -> bool:
    """False only when no message of this call can hold what is searched for."""
    if call.entries is not None and any(
        search in (entry.reason or "").lower() or search in (entry.message_id or "").lower()
        for entry in call.entries
    ):
        return True
    return _may_say(call.body, fragment)


def _may_say(text: bytes, fragment: bytes | None) -> bool:
    """False only when none of the values in this JSON text holds the fragment."""
    if fragment is not None and fragment in text.lower():
        return True
    return not text.isascii() or b"\\" in text  # a letter may be written in more than one way


def _fragment(search: str) -> bytes | None:
    """What must stand in an ASCII text without escapes that is to be found; None when nothing can."""
    # The names of traits are shown with commas between them, which is not how they are written.
    longest = max(search.split(_BETWEEN_NAMES), key=len)
    return longest.encode() if longest.isascii() else None


def _is_wanted(row: Row, wanted: Wanted) -> bool:
    if wanted.classes and row["class"] not in wanted.classes:
        return False
    return not wanted.search or any(wanted.search in (row[name] or "").lower() for name in _SEARCHED)


def _rows_of(call: KeptCall, mask: str | None, fragment: bytes | None) -> Iterator[Row]:
    """The rows of one call, newest first; of a stored batch those whose text may hold the fragment."""
    row = _row_of_call(call, mask)
    if not call.carried:
        yield row
    elif call.kind is not None:
        yield _row_of_message(row, call, 0, call.body)
    else:
        try:
            pieces = _PIECES.decode(call.body).batch
        except (msgspec.MsgspecError, RecursionError):
            yield row  # one parser goes deeper than the other
            return
        for place in range(min(len(pieces), call.carried) - 1, -1, -1):
            piece = bytes(pieces[place])
            if call.entries is not None or _may_say(piece, fragment):
                yield _row_of_message(row, call, place, piece)


def _row_of_call(call: KeptCall, mask: str | None) -> Row:
    return {
        "seq": call.seq,
        "received_at": format_instant_us(call.received_ns),
        "api": call.api,
        "endpoint": call.path[:_TEXT_MOST],
        "status": call.status,
        "class": None,
        "reason": None,
        "message_id": None,
        "type": None,
        "name": None,
        "user": None,
        "write_key": mask,
        "has_body": False,
    }


def _row_of_message(row: Row, call: KeptCall, place: int, text: bytes) -> Row:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        message = None  # a number beyond a double's range was passed over when it came
    if not isinstance(message, dict):
        message = {}
    if call.entries is None:
        class_, reason, message_id = STORED, None, message.get("messageId")
    else:
        message_id, class_, reason, _ = call.entries[place]
    return {
        **row,
        "seq": call.seq + place,
        "class": class_,
        "reason": _shown(reason),
        "message_id": _shown(message_id),
        "type": _shown(call.kind or message.get("type")),
        "name": _name_of(message),
        "user": _shown(message.get("userId") or message.get("anonymousId")),
        "has_body": True,
    }


def _name_of(message: dict[str, Any]) -> str | None:
    """What tells a message from others of its type: its event, page or group, else the traits it sets."""
    for field in ("event", "name", "category", "groupId", "previousId"):
        if message.get(field):
            return _shown(message[field])
    traits = message.get("traits")
    return _BETWEEN_NAMES.join(list(traits)[:_NAMES_SHOWN])[:_TEXT_MOST] if isinstance(traits, dict) else None


def _shown(value: Any) -> str | None:
    """A value that should be a text, short enough for a table."""
    if value is None or isinstance(value, str):
        return value and value[:_TEXT_MOST]
    return "[…]" if isinstance(value, list) else "{…}" if isinstance(value, dict) else str(value)
