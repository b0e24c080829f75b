"""The nouns of what a receiver saw: a call as it came, and each message in it.

People and the values that a user follows are told as keyed digests: what is written down of them can be
compared, and not read.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

ID_CHARACTERS: Final = 100  # of a message id that is told; Segment documents no more
_DIGEST_BYTES: Final = 8


class SeenMessage(NamedTuple):
    """One message of a call, and what became of it."""

    identity: int  # digest of its id, or of its content where it had none
    id: str | None  # at most ID_CHARACTERS of it
    kind: str | None
    class_: str  # stored, duplicates, discarded, refused, throttled, faulted
    reason: str | None
    known: bool  # stored before this call came
    stored: bool  # by this call, whatever was answered
    people: tuple[int, ...]  # digests of the ids that keep its person's order
    stamp_ms: int | None  # its own timestamp, as it came
    size_bytes: int
    value: int | None  # digest of the value that is followed; None where it has none


class SeenCall(NamedTuple):
    """One HTTP call as it came."""

    at_ns: int  # since 1970
    api: str
    method: str
    path: str  # without its query
    status: int | None  # that was answered; None when no whole answer left
    retry_after: str | None  # the header of the answer, as it stood there
    tries: int | None  # X-Retry-Count; None where there was none
    body_bytes: int | None  # unpacked; None when it was too large to be kept
    source: str  # the write key, masked; "" for none
    messages: tuple[SeenMessage, ...]


def digest(text: bytes, salt: bytes) -> int:
    """64 bits of BLAKE2b under this salt of up to 16 bytes."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=_DIGEST_BYTES, salt=salt[:16]).digest(), "big")


def value_at(document: Any, path: tuple[str, ...]) -> str | None:
    """The text or number at a path such as `("properties", "order_id")`, as text; None for anything else.

    A part that is a number goes into a list. Numbers are told as Python writes them, so 17 and "17" are one.
    """
    found = document
    for part in path:
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    if isinstance(found, str):
        return found or None
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
