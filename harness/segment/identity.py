"""The rules by which external ids make profiles: what is blocked, how many there may be, which give way."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

USER_ID: Final = "user_id"
ANONYMOUS_ID: Final = "anonymous_id"
EMAIL: Final = "email"
GROUP_ID: Final = "group_id"
GA_CLIENT_ID: Final = "ga_client_id"
CROSS_DOMAIN_ID: Final = "cross_domain_id"

# Identity resolution settings (segment-docs), "Blocked values": suggested for every type; read 2025-11.
BLOCKED_VALUES: Final = ("-1", "null", "anonymous")
BLOCKED_PATTERNS: Final = ("^[0-]*$",)

# The same page, "Priority": these two first, the rest by their names; read 2025-11.
PRIORITY: Final = (USER_ID, EMAIL)

# Unify silently drops a longer groupId (segment-docs, read 2025-11); for other ids no figure was found.
ID_CHARACTERS: Final = 500

_DAY_NS: Final = 86_400_000_000_000
# The windows that the settings page offers; how many days a month has is our reading.
WINDOWS_NS: Final[Mapping[str, int | None]] = {
    "ever": None,
    "week": 7 * _DAY_NS,
    "month": 30 * _DAY_NS,
    "year": 365 * _DAY_NS,
}


class ExternalId(NamedTuple):
    """One identifier of a profile; `type` is in lower case, `id` as it was sent."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class IdLimit:
    """So many values of one type may join a profile within a window."""

    count: int
    window_ns: int | None = None  # None: ever


# The same page, "Limit": one user_id, five of any other. One group_id is ours: an account is keyed by it.
LIMITS: Final[Mapping[str, IdLimit]] = {USER_ID: IdLimit(1), GROUP_ID: IdLimit(1)}
OTHER_LIMIT: Final = IdLimit(5)


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """The identity settings of a space."""

    limits: Mapping[str, IdLimit] = field(default_factory=lambda: LIMITS)
    other_limit: IdLimit = OTHER_LIMIT
    priority: tuple[str, ...] = PRIORITY
    blocked_values: frozenset[str] = frozenset(BLOCKED_VALUES)
    blocked_patterns: tuple[re.Pattern[str], ...] = tuple(map(re.compile, BLOCKED_PATTERNS))
    id_characters: int = ID_CHARACTERS  # a longer value is no id
    trait_keys: tuple[tuple[str, str], ...] = ()  # key in traits and context.traits, type it is promoted to
    property_keys: tuple[tuple[str, str], ...] = ()  # the same for properties
    account_from_context: bool = True  # whether context.groupId names an account

    def is_blocked(self, value: str) -> bool:
        """True when this value stands for nobody; so do blanks."""
        if value in self.blocked_values or not value or value.isspace():
            return True
        for pattern in self.blocked_patterns:  # noqa: SIM110 - `any` of a generator takes twice as long
            if pattern.search(value) is not None:
                return True
        return False

    def limit_of(self, type_: str) -> IdLimit:
        """How many ids of this type a profile may have."""
        return self.limits.get(type_, self.other_limit)

    def ranked(self, ids: Iterable[ExternalId]) -> list[ExternalId]:
        """The ids by priority, the one that gives way last first; equals keep their order."""
        return sorted(ids, key=self._rank)

    def _rank(self, external_id: ExternalId) -> tuple[int, str]:
        type_ = external_id.type
        return (self.priority.index(type_), "") if type_ in self.priority else (len(self.priority), type_)


def too_many_of(rules: IdentityRules, ids: Mapping[ExternalId, int], now_ns: int) -> str | None:
    """A type of which a profile with these ids would have too many; None when there is none.

    `ids` holds for each id when it joined a profile, in ns since 1970.
    """
    counts: dict[str, int] = {}
    for external_id, joined_ns in ids.items():
        type_ = external_id.type
        limit = rules.limit_of(type_)
        if limit.window_ns is None or joined_ns > now_ns - limit.window_ns:
            counts[type_] = counts.get(type_, 0) + 1
            if counts[type_] > limit.count:
                return type_
    return None


def key_forms(key: str) -> tuple[str, ...]:
    """A trait's key as it was configured, in camelCase and in snake_case: Segment takes any of them.

    Identity onboarding page (segment-docs), "Custom rules"; read 2025-11.
    """
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()
    head, *rest = snake.split("_")
    camel = head + "".join(part.capitalize() for part in rest)
    return tuple(dict.fromkeys((key, camel, snake)))
