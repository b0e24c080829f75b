"""Make one profile of two: the older takes in all that the younger had."""

from typing import Final

from harness.mock.profile.nouns import Event, Profile

TRAITS_OVER_LIMIT: Final = "traits_over_limit"
LINKS_OVER_LIMIT: Final = "links_over_limit"
EVENTS_EVICTED: Final = "events_evicted"


def take_in(
    winner: Profile, loser: Profile, *, most_traits: int, most_links: int, most_events: int
) -> dict[str, int]:
    """Move everything of `loser` to `winner`, and answer what found no room, by reason.

    Both are of one collection. For each trait the later update stands, and of two at one instant the
    winner's. Nothing refers to `loser` afterwards. The winner's `kept_bytes` is no longer right: see
    `sizes.profile_bytes`.
    """
    home = winner.home
    winner.ids |= loser.ids
    for external_id in loser.ids:
        home.by_id[external_id] = winner
    winner.former_ids += [*loser.former_ids, loser.segment_id]
    for former in (*loser.former_ids, loser.segment_id):
        home.by_segment_id[former] = winner
    winner.merges += loser.merges + 1
    _take_history(winner, loser)
    left_out = {
        TRAITS_OVER_LIMIT: _take_traits(winner, loser, most_traits),
        LINKS_OVER_LIMIT: _take_links(winner, loser, most_links),
        EVENTS_EVICTED: _take_events(winner, loser, most_events),
    }
    return {reason: count for reason, count in left_out.items() if count}


def _take_history(winner: Profile, loser: Profile) -> None:
    if loser.created_ns < winner.created_ns:
        winner.created_ns = loser.created_ns
        winner.first_message_id, winner.first_source_id = loser.first_message_id, loser.first_source_id
    if loser.updated_ns > winner.updated_ns:
        winner.updated_ns = loser.updated_ns
        winner.last_message_id, winner.last_source_id = loser.last_message_id, loser.last_source_id


def _take_traits(winner: Profile, loser: Profile, most: int) -> int:
    left_out = 0
    for name, trait in loser.traits.items():
        known = winner.traits.get(name)
        if known is None and len(winner.traits) >= most:
            left_out += 1
        elif known is None or trait.updated_ns > known.updated_ns:
            winner.traits[name] = trait
    return left_out


def _take_links(winner: Profile, loser: Profile, most: int) -> int:
    left_out = 0
    for other, order in loser.links.items():
        del other.links[loser]
        if other in winner.links:
            first = min(order, winner.links[other])
        elif len(winner.links) >= most:
            left_out += 1
            continue
        else:
            first = order
        winner.links[other] = other.links[winner] = first
    loser.links.clear()
    return left_out


def _take_events(winner: Profile, loser: Profile, most: int) -> int:
    if not loser.events:
        return 0
    together: list[Event] = sorted(winner.events + loser.events, key=lambda event: event.timestamp_ns)
    winner.events = together[-most:]
    return len(together) - len(winner.events)
