"""Recognise a call whose messages are plainly to be stored, in one pass of the parser.

Enters: an inflated body. Leaves: what has to be written down of it, or None, when anything in it is not
plainly good: then `tracking.read` looks at it as a whole. What always holds: what is good here is good there;
the tests compare both. Nothing is built of properties, traits and context; they are checked and passed over.
One difference is left: a number beyond a double's range in a field that is passed over is good here alone.
"""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple, Union

import msgspec

from harness.segment.consent import CONSENT_EVENT
from harness.segment.endpoints import Endpoint

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]

# Between these no correction leads out of the years that can be written.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


class _Object(msgspec.Struct, gc=False):
    """Any JSON object."""


class _Message(msgspec.Struct, kw_only=True, gc=False):
    messageId: _Text  # noqa: N815 - Segment's word
    userId: _Text | None = None  # noqa: N815 - Segment's word
    anonymousId: _Text | None = None  # noqa: N815 - Segment's word
    event: str | None = None  # here so that every type has one to ask for
    timestamp: _Instant | None = None


# What each type may hold besides; as the table of `segment/validity`.
_FIELDS: Final[dict[str, list[tuple[str, Any, Any] | tuple[str, Any]]]] = {
    "identify": [("traits", _Object | None, None)],
    "track": [("event", _Text), ("properties", _Object | None, None)],
    "page": [
        ("name", _Text | None, None),
        ("category", _Text | None, None),
        ("properties", _Object | None, None),
    ],
    "screen": [
        ("name", _Text | None, None),
        ("category", _Text | None, None),
        ("properties", _Object | None, None),
    ],
    "group": [("traits", _Object | None, None)],
    "alias": [],
}
# A batch says when it was sent; a message of it that says so too is looked at as a whole.
_UNSAID: Final = [("sentAt", None, None)]
_SAID: Final = [("sentAt", _Instant | None, None), ("writeKey", str | None, None)]


def _shape(kind: str, more: list[tuple[str, Any, Any]], **options: Any) -> Any:
    fields: list[Any] = [*_FIELDS[kind], *more]
    return msgspec.defstruct(f"_{kind}", fields, bases=(_Message,), kw_only=True, gc=False, **options)


_Batched: Any = Union[tuple(_shape(kind, _UNSAID, tag_field="type", tag=kind) for kind in _FIELDS)]  # noqa: UP007 - of a tuple


class _Batch(msgspec.Struct, gc=False):
    batch: list[_Batched]
    sentAt: _Instant | None = None  # noqa: N815 - Segment's word
    writeKey: str | None = None  # noqa: N815 - Segment's word


class Pieces(msgspec.Struct, gc=False):
    """The messages of a batch, each as its text."""

    batch: list[msgspec.Raw]


_SINGLE: Final = {kind: msgspec.json.Decoder(_shape(kind, _SAID)) for kind in _FIELDS}
_BATCH: Final = msgspec.json.Decoder(_Batch)
_PIECES: Final = msgspec.json.Decoder(Pieces)
_ID_NAME: Final = b'"messageId"'
_ID: Final = attrgetter("messageId")
_USER: Final = attrgetter("userId")
_EVENT: Final = attrgetter("event")
_TIMESTAMP: Final = attrgetter("timestamp")


class Plain(NamedTuple):
    """What is to be written down of a plainly good call."""

    write_key: str  # as the body has it; "" when it has none
    ids: list[str]  # one at least
    originals: list[datetime | None]
    sent: datetime | None


class Bounds(NamedTuple):
    """How large what is plainly good may be."""

    message_bytes: int
    batch_bytes: int
    batch_messages: int


def plainly_good(endpoint: Endpoint, body: bytes, bounds: Bounds) -> Plain | None:
    """This call when all its messages are plainly to be stored; else None."""
    try:
        if not body.isascii():
            body.decode()  # what is passed over is not looked at so closely
        if endpoint.kind is not None:
            return _single(endpoint.kind, body, bounds)
        return _batch(body, bounds)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _single(kind: str, body: bytes, bounds: Bounds) -> Plain | None:
    if len(body) > bounds.message_bytes:
        return None
    message = _SINGLE[kind].decode(body)
    if (message.userId is None and message.anonymousId is None) or message.event == CONSENT_EVENT:
        return None
    sent, original = message.sentAt, message.timestamp
    if not (original is None or _EARLIEST < original < _LATEST):
        return None
    if not (sent is None or _EARLIEST < sent < _LATEST):
        return None
    return Plain(message.writeKey or "", [message.messageId], [original], sent)


def _batch(body: bytes, bounds: Bounds) -> Plain | None:
    size = len(body)
    if size > bounds.batch_bytes:
        return None
    envelope = _BATCH.decode(body)
    messages = envelope.batch
    if not 0 < len(messages) <= bounds.batch_messages:
        return None
    if size > bounds.message_bytes and not _are_small(body, len(messages), bounds.message_bytes):
        return None
    if None in map(_USER, messages) and any(m.userId is None and m.anonymousId is None for m in messages):
        return None
    if CONSENT_EVENT in map(_EVENT, messages):
        return None  # there are rules about its context
    originals = list(map(_TIMESTAMP, messages))
    known = [original for original in originals if original is not None] if None in originals else originals
    if known and not (min(known) > _EARLIEST and max(known) < _LATEST):
        return None
    sent = envelope.sentAt
    if not (sent is None or _EARLIEST < sent < _LATEST):
        return None
    return Plain(envelope.writeKey or "", list(map(_ID, messages)), originals, sent)


def _are_small(body: bytes, messages: int, message_bytes: int) -> bool:
    """True when no message of this batch, each of which has an id, is above its size as it came."""
    # Where each names its id once, a message lies between the names before and behind its own: so when no two
    # names that follow each other are half the size apart, that is proof, for half the price of taking apart.
    if body.count(_ID_NAME) == messages and (b"\\" not in body or b"\\u" not in body):
        reach_bytes = message_bytes // 2 - len(_ID_NAME)
        at, end = 0, len(body) - reach_bytes
        while at < end:
            further = body.rfind(_ID_NAME, at + 1, at + reach_bytes)  # all between the two are nearer
            if further < 0:
                break
            at = further
        else:
            return True
    return max(map(len, _PIECES.decode(body).batch)) <= message_bytes
