"""Write traits and events as the JSON in which they are kept and shown."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import orjson

from harness.mock.profile.nouns import ACCOUNTS, USERS, Event, Joined, Trait
from harness.segment.identity import ExternalId
from harness.units import format_instant_ms

_event: Final = partial(tuple.__new__, Event)  # a named tuple's own constructor takes twice as long


def trait_of(value: Any, updated_ns: int, source_id: str) -> Trait:
    """A trait of this value. Raises orjson.JSONEncodeError."""
    # What orjson returns keeps the buffer it was written in, 4 KB with version 3.13; a copy does not.
    return Trait(bytes(memoryview(orjson.dumps(value))), updated_ns, source_id)


def event_of(
    message: dict[str, Any],
    user_ids: Sequence[ExternalId],
    account_ids: Sequence[ExternalId],
    joined: Joined,
    timestamp_ns: int,
) -> Event:
    """The event of a message and the ids that say whose it is. Raises orjson.JSONEncodeError."""
    context, properties, name = message.get("context"), message.get("properties"), message.get("event")
    if not isinstance(name, str):
        name = ""
    document = {
        "external_ids": [
            {"collection": collection, "type": one.type, "id": one.id, "encoding": "none"}
            for collection, some in ((USERS, user_ids), (ACCOUNTS, account_ids))
            for one in some
        ],
        "context": context if isinstance(context, dict) else {},
        "type": "track",
        "message_id": joined.message_id,
        "source_id": joined.source_id,
        "timestamp": format_instant_ms(timestamp_ns),
        "properties": properties if isinstance(properties, dict) else {},
        "event": name,
    }
    return _event((timestamp_ns, joined.message_id, joined.order, name, orjson.dumps(document)[:-1]))


def with_related(event: Event, collection: str, segment_id: str) -> bytes:
    """The event as JSON, with the profile it was asked for."""
    return event.body + b',"related":' + orjson.dumps({collection: segment_id}) + b"}"
