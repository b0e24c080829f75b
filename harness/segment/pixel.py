"""Read the message that a tracking pixel's address carries (segment-docs "Pixel Tracking API", read 2025-11).

Either `?data=` with the message as JSON, in base64 or plain, or a plain query whose dots stand for nesting:
`?writeKey=…&userId=u1&properties.subject=Hello`; there every value is a text.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from harness.model import Message

# Reasons why there is no message; the first four are those of a posted body.
INVALID_JSON: Final = "invalid_json"
TOO_DEEP: Final = "too_deep"
NOT_AN_OBJECT: Final = "not_an_object"
BAD_ENCODING: Final = "bad_encoding"
BAD_QUERY: Final = "bad_query"  # a name is used for a text and for what stands under it, or is empty
EMPTY: Final = "empty_pixel"

DEEPEST: Final = 32  # levels of a dotted name; Segment's own figure is unknown

# A plus that was not escaped arrives as a space; some encoders break their lines.
_TO_STANDARD: Final = str.maketrans("-_ ", "+/+", "\r\n")


class PixelMessage(NamedTuple):
    """What an address carries; its repr may show a write key."""

    message: Message | None  # None exactly when there is trouble
    write_key: str  # "" when there is none
    body: bytes  # the message as compact JSON; empty when there is none
    trouble: str | None


def message_of(query: Mapping[str, Sequence[str]]) -> PixelMessage:
    """The message of a decoded query; of a repeated name the last value counts. It never fails."""
    beside = _last(query, "writeKey") or ""
    data = _last(query, "data")
    document: Any
    if data is not None:
        document, trouble = _from_data(data)
    elif any(name != "writeKey" for name in query):
        document, trouble = _from_dots(query)
    else:
        return PixelMessage(None, beside, b"", EMPTY)
    if trouble is not None:
        return PixelMessage(None, beside, b"", trouble)
    if not isinstance(document, dict):
        return PixelMessage(None, beside, b"", NOT_AN_OBJECT)
    own = document.get("writeKey")
    write_key = own if isinstance(own, str) and own else beside
    try:
        body = orjson.dumps(document)
    except orjson.JSONEncodeError:
        # JSON is read deeper than it is written; a dotted name is never that deep, but may be no UTF-8.
        return PixelMessage(None, write_key, b"", BAD_ENCODING if data is None else TOO_DEEP)
    return PixelMessage(document, write_key, body, None)


def _from_data(data: str) -> tuple[Any, str | None]:
    text = data.strip()
    if not text.startswith("{"):
        bare = text.translate(_TO_STANDARD).rstrip("=")
        try:
            plain = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
            return None, BAD_ENCODING
    else:
        try:
            plain = text.encode()
        except UnicodeEncodeError:
            return None, INVALID_JSON
    try:
        return orjson.loads(plain), None
    except orjson.JSONDecodeError:
        return None, INVALID_JSON


def _from_dots(query: Mapping[str, Sequence[str]]) -> tuple[Message, str | None]:
    message: Message = {}
    for name in query:
        *path, leaf = name.split(".")
        if len(path) > DEEPEST:
            return {}, TOO_DEEP
        place: Any = message
        for step in path:
            place = place.setdefault(step, {}) if step else None
            if not isinstance(place, dict):
                return {}, BAD_QUERY
        if not leaf or leaf in place:
            return {}, BAD_QUERY
        place[leaf] = _last(query, name)
    return message, None


def _last(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None
