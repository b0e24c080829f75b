"""How the two Config APIs say yes and no: envelopes, versions of the media type, errors.

Public API docs, "Error Handling" (read 2025-11), and the Config API docs' table of errors (read 2026-11).
"""

from typing import Any, Final, NamedTuple

import orjson

from harness.mock.exchange import Reply, bytes_reply, json_reply

Document = dict[str, Any]

PLAIN: Final = "application/json"
_VERSION: Final = "application/vnd.segment."
_VERSIONS: Final = tuple(f"{_VERSION}{name}+json" for name in ("v1", "v1beta", "v1alpha"))
_NO_QUALITY: Final = -1.0
_LONGEST_ACCEPT: Final = 32  # media types of one header that are looked at
# RFC 9110, 15.5.2: a 401 names the scheme that it wants.
_CHALLENGE: Final = ("WWW-Authenticate", "Bearer")

# `input-validation` and `RequestError` stand in the docs' samples (pages "Request Validation" and "Rate
# Limits"); `not-found` and `forbidden` were seen in
# the field. The others are ours.
_TYPES: Final = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "payload-too-large",
    415: "unsupported-media-type",
    422: "input-validation",
    429: "RequestError",
}
_OTHER_TYPE: Final = "server"

# gRPC's codes, by status, as the Config API docs list them; 413 is ours.
_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 3, 429: 8, 500: 13, 501: 12, 503: 14}
_OTHER_CODE: Final = 2  # gRPC's "unknown"


class Problem(NamedTuple):
    """Why a call is answered no."""

    status: int
    errors: tuple[tuple[str | None, str], ...]  # which field of the input, and the message


def problem(status: int, message: str, field: str | None = None) -> Problem:
    """A problem of one error."""
    return Problem(status, ((field, message),))


def media_type_of(accept: str) -> str | None:
    """The media type to answer this Accept header with; None when it wants versions that do not exist alone.

    Of the versions that exist the one wanted most, or named first; what is no version at all is answered as
    plain JSON.
    """
    best, best_quality, unknown_version = None, 0.0, False
    for part in accept.lower().split(",")[:_LONGEST_ACCEPT]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = _quality(parameters)
        if name in _VERSIONS or name in {PLAIN, "application/*", "*/*"}:
            if quality > best_quality:
                best, best_quality = name if name in _VERSIONS else PLAIN, quality
        elif name.startswith(_VERSION):
            unknown_version = True
    if best is None and unknown_version:
        return None
    return best or PLAIN


def success(document: Document, media_type: str, status: int = 200) -> Reply:
    """`{"data": …}`, as the Public API wraps everything."""
    return bytes_reply(status, media_type, orjson.dumps({"data": document}))


def failure(why: Problem, media_type: str = PLAIN, *headers: tuple[str, str]) -> Reply:
    """`{"errors": […]}`, as the Public API refuses."""
    type_ = _TYPES.get(why.status, _OTHER_TYPE)
    errors = [
        {"type": type_, "message": message} | ({"field": field} if field is not None else {})
        for field, message in why.errors
    ]
    challenge = (_CHALLENGE,) if why.status == 401 else ()
    return bytes_reply(why.status, media_type, orjson.dumps({"errors": errors}), *challenge, *headers)


def legacy_failure(status: int, message: str, *headers: tuple[str, str]) -> Reply:
    """`{"error": …, "code": …}`, as the legacy API refuses."""
    challenge = (_CHALLENGE,) if status == 401 else ()
    document = {"error": message, "code": _CODES.get(status, _OTHER_CODE)}
    return json_reply(status, document, *challenge, *headers)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return _NO_QUALITY
    return 1.0
