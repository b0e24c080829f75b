"""The two halves of an HTTP exchange as the mock sees it: the call that came, the reply that leaves."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

CONTENT_CAP_BYTES: Final = 4 << 20  # a body beyond this is drained, not kept: eight times Segment's largest

# 460 and 529 are Segment's own, from its libraries' retry tables; the rest are HTTP's.
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    460: "Transient Error",
    529: "Site Overloaded",
}


class Call(NamedTuple):
    """One whole HTTP request. Its repr shows a credential: never log it."""

    method: str
    target: str  # as on the request line, so with its query
    headers: Mapping[bytes, bytes]  # names in lower case; of a repeated one the last. Never change it
    body: bytes | None  # None: larger than CONTENT_CAP_BYTES, and not kept


class Manner(NamedTuple):
    """How the bytes of a reply leave, where that is not simply all at once."""

    sent_bytes: int | None = None  # so many of head and body, then the ending; None: all of them
    ending: str = "keep"  # keep the connection, `close` it, `reset` it, or `hang` with it open
    bytes_per_s: float | None = None  # a slow drip, some bytes at a time
    instead: bytes | None = None  # these bytes leave in place of head and body


class Reply(NamedTuple):
    """One HTTP answer; a body that is an iterator leaves in pieces, as fast as the client reads."""

    head: bytes  # status line and headers, without the empty line that ends them
    body: bytes | Iterator[bytes]
    manner: Manner | None = None


Deliver = Callable[[Reply], None]
Cancel = Callable[[], None]


class Later(NamedTuple):
    """A reply that comes later; nothing more of its connection is read or answered until then.

    `begin` is given the function that takes the reply, and returns the one that calls it off, which is
    called when the client has gone. It must not deliver before it returns.
    """

    begin: Callable[[Deliver], Cancel]


def origin_form(target: str) -> str:
    """The path and query of a target, which may be a whole URL."""
    if target.startswith("/"):
        return target
    _, scheme, rest = target.partition("://")
    return "/" + rest.partition("/")[2] if scheme else target


def json_reply(status: int, document: Any, *headers: tuple[str, str]) -> Reply:
    """A reply whose body is this document as JSON."""
    return bytes_reply(status, "application/json", orjson.dumps(document), *headers)


def bytes_reply(status: int, content_type: str, body: bytes, *headers: tuple[str, str]) -> Reply:
    """A reply of known length."""
    return Reply(_head(status, content_type, ("Content-Length", str(len(body))), *headers), body)


def empty_reply(status: int, *headers: tuple[str, str]) -> Reply:
    """A reply without a body, such as 204."""
    return Reply(
        _head(status, None, ("Content-Length", "0"), *headers)
        if status != 204
        else _head(status, None, *headers),
        b"",
    )


def stream_reply(content_type: str, pieces: Iterator[bytes]) -> Reply:
    """A 200 whose body comes in pieces; the protocol adds the framing."""
    return Reply(_head(200, content_type), pieces)


def with_headers(reply: Reply, *headers: tuple[str, str]) -> Reply:
    """The same reply with more headers."""
    if not headers:
        return reply
    return reply._replace(head=reply.head + _lines(headers))


def refusal(status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    """An error body with every field that some client library reads: success, message, code, error."""
    document = {"success": False, "message": message, "code": code, "error": message}
    return json_reply(status, document, *headers)


def _head(status: int, content_type: str | None, *headers: tuple[str, str]) -> bytes:
    start = f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}\r\n".encode("ascii")
    typed = (("Content-Type", content_type), *headers) if content_type is not None else headers
    return start + _lines(typed)


def _lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1")
