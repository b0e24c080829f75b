"""Turn what is played into the reply that leaves: a pure function of the fault and the mock's own answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from harness.mock.exchange import Manner, Reply, bytes_reply, empty_reply, json_reply, refusal, with_headers
from harness.mock.faults.outcome import (
    DRIP,
    EMPTY,
    GARBAGE,
    HANG,
    MALFORMED_CHUNK,
    NO_BODY,
    RESET_AFTER_BODY,
    RESET_BEFORE_BODY,
    RESET_BEFORE_HEAD,
    STATUS,
    TRUNCATED,
    Outcome,
)
from harness.mock.faults.plan import Played

Entropy = Callable[[int], bytes]  # so many random bytes
Headers = tuple[tuple[str, str], ...]

_LEGACY_PREFIX: Final = "/v1beta"
# Within the status line: clients take a head that breaks off between its headers for a whole one.
_HEAD_BEGINS: Final = len(b"HTTP/1.1 ")
# Segment's libraries expect these two; the names follow their retry tables, as the phrases do.
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    460: "Transient Error",
    529: "Site Overloaded",
}
# Profile API docs, "Errors", read 2025-11; other statuses have no documented code.
_PROFILE_CODES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found",
    422: "validation_error",
    429: "rate_limit_error",
}
# Config API docs, "Errors", read 2025-11; 2 is what gRPC calls unknown.
_LEGACY_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 501: 12, 503: 14}
_LEGACY_UNKNOWN: Final = 2


def played_reply(played: Played, own_reply: Reply | None, entropy: Entropy, headers: Headers = ()) -> Reply:
    """The reply that leaves in place of the mock's own.

    `own_reply` is the true answer where the call had its normal course (`played.after`); None before the
    ledger: then what is cut or dripped is a plain 200. `headers` are those that every answer of this path
    has (CORS); they are added to what is made here, and not to `own_reply`, which has them.
    """
    base = own_reply
    if base is None:
        base = json_reply(200, {"success": True}, *headers)
    outcome = played.outcome
    if outcome is None:
        return base
    if outcome.kind == STATUS:
        return with_headers(_status_reply(outcome, played), *headers)
    return _EFFECTS[outcome.kind](outcome, base, entropy)


def _status_reply(outcome: Outcome, played: Played) -> Reply:
    status = outcome.status
    if status in NO_BODY:
        return empty_reply(status, *outcome.headers)
    if outcome.body is not None:
        return bytes_reply(status, outcome.content_type, outcome.body, *outcome.headers)
    if status < 400:
        return json_reply(status, {"success": True}, *outcome.headers)
    phrase = _PHRASES.get(status, "Unknown")
    code = phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
    if played.api == "tracking":
        return refusal(status, code, phrase, *outcome.headers)
    return json_reply(status, _error_document(played, status, code, phrase), *outcome.headers)


def _error_document(played: Played, status: int, code: str, phrase: str) -> dict[str, Any]:
    """The error body of the API that was called, so that its clients can read it."""
    if played.api == "profile":
        return {"error": {"code": _PROFILE_CODES.get(status, code), "message": phrase}}
    if played.endpoint.startswith(_LEGACY_PREFIX):
        return {"error": phrase, "code": _LEGACY_CODES.get(status, _LEGACY_UNKNOWN)}
    return {"errors": [{"type": "RequestError", "message": phrase}]}


def _framed(base: Reply) -> tuple[bytes, bytes]:
    """Head with the line that ends it, and body, as they leave; of a stream the first piece, as a chunk."""
    if isinstance(base.body, bytes):
        return base.head + b"\r\n", base.body
    piece = next(base.body, b"")
    chunk = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
    return base.head + b"Transfer-Encoding: chunked\r\n\r\n", chunk


def _cut(base: Reply, sent_bytes: int | None) -> bytes:
    """The head and so much of the body, but never all of it; where there is no body, a piece of the head."""
    head, body = _framed(base)
    if not body:
        return head[:_HEAD_BEGINS]
    wanted = len(body) // 2 if sent_bytes is None else sent_bytes
    return head + body[: min(wanted, len(body) - 1)]


def _noise(outcome: Outcome, entropy: Entropy) -> bytes:
    """Random bytes, of which the first can begin neither an answer nor a chunk."""
    return b"\xff" + entropy(outcome.garbage_bytes - 1)


def _instead(base: Reply, instead: bytes, ending: str) -> Reply:
    return base._replace(manner=Manner(instead=instead, ending=ending))


def _reset_before_head(_: Outcome, base: Reply, __: Entropy) -> Reply:
    return _instead(base, b"", "reset")


def _reset_before_body(_: Outcome, base: Reply, __: Entropy) -> Reply:
    return _instead(base, _cut(base, 0), "reset")


def _reset_after_body(_: Outcome, base: Reply, __: Entropy) -> Reply:
    return base._replace(manner=Manner(ending="reset"))


def _empty(_: Outcome, base: Reply, __: Entropy) -> Reply:
    return _instead(base, b"", "close")


def _truncated(outcome: Outcome, base: Reply, _: Entropy) -> Reply:
    return _instead(base, _cut(base, outcome.sent_bytes), "close")


def _garbage(outcome: Outcome, base: Reply, entropy: Entropy) -> Reply:
    return _instead(base, _noise(outcome, entropy), "close")


def _malformed_chunk(outcome: Outcome, base: Reply, entropy: Entropy) -> Reply:
    lines = base.head.splitlines(keepends=True)
    head = b"".join(line for line in lines if not line.lower().startswith(b"content-length:"))
    return _instead(base, head + b"Transfer-Encoding: chunked\r\n\r\n" + _noise(outcome, entropy), "close")


def _drip(outcome: Outcome, base: Reply, _: Entropy) -> Reply:
    return base._replace(manner=Manner(bytes_per_s=outcome.bytes_per_s))


def _hang(outcome: Outcome, base: Reply, _: Entropy) -> Reply:
    return _instead(base, b"" if outcome.sent_bytes is None else _cut(base, outcome.sent_bytes), "hang")


_EFFECTS: Final[dict[str, Callable[[Outcome, Reply, Entropy], Reply]]] = {
    RESET_BEFORE_HEAD: _reset_before_head,
    RESET_BEFORE_BODY: _reset_before_body,
    RESET_AFTER_BODY: _reset_after_body,
    EMPTY: _empty,
    TRUNCATED: _truncated,
    GARBAGE: _garbage,
    MALFORMED_CHUNK: _malformed_chunk,
    DRIP: _drip,
    HANG: _hang,
}
