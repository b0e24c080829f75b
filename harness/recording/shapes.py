"""Tell what a parsed line is: a bare message, or an envelope around a call, a batch, or no item at all.

Sentences never repeat a line's values: they may be keys or personal data.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.model import Message
from harness.recording.header import MARK
from harness.recording.instants import instant_ns, offset_ns
from harness.segment.endpoints import Endpoint, endpoint_of
from harness.segment.messages import KINDS

_KINDS: Final = frozenset(KINDS)
_TIME_FIELDS: Final = ("receivedAt", "timestamp", "sentAt")
_known_endpoint: Final = lru_cache(maxsize=256)(endpoint_of)  # a recording has few paths
_SHARED: Final = ("context", "integrations")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Shape(NamedTuple):
    """A line that is one item or, where `batch` is not None, as many as that has."""

    api: str
    kind: str  # "" for a batch: each of its messages has its own "type"
    source: str
    at_ns: int | None
    relative: bool  # whether `at_ns` counts from the recording's start
    body: Message  # the message itself; of a batch the body around it; {} where there is none
    batch: Sequence[Message] | None
    path: str = ""  # of a Profile or Config call


class NotAnItemError(ValueError):
    """What is wrong with a line and what to do, without its place."""


def shape_of(fields: object) -> Shape:
    """What a line of JSON is.

    Raises:
        NotAnItemError: it is no item.
    """
    if type(fields) is not dict:
        raise NotAnItemError("not a JSON object; a line is a Segment message or an envelope around one")
    kind = fields.get("type")
    if type(kind) is str and kind in _KINDS and not ("body" in fields and "path" in fields):
        source = fields.get("projectId")
        at_ns = message_at_ns(fields)
        return Shape("tracking", kind, source if type(source) is str else "", at_ns, False, fields, None)
    if "path" in fields or "body" in fields:
        return _envelope(fields)
    if MARK in fields:
        raise NotAnItemError("a header stands on line 1 only; remove the line")
    if "batch" in fields:
        raise NotAnItemError('a batch needs an envelope; write {"at": …, "path": "/v1/batch", "body": {…}}')
    raise NotAnItemError(
        f'"type" must be one of {", ".join(KINDS)}; correct it, or put the call in an envelope'
    )


def message_at_ns(message: Mapping[str, Any]) -> int | None:
    """A bare message's instant: `receivedAt`, else `timestamp`, else `sentAt`; None when it has none of them.

    Raises:
        NotAnItemError: the one that is there is no instant.
    """
    for name in _TIME_FIELDS:
        value = message.get(name)
        if value is not None:
            return _instant_ns(name, value)
    return None


def lateness_ns(message: Mapping[str, Any]) -> int:
    """`receivedAt` - `timestamp` where both are there and readable, else 0."""
    received, stamped = message.get("receivedAt"), message.get("timestamp")
    if type(received) is not str or type(stamped) is not str:
        return 0
    try:
        return instant_ns(received) - instant_ns(stamped)
    except ValueError:
        return 0  # the message goes out as it was, and a malformed clock is its own affair


def merged(member: Message, around: Message) -> Message:
    """A message of a batch with what it takes from the body around it.

    `context` and `integrations` of both are joined by their top-level keys, the message's own winning (the
    HTTP API docs say that they are merged, not how deep; read 2025-11).
    """
    message = member
    for name in _SHARED:
        shared, own = around.get(name), member.get(name)
        if type(shared) is not dict or not shared:
            continue
        if own is None:
            message = {**message, name: shared}
        elif type(own) is dict:
            message = {**message, name: {**shared, **own}}
    return message


def _envelope(fields: Mapping[str, Any]) -> Shape:
    endpoint = _endpoint(fields)
    at_ns, relative = _at(fields.get("at"))
    source = fields.get("source", "")
    if type(source) is not str:
        raise NotAnItemError('"source" must be a text; correct it')
    body = fields.get("body")
    if endpoint.api != "tracking":
        method = _method(fields, "GET")
        if body is not None and type(body) is not dict:
            raise NotAnItemError('"body" must be an object; correct it')
        return Shape(endpoint.api, method, source, at_ns, relative, body or {}, None, fields["path"])
    if _method(fields, "POST") != "POST":
        raise NotAnItemError("the Tracking API is called with POST; correct the method or remove the line")
    if type(body) is not dict:
        raise NotAnItemError(
            '"body" must be an object: the message, or the batch; correct or remove the line'
        )
    if endpoint.is_batch:
        batch = body.get("batch")
        if type(batch) is not list or not batch:
            raise NotAnItemError(
                'the "batch" of its "body" must be a list of messages; correct or remove the line'
            )
        for position, member in enumerate(batch):
            # All before any: a bad line counts no item.
            if type(member) is not dict:
                raise NotAnItemError(f"batch[{position}] is no JSON object; correct or remove it")
            kind = member.get("type")
            if type(kind) is not str or kind not in _KINDS:
                raise NotAnItemError(
                    f'"type" of batch[{position}] must be one of {", ".join(KINDS)}; correct it'
                )
        return Shape("tracking", "", source, at_ns, relative, body, batch)
    own = body.get("type")
    kind = own if type(own) is str and own in _KINDS else endpoint.kind
    if kind is None:
        raise NotAnItemError(f'"type" of its "body" must be one of {", ".join(KINDS)}; correct it')
    return Shape("tracking", kind, source, at_ns, relative, body, None)


def _endpoint(fields: Mapping[str, Any]) -> Endpoint:
    path = fields.get("path")
    if type(path) is not str:
        raise NotAnItemError('an envelope needs a "path", like "/v1/track"; add it')
    endpoint = _known_endpoint(path)
    if endpoint is None:
        if not path.startswith("/") or path.startswith("//"):
            raise NotAnItemError('"path" must be relative, like "/v1/track"; remove the scheme and the host')
        raise NotAnItemError(
            '"path" is none that Segment answers, like "/v1/track"; correct or remove the line'
        )
    api = fields.get("api", endpoint.api)
    if api != endpoint.api:
        raise NotAnItemError(
            f'"api" and "path" disagree: the path is one of {endpoint.api}; correct one of them'
        )
    return endpoint


def _method(fields: Mapping[str, Any], default: str) -> str:
    method = fields.get("method", default)
    if type(method) is not str or method not in _METHODS:
        raise NotAnItemError(f'"method" must be one of {", ".join(_METHODS)}; correct it')
    return method


def _at(value: object) -> tuple[int | None, bool]:
    if value is None:
        return None, False
    if type(value) is int or type(value) is float:
        try:
            return offset_ns(value), True
        except ValueError:
            raise NotAnItemError(
                '"at" as a number is seconds since the recording\'s start; write an instant like '
                "2026-01-02T03:04:05.678Z, or subtract the first line's"
            ) from None
    return _instant_ns("at", value), False


def _instant_ns(name: str, value: object) -> int:
    if type(value) is str:
        try:
            return instant_ns(value)
        except ValueError:
            pass  # said below, together with what is no text
    raise NotAnItemError(f'"{name}" is no instant; write it like 2026-01-02T03:04:05.678Z')
