"""Keep the profiles of all spaces, and bring each stored message to the ones it belongs to.

Enters: stored messages, in order. Leaves: profiles to read. What always holds: an external id stands in the
index of its collection exactly when a profile there has it, and with that profile; `kept_bytes` is the sum of
the profiles' and of their links; no bound of the settings is exceeded, and what fell out or was passed over
is counted.

Where Unify leaves a choice undocumented, this is what is done: an alias changes nothing; page, screen and
track make and join profiles, but only identify sets traits of a user and only group those of an account; a
message is of the account its group call or `context.groupId` names, and only a group call links.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson

from harness.mock.profile.merging import (
    EVENTS_EVICTED,
    LINKS_OVER_LIMIT,
    TRAITS_OVER_LIMIT,
    take_in,
)
from harness.mock.profile.nouns import (
    ACCOUNTS,
    USERS,
    Collection,
    Event,
    Joined,
    Profile,
    Space,
    fresh_segment_id,
)
from harness.mock.profile.resolution import Bounds, resolve
from harness.mock.profile.settings import ProfileSettings
from harness.mock.profile.sizes import (
    LINK_BYTES,
    PROFILE_BYTES,
    event_bytes,
    id_bytes,
    profile_bytes,
    trait_bytes,
)
from harness.mock.profile.writing import event_of, trait_of
from harness.segment.external_ids import promoted
from harness.segment.identity import ExternalId
from harness.units import NS_PER_S

# Why a message is in no profile, or a part of it is not.
ALIAS: Final = "alias"
MESSAGE_ID_TOO_LONG: Final = "message_id_too_long"
TOO_MANY_TRAITS: Final = "too_many_traits"
TOO_MANY_PROPERTIES: Final = "too_many_properties"
GROUP_ID_UNUSABLE: Final = "group_id_unusable"
NO_IDENTIFIER: Final = "no_identifier"
EVENT_TOO_OLD: Final = "event_too_old"
UNWRITABLE: Final = "unwritable"
OLDER_TRAITS: Final = "older_traits"

DEFAULT_SPACE: Final = ""
_DAY_NS: Final = 86_400 * NS_PER_S


class Profiles:
    """The profiles of one mock.

    A message goes to the space its source names, or to the default space. A space id that no source names
    is answered from the default space, unless the settings list the ids there are.
    """

    __slots__ = (
        "_bounds",
        "_by_age",
        "_counts",
        "_dropped",
        "_entropy",
        "_named_spaces",
        "_numbers",
        "_rules",
        "_spaces",
        "_window_ns",
        "kept_bytes",
        "settings",
    )

    def __init__(
        self, settings: ProfileSettings, entropy: Callable[[int], bytes], spaces: Iterable[str] = ()
    ) -> None:
        """`entropy` answers so many random bytes; `spaces` are the ids that sources name."""
        self.settings: Final = settings
        self._entropy: Final = entropy
        self._named_spaces: Final = tuple(spaces)
        self._rules: Final = settings.rules()
        self._bounds: Final = Bounds(settings.most_merges, settings.most_ids)
        self._window_ns: Final = settings.events_days * _DAY_NS
        self.reset()

    def reset(self) -> None:
        """Forget every profile and every count."""
        self._spaces = {space_id: Space() for space_id in (DEFAULT_SPACE, *self._named_spaces)}
        self._by_age: OrderedDict[Profile, None] = OrderedDict()  # least recently touched first
        self._numbers = 0
        self._dropped: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self.kept_bytes = 0  # by estimate

    def report(self) -> dict[str, Any]:
        """The counts by name, for JSON. `dropped` counts messages and parts of messages, by reason."""
        users = sum(profile.home.name == USERS for profile in self._by_age)
        names = ("messages", "merges", "evicted", "demoted", "deleted_ids", EVENTS_EVICTED, "events_expired")
        return {
            "profiles": {USERS: users, ACCOUNTS: len(self._by_age) - users},
            "spaces": len(self._spaces),
            "kept_bytes": self.kept_bytes,
            **{name: self._counts[name] for name in names},
            "dropped": dict(self._dropped),
        }

    def space(self, space_id: str) -> Space | None:
        """The space that is answered for this id; None when there is none."""
        own = self._spaces.get(space_id)
        if own is not None and space_id:
            return own
        listed = self.settings.spaces
        return self._spaces[DEFAULT_SPACE] if not listed or space_id in listed else None

    def take(  # noqa: PLR0917 - one call a message: a noun for its arguments would cost more than the lookups
        self,
        message: dict[str, Any],
        kind: str,
        message_id: str,
        source_id: str,
        received_ns: int,
        timestamp_ns: int,
        space: str = DEFAULT_SPACE,
    ) -> None:
        """Bring one stored message to its profiles. Never raises, whatever the message holds.

        `message` has its batch's context merged in. Both instants are ns since 1970: when it came, and its
        corrected timestamp, which orders updates of traits.
        """
        self._counts["messages"] += 1
        unfit = self._unfit(message, kind, message_id)
        if unfit is not None:
            self._dropped[unfit] += 1
            return
        home = self._spaces.get(space)
        if home is None:
            home = self._spaces[space] = Space()
        ids = promoted(message, kind, self._rules)
        if ids.ignored:
            self._dropped.update(ids.ignored)
        joined = Joined(self._numbers, received_ns, source_id, message_id)
        self._numbers += 1
        user, user_ids = self._profile_of(home.users, ids.users, joined)
        account, account_ids = self._profile_of(home.accounts, ids.accounts, joined)
        if user is None and account is None:
            self._dropped[NO_IDENTIFIER] += 1
            return
        if kind == "track":
            try:
                event = event_of(message, user_ids, account_ids, joined, timestamp_ns)
            except orjson.JSONEncodeError:
                self._dropped[UNWRITABLE] += 1
            else:
                self._add_event((user, account), event, received_ns)
        elif kind == "identify" and user is not None:
            self._set_traits(user, message.get("traits"), timestamp_ns, source_id)
        elif kind == "group" and account is not None:
            self._set_traits(account, message.get("traits"), timestamp_ns, source_id)
            if user is not None:
                self._link(user, account)
        self._evict()

    def delete_id(self, profile: Profile, external_id: ExternalId) -> None:
        """Take an id that it has from a profile; all else stays. One that had it may join another later."""
        del profile.ids[external_id]
        del profile.home.by_id[external_id]
        self._charge(profile, -id_bytes(external_id))
        self._counts["deleted_ids"] += 1

    def _unfit(self, message: dict[str, Any], kind: str, message_id: str) -> str | None:
        settings = self.settings
        if kind == "alias":
            return ALIAS
        if len(message_id) > settings.message_id_characters:
            return MESSAGE_ID_TOO_LONG
        if kind in {"identify", "group"}:
            traits = message.get("traits")
            most = settings.most_identify_traits if kind == "identify" else settings.most_properties
            if isinstance(traits, dict) and len(traits) > most:
                return TOO_MANY_TRAITS
            if kind == "group":
                group_id = message.get("groupId")
                if not group_id or (
                    isinstance(group_id, str) and len(group_id) > settings.group_id_characters
                ):
                    return GROUP_ID_UNUSABLE
            return None
        properties = message.get("properties")
        if isinstance(properties, dict) and len(properties) > settings.most_properties:
            return TOO_MANY_PROPERTIES
        return None

    def _profile_of(
        self, home: Collection, ids: list[ExternalId], joined: Joined
    ) -> tuple[Profile | None, Sequence[ExternalId]]:
        """The profile these ids lead to, made or merged where need be, and the ids that led there."""
        if not ids:
            return None, ids
        known = home.by_id.get(ids[0])
        if known is None or not _all_lead_to(known, ids, home.by_id):
            known, ids = self._resolved(home, ids, joined)
        known.updated_ns = joined.at_ns
        known.last_message_id, known.last_source_id = joined.message_id, joined.source_id
        self._by_age.move_to_end(known)
        return known, ids

    def _resolved(
        self, home: Collection, ids: list[ExternalId], joined: Joined
    ) -> tuple[Profile, list[ExternalId]]:
        found = resolve(ids, home.by_id, self._rules, self._bounds, joined.at_ns)
        self._counts["demoted"] += found.demoted
        if found.unjoined:
            self._dropped.update(found.unjoined)
        if found.profiles:
            profile, *others = found.profiles
            for other in others:
                self._merge(profile, other)
        else:
            profile = self._open(home, joined)
        for one in found.ids:
            if one not in profile.ids:
                # The message of several ids is one; their order is the order in which they are listed.
                profile.ids[one] = joined._replace(order=self._numbers)
                self._numbers += 1
                home.by_id[one] = profile
                self._charge(profile, id_bytes(one))
        return profile, found.ids

    def _open(self, home: Collection, joined: Joined) -> Profile:
        segment_id = fresh_segment_id(home.name, self._entropy)
        profile = Profile(home, segment_id, joined.order, joined)
        home.by_segment_id[segment_id] = profile
        self._by_age[profile] = None
        self._charge(profile, PROFILE_BYTES)
        return profile

    def _merge(self, winner: Profile, loser: Profile) -> None:
        del self._by_age[loser]
        settings = self.settings
        links = len(winner.links) + len(loser.links)
        left_out = take_in(
            winner,
            loser,
            most_traits=settings.most_traits,
            most_links=settings.most_links,
            most_events=settings.most_events,
        )
        self._counts["merges"] += 1
        self._counts[EVENTS_EVICTED] += left_out.pop(EVENTS_EVICTED, 0)
        self._dropped.update(left_out)
        self.kept_bytes -= loser.kept_bytes + LINK_BYTES * (links - len(winner.links))
        self._charge(winner, profile_bytes(winner) - winner.kept_bytes)

    def _set_traits(self, profile: Profile, traits: Any, timestamp_ns: int, source_id: str) -> None:
        if not isinstance(traits, dict):
            return
        own = profile.traits
        charge = 0
        for name, value in traits.items():
            known = own.get(name)
            if known is not None and timestamp_ns < known.updated_ns:
                self._dropped[OLDER_TRAITS] += 1
                continue
            if known is None and len(own) >= self.settings.most_traits:
                self._dropped[TRAITS_OVER_LIMIT] += 1
                continue
            try:
                trait = trait_of(value, timestamp_ns, source_id)
            except orjson.JSONEncodeError:
                self._dropped[UNWRITABLE] += 1
                continue
            own[name] = trait
            charge += trait_bytes(name, trait) - (trait_bytes(name, known) if known is not None else 0)
        self._charge(profile, charge)

    def _add_event(
        self, profiles: tuple[Profile | None, Profile | None], event: Event, received_ns: int
    ) -> None:
        first_ns = received_ns - self._window_ns
        if event.timestamp_ns < first_ns:
            self._dropped[EVENT_TOO_OLD] += 1
            return
        for profile in profiles:
            if profile is not None:
                self._append(profile, event, first_ns)

    def _append(self, profile: Profile, event: Event, first_ns: int) -> None:
        events = profile.events
        charge = event_bytes(event)
        while events and events[0].timestamp_ns < first_ns:
            charge -= event_bytes(events.pop(0))
            self._counts["events_expired"] += 1
        if len(events) >= self.settings.most_events:
            charge -= event_bytes(events.pop(0))
            self._counts[EVENTS_EVICTED] += 1
        events.append(event)
        self._charge(profile, charge)

    def _link(self, user: Profile, account: Profile) -> None:
        if account in user.links:
            return
        if max(len(user.links), len(account.links)) >= self.settings.most_links:
            self._dropped[LINKS_OVER_LIMIT] += 1
            return
        user.links[account] = account.links[user] = self._numbers
        self._numbers += 1
        self.kept_bytes += LINK_BYTES

    def _charge(self, profile: Profile, size_bytes: int) -> None:
        profile.kept_bytes += size_bytes
        self.kept_bytes += size_bytes

    def _evict(self) -> None:
        most, most_bytes = self.settings.most_profiles, self.settings.most_kept_bytes
        while len(self._by_age) > most or (self.kept_bytes > most_bytes and len(self._by_age) > 1):
            profile, _ = self._by_age.popitem(last=False)
            home = profile.home
            for external_id in profile.ids:
                del home.by_id[external_id]
            for segment_id in (profile.segment_id, *profile.former_ids):
                del home.by_segment_id[segment_id]
            for other in profile.links:
                del other.links[profile]
            self.kept_bytes -= profile.kept_bytes + LINK_BYTES * len(profile.links)
            self._counts["evicted"] += 1


def _all_lead_to(profile: Profile, ids: Sequence[ExternalId], by_id: dict[ExternalId, Profile]) -> bool:
    for one in ids:  # noqa: SIM110 - `all` of a generator takes twice as long, and this runs for every message
        if by_id.get(one) is not profile:
            return False
    return True
