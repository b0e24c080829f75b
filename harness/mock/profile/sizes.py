"""Estimate how many bytes a profile takes, so that all of them together can be held within a bound.

The figures are what CPython 3.11 to 3.13 allocates for the objects and their places in the tables that hold
them, measured with `tracemalloc`; a test compares.
"""

from typing import Final

from harness.mock.profile.nouns import Event, Profile, Trait
from harness.segment.identity import ExternalId

PROFILE_BYTES: Final = 820
LINK_BYTES: Final = 200  # both of its ends
FORMER_ID_BYTES: Final = 200
_ID_BYTES: Final = 450
_TRAIT_BYTES: Final = 200
_EVENT_BYTES: Final = 290


def id_bytes(external_id: ExternalId) -> int:
    """One external id, with how it joined."""
    return _ID_BYTES + len(external_id.id) + len(external_id.type)


def trait_bytes(name: str, trait: Trait) -> int:
    """One trait with its name."""
    return _TRAIT_BYTES + len(name) + len(trait.body)


def event_bytes(event: Event) -> int:
    """One event."""
    return _EVENT_BYTES + len(event.body) + len(event.name) + len(event.message_id)


def profile_bytes(profile: Profile) -> int:
    """A whole profile without its links."""
    return (
        PROFILE_BYTES
        + FORMER_ID_BYTES * len(profile.former_ids)
        + sum(map(id_bytes, profile.ids))
        + sum(trait_bytes(name, trait) for name, trait in profile.traits.items())
        + sum(map(event_bytes, profile.events))
    )
