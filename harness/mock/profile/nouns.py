"""What is kept of a person or an account: profile, joined id, trait, event; and where profiles stand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from harness.segment.identity import ExternalId

USERS: Final = "users"
ACCOUNTS: Final = "accounts"

# A KSUID's alphabet and length: what Segment's own ids look like (Profile API docs' samples, read 2025-11).
# How an account's id begins was not found; `acc_` is ours.
DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KSUID_CHARACTERS: Final = 27
_KSUID_BYTES: Final = 20
SEGMENT_ID_PREFIXES: Final = {USERS: "use_", ACCOUNTS: "acc_"}


class Joined(NamedTuple):
    """How an external id came to its profile."""

    order: int  # later is larger, over all profiles
    at_ns: int  # since 1970, by the mock's clock
    source_id: str
    message_id: str


class Trait(NamedTuple):
    """One trait's value, as JSON, and the update that set it."""

    body: bytes
    updated_ns: int  # the corrected timestamp of the message
    source_id: str


class Event(NamedTuple):
    """One track call, as the Profile API shows it."""

    timestamp_ns: int  # corrected
    message_id: str
    order: int  # later is larger, over all events
    name: str
    body: bytes  # JSON without the closing brace, so that `related` can follow


class Profile:
    """One person or account. Two are equal only when they are the same."""

    __slots__ = (
        "created_ns",
        "events",
        "first_message_id",
        "first_source_id",
        "former_ids",
        "home",
        "ids",
        "kept_bytes",
        "last_message_id",
        "last_source_id",
        "links",
        "merges",
        "order",
        "segment_id",
        "traits",
        "updated_ns",
    )

    def __init__(self, home: "Collection", segment_id: str, order: int, joined: Joined) -> None:
        self.home: Final = home
        self.segment_id: Final = segment_id
        self.order: Final = order  # later made is larger
        self.created_ns = self.updated_ns = joined.at_ns
        self.first_message_id = self.last_message_id = joined.message_id
        self.first_source_id = self.last_source_id = joined.source_id
        self.ids: dict[ExternalId, Joined] = {}
        self.traits: dict[str, Trait] = {}
        self.events: list[Event] = []  # in order of arrival
        self.links: dict[Profile, int] = {}  # to profiles of the other collection, in order of linking
        self.former_ids: list[str] = []  # segment ids of profiles that were merged into this one
        self.merges = 0
        self.kept_bytes = 0  # by estimate


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """The users or the accounts of one space, by each of their ids."""

    name: str
    by_id: dict[ExternalId, Profile] = field(default_factory=dict)
    by_segment_id: dict[str, Profile] = field(default_factory=dict)  # former ones too


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One space: what some sources feed, and nobody else sees."""

    users: Collection = field(default_factory=lambda: Collection(USERS))
    accounts: Collection = field(default_factory=lambda: Collection(ACCOUNTS))

    def collection(self, name: str) -> Collection:
        """The collection of this name, `users` or `accounts`."""
        return self.users if name == USERS else self.accounts


def fresh_segment_id(collection: str, entropy: Callable[[int], bytes]) -> str:
    """An id like `use_` and 27 letters and digits."""
    number = int.from_bytes(entropy(_KSUID_BYTES), "big")
    return SEGMENT_ID_PREFIXES[collection] + base_62(number)


def base_62(number: int) -> str:
    """A number of at most 160 bits in 27 digits."""
    digits = ""
    for _ in range(KSUID_CHARACTERS):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits
