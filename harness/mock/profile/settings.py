"""What can be set of the Profile API: `[profile]` in the mock's settings."""

import re
from typing import Annotated, Any, Final, Literal

import msgspec

from harness.segment.identity import (
    BLOCKED_PATTERNS,
    BLOCKED_VALUES,
    CROSS_DOMAIN_ID,
    EMAIL,
    ID_CHARACTERS,
    LIMITS,
    OTHER_LIMIT,
    PRIORITY,
    WINDOWS_NS,
    IdentityRules,
    IdLimit,
    key_forms,
)

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]

_CROSS_DOMAIN_KEY: Final = "crossDomainId"  # as in context.traits of the Profile API docs' sample event


class IdLimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many ids of one type a profile may have."""

    count: AtLeastOne = OTHER_LIMIT.count
    per: Literal["ever", "week", "month", "year"] = "ever"


class PageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many items a page holds; asking for more than `largest` is answered 400."""

    default: AtLeastOne = 10
    largest: AtLeastOne = 100

    def __post_init__(self) -> None:
        if self.default > self.largest:
            raise ValueError(
                f"default {self.default} is above largest {self.largest}; lower the one or raise the other"
            )


class ProfileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Profile API's settings. Figures without a source in the comment are ours."""

    tokens: tuple[str, ...] = ()  # that are let in; none: any that is not empty
    spaces: tuple[str, ...] = ()  # ids that are answered beside those that sources name; none: any

    # Profile API docs, read 2025-11: traits 10 by default and 200 at most, links 20, elsewhere 1 to 100.
    traits_page: PageSettings = PageSettings(default=10, largest=200)
    external_ids_page: PageSettings = PageSettings(default=10, largest=100)
    events_page: PageSettings = PageSettings(default=10, largest=100)
    links_page: PageSettings = PageSettings(default=20, largest=20)

    # Identity resolution settings and onboarding pages (segment-docs), read 2025-11.
    id_limits: dict[str, IdLimitSettings] = {}  # by type; user_id and group_id have 1 unless named here
    other_id_limit: IdLimitSettings = IdLimitSettings()
    id_priority: tuple[str, ...] = PRIORITY  # the rest follow by name
    blocked_values: tuple[str, ...] = BLOCKED_VALUES
    blocked_patterns: tuple[str, ...] = BLOCKED_PATTERNS  # a value in which one is found is blocked
    id_characters: AtLeastOne = ID_CHARACTERS
    custom_ids: dict[str, str] = {}  # type to the key in traits, context.traits and properties
    email_from_properties: bool = False  # docs name traits and context.traits alone
    cross_domain_ids: bool = True  # promote crossDomainId from traits
    account_from_context: bool = True  # context.groupId names the account of any message

    # Unify limits (segment-docs, read 2025-11; 6,000 and 500: twilio.com profile limits, read 2026-11).
    most_merges: Annotated[int, msgspec.Meta(ge=0)] = 100  # of one profile
    most_ids: AtLeastOne = 1_000  # of one profile
    most_traits: AtLeastOne = 6_000  # of one profile
    most_links: AtLeastOne = 500  # of one profile
    most_identify_traits: AtLeastOne = 299  # an identify with more is dropped
    most_properties: AtLeastOne = 300  # a message with more, or a group with more traits, is dropped
    message_id_characters: AtLeastOne = 100
    group_id_characters: AtLeastOne = 500
    events_days: AtLeastOne = 14

    most_events: AtLeastOne = 1_000  # of one profile; the oldest leave
    most_profiles: AtLeastOne = 100_000  # in all; the least recently touched leave
    most_kept_bytes: AtLeastOne = 64 << 20  # of all profiles, by estimate; the least recently touched leave

    audiences: tuple[str, ...] = ()  # traits that class=audience shows; nothing computes them
    computed_traits: tuple[str, ...] = ()  # the same for class=computed_trait
    delete_allowed: bool = True  # whether ids may be deleted, which Segment activates for each space

    def __post_init__(self) -> None:
        for pattern in self.blocked_patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"blocked_patterns has {pattern!r}, which is no regular expression: {error}"
                ) from error
        for type_ in (*self.id_limits, *self.custom_ids):
            if not type_ or type_ != type_.lower() or ":" in type_:
                raise ValueError(f"{type_!r} is no type of id; write it in lower case and without a colon")

    def __repr__(self) -> str:
        """Everything but the tokens, which are counted."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"ProfileSettings({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        others = [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "tokens"]
        return [("tokens", f"{len(self.tokens)} set"), *others]

    def rules(self) -> IdentityRules:
        """The identity settings in the form in which they are applied."""
        custom = [(key, type_) for type_, own in self.custom_ids.items() for key in key_forms(own)]
        email = [(EMAIL, EMAIL)]
        cross_domain = [(key, CROSS_DOMAIN_ID) for key in key_forms(_CROSS_DOMAIN_KEY)]
        return IdentityRules(
            limits={**LIMITS, **{type_: _limit(limit) for type_, limit in self.id_limits.items()}},
            other_limit=_limit(self.other_id_limit),
            priority=self.id_priority,
            blocked_values=frozenset(self.blocked_values),
            blocked_patterns=tuple(map(re.compile, self.blocked_patterns)),
            id_characters=self.id_characters,
            trait_keys=(*email, *(cross_domain if self.cross_domain_ids else ()), *custom),
            property_keys=(*(email if self.email_from_properties else ()), *custom),
            account_from_context=self.account_from_context,
        )


def _limit(settings: IdLimitSettings) -> IdLimit:
    return IdLimit(settings.count, WINDOWS_NS[settings.per])
