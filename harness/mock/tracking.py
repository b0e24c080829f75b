"""Read one Tracking API call: whose it is, which messages it carries, why it would be refused.

Enters: the endpoint, the body as it came, two headers. Leaves: a `Reading`. It never fails: what cannot be
read is a reading with `trouble` and, where the JSON could still be parsed, with its messages, so that the
ledger can account for them. It knows neither clock nor limits nor what was stored before.
"""

import base64
import binascii
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from harness.mock.exchange import CONTENT_CAP_BYTES
from harness.mock.inflate import InflateError, TooLargeError, inflate
from harness.segment.endpoints import Endpoint
from harness.segment.sizes import BATCH_BYTES, BATCH_MESSAGES, MESSAGE_BYTES
from harness.segment.validity import discard_reason

# The edge knows no keys, but answers 400 to an empty one and to `abc123`; real ones have 32 characters.
# analytics-go issue 205, read 2026-08. How short is too short is undocumented: six was seen refused.
SHORTEST_WRITE_KEY: Final = 7

# Segment answers 200 to a batch of over 2,500 and rejects its events; it names no code, so this one is ours.
TOO_MANY_MESSAGES: Final = "too_many_messages"

_DEEPEST: Final = 254  # levels of JSON that can be written again; parsing alone would take 1,024
_WORTH_COUNTING_BYTES: Final = 8_192  # beyond this there are more brackets than levels anyway
_GROUP_BYTES: Final = 16_384  # of messages that are measured together
_BASIC: Final = b"basic "


class Trouble(NamedTuple):
    """Why a call is answered 400."""

    reason: str  # for the ledger
    message: str  # for the client


TOO_LARGE: Final = Trouble("too_large", "Exceed payload limit")
INVALID_JSON: Final = Trouble("invalid_json", "malformed JSON")
TOO_DEEP: Final = Trouble("too_deep", "malformed JSON: nested too deeply")
NOT_AN_OBJECT: Final = Trouble("not_an_object", "the body must be a JSON object")
BATCH_NOT_A_LIST: Final = Trouble("batch_not_a_list", "batch must be a list of messages")
BAD_ENCODING: Final = Trouble("bad_encoding", "the body is not what Content-Encoding says")
BAD_WRITE_KEY: Final = Trouble("bad_write_key", "a write key is missing, or too short to be one")


class Reading(NamedTuple):
    """What one call holds."""

    write_key: str  # "" when there is none
    kind: str | None  # the message type that the path implies; None for a batch
    messages: list[Any]  # empty when they could not be read, or a batch is empty
    envelope: dict[str, Any]  # what stands around a batch; empty for a single call
    trouble: Trouble | None


def read(endpoint: Endpoint, body: bytes | None, encoding: bytes, authorization: bytes) -> Reading:
    """What this call holds; see the top of the file."""
    key = basic_key(authorization)
    if body is None:
        return Reading(key, endpoint.kind, [], {}, TOO_LARGE)
    if encoding:
        coding = encoding.strip().lower()
        if coding == b"gzip":
            try:
                body = inflate(body, CONTENT_CAP_BYTES)
            except InflateError:
                return Reading(key, endpoint.kind, [], {}, BAD_ENCODING)
            except TooLargeError:
                return Reading(key, endpoint.kind, [], {}, TOO_LARGE)
        elif coding != b"identity":
            return Reading(key, endpoint.kind, [], {}, BAD_ENCODING)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reading(key, endpoint.kind, [], {}, INVALID_JSON)
    if not isinstance(document, dict):
        return Reading(key, endpoint.kind, [], {}, NOT_AN_OBJECT)
    if not key:
        key = _text(document.get("writeKey"))
    # A level takes two brackets: in a small body nothing is too deep.
    trouble = None if len(body) <= 2 * _DEEPEST else _too_much(body, document, is_batch=endpoint.is_batch)
    if trouble is TOO_DEEP:
        return Reading(key, endpoint.kind, [], {}, TOO_DEEP)
    if trouble is None and len(key) < SHORTEST_WRITE_KEY:
        trouble = BAD_WRITE_KEY
    if not endpoint.is_batch:
        return Reading(key, endpoint.kind, [document], {}, trouble)
    messages = document.get("batch")
    if not isinstance(messages, list):
        return Reading(key, None, [], document, BATCH_NOT_A_LIST)
    return Reading(key, None, messages, document, trouble)


def discard_reasons(reading: Reading) -> list[str | None]:
    """For each message the code under which it is thrown away after the 200, or None."""
    if len(reading.messages) > BATCH_MESSAGES:
        return [TOO_MANY_MESSAGES] * len(reading.messages)
    return [discard_reason(kind_of(reading, message), message) for message in reading.messages]


def kind_of(reading: Reading, message: Any) -> Any:
    """The message's type: the path's, or in a batch whatever stands under `type`."""
    if reading.kind is not None:
        return reading.kind
    return message.get("type") if isinstance(message, dict) else None


@lru_cache(maxsize=1_024)  # a client sends the same header with every call
def basic_key(authorization: bytes) -> str:
    """The write key of a Basic header, with or without the colon behind it; "" when there is none."""
    if authorization[: len(_BASIC)].lower() != _BASIC:
        return ""
    try:
        plain = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain.partition(":")[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _too_much(body: bytes, document: dict[str, Any], *, is_batch: bool) -> Trouble | None:
    """TOO_DEEP, TOO_LARGE or None."""
    size = len(body)
    # Where there are few brackets, nothing has to be written to find out how deep they go.
    if size <= _WORTH_COUNTING_BYTES and body.count(b"{") + body.count(b"[") <= _DEEPEST:
        return None
    messages = document.get("batch")
    try:
        if size <= MESSAGE_BYTES:
            orjson.dumps(document)
            return None
        if not is_batch or size > BATCH_BYTES or not isinstance(messages, list):
            orjson.dumps(document)
            return TOO_LARGE
        orjson.dumps({**document, "batch": None})
        return TOO_LARGE if _any_too_large(messages, size) else None
    except orjson.JSONEncodeError:
        return TOO_DEEP


def _any_too_large(messages: list[Any], body_bytes: int) -> bool:
    """One message above its size, counted as compact JSON, refuses the whole batch: so does Segment.

    Messages are written in groups, at the depth at which they stand in the body: a group within the size of
    one message holds none above it. Raises JSONEncodeError when one is nested too deeply.
    """
    step = max(1, _GROUP_BYTES * len(messages) // body_bytes)
    found = False
    for start in range(0, len(messages), step):
        group = messages[start : start + step]
        if len(orjson.dumps([group])) > MESSAGE_BYTES and not found:
            found = any(len(orjson.dumps(message)) > MESSAGE_BYTES for message in group)
    return found
