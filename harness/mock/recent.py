"""Keep the last stored messages, in the form in which Segment would hand them on."""

import re
from collections import deque
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.segment.timestamps import corrected_ns
from harness.units import NS_PER_MS, format_instant_ms, parse_instant_ns

KEPT: Final = 1_000

_YEAR_1_NS: Final = parse_instant_ns("0001-01-01T00:00:00Z")
_YEAR_9999_NS: Final = parse_instant_ns("9999-12-31T23:59:59Z")

# The form that Segment's libraries write is read in two halves: messages share their second, and there are
# a thousand fractions. 0.3 us instead of the 1.8 of a whole parse.
_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_SECOND_CHARACTERS: Final = 19
_FRACTION_NS: Final = {f".{millisecond:03d}Z": millisecond * NS_PER_MS for millisecond in range(1_000)}


class Stored(NamedTuple):
    """A stored message, not yet brought into its final form."""

    message: dict[str, Any]  # as it came
    envelope: dict[str, Any]
    kind: str
    message_id: str
    received_ns: int
    timestamp_ns: int  # corrected


class Recent:
    """A ring of the last 1,000 messages stored by this process; older ones leave it, and are counted."""

    __slots__ = ("_taken", "ring")

    def __init__(self) -> None:
        self.ring: deque[Stored] = deque(maxlen=KEPT)
        self._taken = 0

    @property
    def evicted(self) -> int:
        """How many have left the ring."""
        return self._taken - len(self.ring)

    def keep(self, *stored: Stored) -> None:
        """Take these in, at the price of the oldest."""
        self._taken += len(stored)
        self.ring.extend(stored)

    def reset(self) -> None:
        """Forget them all."""
        self.ring.clear()
        self._taken = 0


def instant_ns(value: Any) -> int | None:
    """An ISO-8601 text as ns since 1970; None when it is absent or something else."""
    if not isinstance(value, str):
        return None
    fraction_ns = _FRACTION_NS.get(value[_SECOND_CHARACTERS:])
    if fraction_ns is None:
        return _parsed(value)
    second_ns = _second_ns(value[:_SECOND_CHARACTERS])
    return _parsed(value) if second_ns is None else second_ns + fraction_ns


@lru_cache(maxsize=1_024)
def _second_ns(text: str) -> int | None:
    return _parsed(text) if _SECOND.fullmatch(text) else None


@lru_cache(maxsize=256)  # a whole batch shares its sentAt
def _parsed(text: str) -> int | None:
    try:
        return parse_instant_ns(text)
    except ValueError:
        return None


def stored_timestamp_ns(original: Any, sent: Any, received_ns: int) -> tuple[int, bool]:
    """The corrected timestamp, and whether a clock that was sent could not be used.

    An unusable clock counts as absent; so does one that would move the message out of the years 1 to 9999.
    """
    original_ns = None if original is None else instant_ns(original)
    sent_ns = None if sent is None else instant_ns(sent)
    unusable = (original is not None and original_ns is None) or (sent is not None and sent_ns is None)
    timestamp_ns = corrected_ns(received_ns=received_ns, sent_ns=sent_ns, original_ns=original_ns)
    if not _YEAR_1_NS <= timestamp_ns <= _YEAR_9999_NS:
        return received_ns, True
    return timestamp_ns, unusable


def final_form(stored: Stored) -> dict[str, Any]:
    """The message as Segment hands it on: envelope merged in (its own values win), clocks set, no key."""
    message, envelope = stored.message, stored.envelope
    final = {name: value for name, value in message.items() if name != "writeKey"}
    for field in ("context", "integrations"):
        merged = _merged(envelope.get(field), message.get(field))
        if merged is not None:
            final[field] = merged
    timestamp = format_instant_ms(stored.timestamp_ns)
    final["type"] = stored.kind
    final["messageId"] = stored.message_id
    final["originalTimestamp"] = message.get("timestamp") or timestamp
    final["timestamp"] = timestamp
    final["sentAt"] = sent_at(message, envelope)
    final["receivedAt"] = format_instant_ms(stored.received_ns)
    return final


def sent_at(message: dict[str, Any], envelope: dict[str, Any]) -> Any:
    """The message's own `sentAt`, else its batch's, else None."""
    own = message.get("sentAt")
    return envelope.get("sentAt") if own is None else own


def _merged(around: Any, own: Any) -> Any:
    if own is None:
        return around
    if isinstance(around, dict) and isinstance(own, dict):
        return {**around, **own}
    return own
