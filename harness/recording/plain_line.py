"""Read a line that is plainly one message in one pass of the parser, without building what is inside it.

Enters: a line. Leaves: what an item needs of it, with the message's own fields as the bytes they came as; or
None, when anything about it is unusual: then `shapes` looks at it as a whole. What always holds: what is told
here is what `shapes` would have told; the tests compare both. One difference is left: a number beyond a
double's range, in a field that is passed over, is plain here alone.
"""

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

import msgspec

from harness.recording.header import MARK
from harness.recording.instants import instant_ns, offset_ns
from harness.segment.endpoints import endpoint_of
from harness.segment.messages import KINDS, keys_of

Fields = dict[str, msgspec.Raw]  # the fields of a message, each as its JSON

_KINDS: Final = frozenset(KINDS)
_ENVELOPED: Final = frozenset({"path", "body", MARK})
_AROUND_BYTES: Final = len('{"path":"","body":}')
_QUOTE: Final = ord('"')
_NULL: Final = b"null"


class PlainLine(NamedTuple):
    """A line that is one message of the Tracking API."""

    kind: str
    source: str
    at_ns: int | None
    relative: bool  # whether `at_ns` counts from the recording's start
    lateness_ns: int
    keys: tuple[str, ...]
    group: Hashable
    fields: Fields
    most_bytes: int  # the message is no longer than this


class _Envelope(msgspec.Struct, gc=False):
    path: str
    body: Fields
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
_BARE: Final = msgspec.json.Decoder(Fields)
_CONTEXT: Final = msgspec.json.Decoder(_Context)
_known_kinds: dict[str, str] = {}  # by the path of an envelope


class _NotPlainError(Exception):
    """Something that has to be looked at as a whole."""


def plain_line(raw: bytes) -> PlainLine | None:
    """What this line tells when it is plainly one message of the Tracking API, else None."""
    try:
        if not raw.isascii():
            raw.decode()  # what is passed over is not looked at so closely
        # An envelope nearly always begins with its time, and a message never does.
        return _enveloped(raw) if raw.startswith(b'{"at":') else _bare(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError, _NotPlainError):
        return None


def _bare(raw: bytes) -> PlainLine | None:
    fields = _BARE.decode(raw)
    if not _ENVELOPED.isdisjoint(fields):
        return None
    kind = _text(fields, "type")
    if kind not in _KINDS:
        return None
    received, stamped, sent = _text(fields, "receivedAt"), _text(fields, "timestamp"), _text(fields, "sentAt")
    first = next((text for text in (received, stamped, sent) if text is not None), None)
    at_ns = None if first is None else instant_ns(first)
    lateness_ns = 0
    if received is not None and stamped is not None and at_ns is not None:
        lateness_ns = at_ns - instant_ns(stamped)
    source = _text(fields, "projectId") or ""
    group: Hashable = None
    if received is not None and sent is not None:
        group = (source, received, sent, _library(fields))
    return PlainLine(kind, source, at_ns, False, lateness_ns, _keys(fields), group, fields, len(raw))


def _enveloped(raw: bytes) -> PlainLine | None:
    envelope = _ENVELOPE.decode(raw)
    path, fields, at, source = envelope.path, envelope.body, envelope.at, envelope.source
    if envelope.method != "POST" or envelope.api != "tracking":
        return None
    implied = _known_kinds.get(path) or _kind_of(path)
    kind = _text(fields, "type")
    if kind is None or kind not in _KINDS:
        kind = implied
    if type(at) is str:
        at_ns, relative, at_bytes = instant_ns(at), False, len(at)
    elif isinstance(at, int | float):
        at_ns, relative, at_bytes = offset_ns(at), True, 0
    else:
        at_ns, relative, at_bytes = None, False, 0
    received, stamped = _text(fields, "receivedAt"), _text(fields, "timestamp")
    lateness_ns = 0
    if received is not None and stamped is not None:
        lateness_ns = instant_ns(received) - instant_ns(stamped)
    most_bytes = len(raw) - _AROUND_BYTES - len(path) - at_bytes - len(source)
    return PlainLine(kind, source, at_ns, relative, lateness_ns, _keys(fields), None, fields, most_bytes)


def _kind_of(path: str) -> str:
    endpoint = endpoint_of(path)
    if endpoint is None or endpoint.api != "tracking" or endpoint.kind is None:
        raise _NotPlainError
    if len(_known_kinds) < 256:
        _known_kinds[path] = endpoint.kind
    return endpoint.kind


def _text(fields: Fields, name: str) -> str | None:
    """A field's text; None when it is not there or null."""
    value = fields.get(name)
    if value is None:
        return None
    raw = bytes(value)
    if raw[0] == _QUOTE and b"\\" not in raw:
        return raw[1:-1].decode()
    if raw == _NULL:
        return None
    raise _NotPlainError


def _keys(fields: Fields) -> tuple[str, ...]:
    previous = _text(fields, "previousId") if "previousId" in fields else None
    return keys_of(_text(fields, "userId"), _text(fields, "anonymousId"), previous)


def _library(fields: Fields) -> str:
    context = fields.get("context")
    library = None if context is None else _CONTEXT.decode(context).library
    return "" if library is None else f"{library.name} {library.version}"
