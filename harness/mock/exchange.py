"""The two halves of an HTTP exchange as the mock sees it: the call that came, the reply that leaves."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

CONTENT_CAP_BYTES: Final = 4 << 20  # a body beyond this is drained, not kept: eight times Segment's largest

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
}


class Call(NamedTuple):
    """One whole HTTP request. Its repr shows a credential: never log it."""

    method: str
    target: str  # as on the request line, so with its query
    authorization: bytes
    encoding: bytes  # Content-Encoding
    body: bytes | None  # None: larger than CONTENT_CAP_BYTES, and not kept


class Reply(NamedTuple):
    """One HTTP answer; a body that is an iterator leaves in pieces, as fast as the client reads."""

    head: bytes  # status line and headers, without the empty line that ends them
    body: bytes | Iterator[bytes]


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


def stream_reply(content_type: str, pieces: Iterator[bytes]) -> Reply:
    """A 200 whose body comes in pieces; the protocol adds the framing."""
    return Reply(_head(200, content_type), pieces)


def refusal(status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    """An error body with every field that some client library reads: success, message, code, error."""
    document = {"success": False, "message": message, "code": code, "error": message}
    return json_reply(status, document, *headers)


def _head(status: int, content_type: str, *headers: tuple[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
