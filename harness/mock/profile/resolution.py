"""Decide which profiles a message belongs to, as Segment's identity resolution does; it changes nothing.

Flat matching, limits and priority: identity resolution pages of segment-docs, read 2025-11. Which of two
profiles survives a merge is undocumented: here the older one does.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from harness.mock.profile.nouns import Profile
from harness.segment.identity import ExternalId, IdentityRules, too_many_of

MERGES_OVER_LIMIT: Final = "merges_over_limit"
IDS_OVER_LIMIT: Final = "ids_over_limit"


class Resolution(NamedTuple):
    """What is to be done with the ids of a message."""

    profiles: list[Profile]  # they become one, the first of them; none: a new one is made
    ids: list[ExternalId]  # those that identify the message
    demoted: int  # ids that gave way because a type had too many
    unjoined: list[str]  # for each id that a limit of the profile kept apart, which limit


class Bounds(NamedTuple):
    """How far one profile may grow."""

    merges: int
    ids: int


def resolve(
    ids: Sequence[ExternalId],
    by_id: Mapping[ExternalId, Profile],
    rules: IdentityRules,
    bounds: Bounds,
    now_ns: int,
) -> Resolution:
    """Which profiles these ids (one at least) make one, and which ids stand.

    As long as the outcome had too many ids of a type, the id of the lowest priority gives way; the last one
    never does. Beyond the merges and ids a profile may have nothing is joined to the profile of the first id,
    but the message is still its.
    """
    standing = rules.ranked(ids)
    matched = _matched(standing, by_id)
    while len(standing) > 1 and _breaks_a_limit(standing, matched, rules, now_ns):
        standing.pop()
        matched = _matched(standing, by_id)
    demoted = len(ids) - len(standing)
    unjoined: list[str] = []
    reason = _over_bounds(matched, bounds)
    if reason is not None:
        matched = matched[:1]
        ours = [one for one in standing if by_id.get(one) in (None, matched[0])]
        unjoined += [reason] * (len(standing) - len(ours))
        standing = ours
    room = bounds.ids - sum(len(profile.ids) for profile in matched)
    fresh = [one for one in standing if one not in by_id]
    if len(fresh) > room:
        left_out = set(fresh[max(0, room) :])
        unjoined += [IDS_OVER_LIMIT] * len(left_out)
        standing = [one for one in standing if one not in left_out]
    return Resolution(sorted(matched, key=lambda profile: profile.order), standing, demoted, unjoined)


def _matched(ids: Sequence[ExternalId], by_id: Mapping[ExternalId, Profile]) -> list[Profile]:
    return list(dict.fromkeys(by_id[one] for one in ids if one in by_id))


def _breaks_a_limit(
    standing: Sequence[ExternalId], matched: Sequence[Profile], rules: IdentityRules, now_ns: int
) -> bool:
    if len(matched) == 1 and all(one in matched[0].ids for one in standing):
        return False
    together = {one: joined.at_ns for profile in matched for one, joined in profile.ids.items()}
    for one in standing:
        together.setdefault(one, now_ns)
    return too_many_of(rules, together, now_ns) is not None


def _over_bounds(matched: Sequence[Profile], bounds: Bounds) -> str | None:
    if len(matched) < 2:
        return None
    if sum(profile.merges for profile in matched) + len(matched) - 1 > bounds.merges:
        return MERGES_OVER_LIMIT
    return IDS_OVER_LIMIT if sum(len(profile.ids) for profile in matched) > bounds.ids else None
