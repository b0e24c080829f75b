"""Bring a message into the form in which Segment hands it on: envelope merged in, clocks set, no key."""

from typing import Any, Final

from harness.model import Message
from harness.units import format_instant_ms

# What stands around a batch for all of its messages (HTTP API docs, "Batch", read 2025-11). That a message's
# own values win is our reading.
MERGED: Final = ("context", "integrations")

# Where an event keeps its properties: a track, page or screen, and an identify or group.
_PROPERTY_FIELDS: Final = ("properties", "traits")


def merged(around: Any, own: Any) -> Any:
    """A field of an envelope and of its message as one: the message's own values win, one level deep."""
    if own is None:
        return around
    if isinstance(around, dict) and isinstance(own, dict):
        return {**around, **own}
    return own


def sent_at(message: Message, envelope: Message) -> Any:
    """The message's own `sentAt`, else its batch's, else None."""
    own = message.get("sentAt")
    return envelope.get("sentAt") if own is None else own


def final_form(
    message: Message,
    envelope: Message,
    *,
    kind: str,
    message_id: str,
    received_ns: int,
    timestamp_ns: int,
) -> Message:
    """A new message as Segment hands it on; `message` as it came is not touched.

    `timestamp_ns` is the corrected one (`timestamps.corrected_ns`); both instants are ns since 1970.
    """
    final = {name: value for name, value in message.items() if name != "writeKey"}
    for field in MERGED:
        value = merged(envelope.get(field), message.get(field))
        if value is not None:
            final[field] = value
    timestamp = format_instant_ms(timestamp_ns)
    final["type"] = kind
    final["messageId"] = message_id
    final["originalTimestamp"] = message.get("timestamp") or timestamp
    final["timestamp"] = timestamp
    final["sentAt"] = sent_at(message, envelope)
    final["receivedAt"] = format_instant_ms(received_ns)
    return final


def without_extra_properties(message: Message, most: int) -> tuple[Message, int]:
    """The message with at most so many properties, and how many were dropped.

    Segment keeps 10,000 and drops the rest (segment-docs "Rate limits", read 2025-11); which ones is
    undocumented, here the last as written. Of traits the same is assumed.
    """
    dropped = 0
    for field in _PROPERTY_FIELDS:
        properties = message.get(field)
        if isinstance(properties, dict) and len(properties) > most:
            dropped += len(properties) - most
            message = {**message, field: dict(list(properties.items())[:most])}
    return message, dropped
