"""Read one Tracking API call: whose it is, which messages it carries, why it would be refused.

Enters: the endpoint, the inflated body, the key of its header. Leaves: a `Reading`. It never fails: what
cannot be read is a reading with `trouble` and, where the JSON could still be parsed, with its messages, so
that the ledger can account for them. It knows neither clock nor limits nor what was stored before.
"""

import base64
import binascii
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from harness.mock.exchange import CONTENT_CAP_BYTES
from harness.mock.inflate import InflateError, TooLargeError, inflate
from harness.mock.plain import Bounds
from harness.segment.endpoints import Endpoint

_BASIC: Final = b"basic "


class Trouble(NamedTuple):
    """Why nothing of a call is taken."""

    reason: str  # for the ledger; what is answered to it is `edge/behaviour`'s


TOO_LARGE: Final = Trouble("too_large")
INVALID_JSON: Final = Trouble("invalid_json")
TOO_DEEP: Final = Trouble("too_deep")
NOT_AN_OBJECT: Final = Trouble("not_an_object")
BATCH_NOT_A_LIST: Final = Trouble("batch_not_a_list")
BAD_ENCODING: Final = Trouble("bad_encoding")
BAD_WRITE_KEY: Final = Trouble("bad_write_key")


class Reading(NamedTuple):
    """What one call holds."""

    write_key: str  # "" when there is none
    kind: str | None  # the message type that the path implies; None for a batch
    messages: list[Any]  # empty when they could not be read, or a batch is empty
    envelope: dict[str, Any]  # what stands around a batch; empty for a single call
    trouble: Trouble | None


def inflated(body: bytes | None, encoding: bytes) -> bytes | Trouble:
    """The body as it was before its Content-Encoding."""
    if body is None:
        return TOO_LARGE
    coding = encoding.strip().lower()
    if coding in (b"", b"identity"):
        return body
    if coding != b"gzip":
        return BAD_ENCODING
    try:
        return inflate(body, CONTENT_CAP_BYTES)
    except InflateError:
        return BAD_ENCODING
    except TooLargeError:
        return TOO_LARGE


def read(endpoint: Endpoint, body: bytes | Trouble, key: str, bounds: Bounds, shortest_key: int) -> Reading:
    """What this call holds; see the top of the file."""
    if isinstance(body, Trouble):
        return Reading(key, endpoint.kind, [], {}, body)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reading(key, endpoint.kind, [], {}, INVALID_JSON)
    if not isinstance(document, dict):
        return Reading(key, endpoint.kind, [], {}, NOT_AN_OBJECT)
    if not key:
        key = _text(document.get("writeKey"))
    trouble = _too_large(body, document, bounds, is_batch=endpoint.is_batch)
    if trouble is None and len(key) < shortest_key:
        trouble = BAD_WRITE_KEY
    if not endpoint.is_batch:
        return Reading(key, endpoint.kind, [document], {}, trouble)
    messages = document.get("batch")
    if not isinstance(messages, list):
        return Reading(key, None, [], document, BATCH_NOT_A_LIST)
    return Reading(key, None, messages, document, trouble)


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


def _too_large(body: bytes, document: dict[str, Any], bounds: Bounds, *, is_batch: bool) -> Trouble | None:
    """TOO_LARGE, TOO_DEEP or None. One message above its size refuses the whole batch: so does Segment."""
    size, messages = len(body), document.get("batch")
    if size <= bounds.message_bytes:
        return None
    if not is_batch or size > bounds.batch_bytes or not isinstance(messages, list):
        return TOO_LARGE
    try:
        return TOO_LARGE if any(len(compact(m)) > bounds.message_bytes for m in messages) else None
    except RecursionError:
        return TOO_DEEP


def compact(message: Any) -> bytes:
    """A message as JSON without a needless space. Raises RecursionError when it is nested too deeply."""
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:  # it reads 1,024 levels, but writes 254
        return msgspec.json.encode(message)
