"""Read a line that is plainly one message in one pass of the parser, without building what is inside it.

Enters: a line. Leaves: what an item needs of it, with the message itself as the bytes it came as; or
None, when anything about it is unusual: then `shapes` looks at it as a whole. What always holds: what is told
here is what `shapes` would have told; the tests compare both. One difference is left: a number beyond a
double's range, in a field that is passed over, is plain here alone.
"""

from collections.abc import Hashable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from harness.recording.instants import instant_ns, offset_ns
from harness.segment.endpoints import endpoint_of
from harness.segment.messages import KINDS, keys_of

Fields = dict[str, Raw]  # the fields of a message, each as its JSON

_KINDS: Final = frozenset(KINDS)
_BODY: Final = b'"body":'
_PATHS_KEPT: Final = 256
_NULL: Final = Raw(b"null")


class PlainLine(NamedTuple):
    """A line that is one message of the Tracking API."""

    kind: str
    source: str
    at_ns: int | None
    relative: bool  # whether `at_ns` counts from the recording's start
    lateness_ns: int
    keys: tuple[str, ...]
    group: Hashable
    message: Raw  # its JSON
    most_bytes: int  # no shorter than the message


_plain_line: Final = partial(tuple.__new__, PlainLine)  # the constructor itself takes twice as long


class _Known(msgspec.Struct, gc=False):
    """What is looked at of a message."""

    type: str | None = None
    userId: str | None = None  # noqa: N815 - Segment's word
    anonymousId: str | None = None  # noqa: N815 - Segment's word
    previousId: str | None = None  # noqa: N815 - Segment's word
    receivedAt: str | None = None  # noqa: N815 - Segment's word
    timestamp: str | None = None


class _Bare(_Known, gc=False):
    """A message that is the whole line."""

    sentAt: str | None = None  # noqa: N815 - Segment's word
    projectId: str | None = None  # noqa: N815 - Segment's word
    context: Raw = _NULL
    path: Raw = _NULL  # these three stand in what is no message
    body: Raw = _NULL
    harness: Raw = _NULL


class _Envelope(msgspec.Struct, gc=False):
    path: str
    body: Raw
    at: str | int | float | None = None
    source: str = ""
    method: str = "POST"
    api: str = "tracking"


class _Library(msgspec.Struct, gc=False):
    name: Any = None
    version: Any = None


class _Context(msgspec.Struct, gc=False):
    library: _Library | None = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_KNOWN: Final = msgspec.json.Decoder(_Known)
_BARE: Final = msgspec.json.Decoder(_Bare)
_FIELDS: Final = msgspec.json.Decoder(Fields)
_CONTEXT: Final = msgspec.json.Decoder(_Context | None)
_known_kinds: dict[str, str] = {}  # by the path of an envelope


def plain_line(raw: bytes) -> PlainLine | None:
    """What this line tells when it is plainly one message of the Tracking API, else None."""
    try:
        if not raw.isascii():
            raw.decode()  # what is passed over is not looked at so closely
        # An envelope nearly always begins with its time, and a message never does.
        return _enveloped(raw) if raw.startswith(b'{"at":') else _bare(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def fields_of(message: Raw) -> Fields:
    """The fields of a plain line's message."""
    return _FIELDS.decode(message)


def _bare(raw: bytes) -> PlainLine | None:
    line = _BARE.decode(raw)
    if line.type not in _KINDS or not (line.path is line.body is line.harness is _NULL):
        return None
    received, stamped, sent = line.receivedAt, line.timestamp, line.sentAt
    first = next((text for text in (received, stamped, sent) if text is not None), None)
    at_ns = None if first is None else instant_ns(first)
    lateness_ns = 0
    if received is not None and stamped is not None and at_ns is not None:
        lateness_ns = at_ns - instant_ns(stamped)
    source = line.projectId or ""
    group: Hashable = None
    if received is not None and sent is not None:
        context = _CONTEXT.decode(line.context)
        library = None if context is None else context.library
        group = (source, received, sent, "" if library is None else f"{library.name} {library.version}")
    keys = keys_of(line.userId, line.anonymousId, line.previousId)
    return _plain_line((line.type, source, at_ns, False, lateness_ns, keys, group, Raw(raw), len(raw)))


def _enveloped(raw: bytes) -> PlainLine | None:
    envelope = _ENVELOPE.decode(raw)
    if envelope.method != "POST" or envelope.api != "tracking":
        return None
    path, at, body = envelope.path, envelope.at, envelope.body
    kind = _known_kinds.get(path) or _kind_of(path)
    if kind is None:
        return None
    known = _KNOWN.decode(body)
    if known.type in _KINDS:
        kind = known.type
    relative = False
    if type(at) is str:
        at_ns: int | None = instant_ns(at)
    elif isinstance(at, int | float):
        at_ns, relative = offset_ns(at), True
    else:
        at_ns = None
    lateness_ns = 0
    if known.receivedAt is not None and known.timestamp is not None:
        lateness_ns = instant_ns(known.receivedAt) - instant_ns(known.timestamp)
    keys = keys_of(known.userId, known.anonymousId, known.previousId)
    most_bytes = len(raw) - raw.find(_BODY) - len(_BODY) - len("}")
    return _plain_line((kind, envelope.source, at_ns, relative, lateness_ns, keys, None, body, most_bytes))


def _kind_of(path: str) -> str | None:
    endpoint = endpoint_of(path)
    if endpoint is None or endpoint.api != "tracking" or endpoint.kind is None:
        return None
    if len(_known_kinds) < _PATHS_KEPT:
        _known_kinds[path] = endpoint.kind
    return endpoint.kind
