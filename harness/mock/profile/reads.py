"""What each read of the Profile API answers: one function a path, from a profile to a document.

Shapes: Profile API docs (segment-docs, read 2025-11). Nothing here computes audiences or traits: those of a
class are the ones the settings name. Links have a cursor only when there is more, or one was given, because
the documented body has none.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

import orjson

from harness.mock.profile.asks import (
    address_of,
    instant_of,
    is_ascending,
    is_verbose,
    limit_of,
    names_of,
)
from harness.mock.profile.cursors import cut, number_in, numbered, place_in, place_of, timed
from harness.mock.profile.failures import FailedError, Failures
from harness.mock.profile.nouns import Joined, Profile, Trait
from harness.mock.profile.settings import ProfileSettings
from harness.mock.profile.writing import with_related
from harness.mock.route import Visit
from harness.segment.identity import ExternalId
from harness.units import NS_PER_S, format_instant_ms, format_instant_us

Read = Callable[[Profile, Visit, ProfileSettings, int], dict[str, Any]]  # the last: now, in ns since 1970

_DAY_NS: Final = 86_400 * NS_PER_S


def traits_read(profile: Profile, visit: Visit, settings: ProfileSettings, _now_ns: int) -> dict[str, Any]:
    """Traits by name; `class`, `include`, `verbose`, `limit`, `next`."""
    limit, verbose, included = (
        limit_of(visit, settings.traits_page),
        is_verbose(visit),
        names_of(visit, "include"),
    )
    of_class = _class_of(visit, settings)
    start = visit.one("next") or ""
    names = sorted(
        name
        for name in profile.traits
        if name >= start and (included is None or name in included) and (of_class is None or name in of_class)
    )
    page, following = cut(names, limit, str)
    show = _verbose_trait if verbose else _plain_trait
    return {
        "traits": {name: show(profile.traits[name]) for name in page},
        "cursor": _cursor(visit, profile, "traits", limit, following),
    }


def external_ids_read(
    profile: Profile, visit: Visit, settings: ProfileSettings, _now_ns: int
) -> dict[str, Any]:
    """External ids in the order in which they joined; `include` (types), `limit`, `next`.

    `verbose` is taken, and changes nothing: what it would add is undocumented.
    """
    limit, included = limit_of(visit, settings.external_ids_page), names_of(visit, "include")
    is_verbose(visit)
    start = _number(visit)
    ids = sorted(
        (
            (joined.order, external_id, joined)
            for external_id, joined in profile.ids.items()
            if joined.order >= start and (included is None or external_id.type in included)
        ),
    )
    page, following = cut(ids, limit, lambda item: numbered("map_", item[0]))
    collection = profile.home.name
    data = [
        _id_item(external_id, joined, collection) | {"first_message_id": joined.message_id}
        for _, external_id, joined in page
    ]
    return {"data": data, "cursor": _cursor(visit, profile, "external_ids", limit, following)}


def events_read(profile: Profile, visit: Visit, settings: ProfileSettings, now_ns: int) -> dict[str, Any]:
    """Track calls of the last days, newest first; from `start` on, and before `end`.

    Further `include` and `exclude` (names of events), `sort`, `limit`, `next`.
    """
    limit, ascending = limit_of(visit, settings.events_page), is_ascending(visit)
    included, excluded = names_of(visit, "include"), names_of(visit, "exclude") or frozenset()
    start_ns, end_ns = instant_of(visit, "start"), instant_of(visit, "end")
    first_ns = now_ns - settings.events_days * _DAY_NS
    first_ns = first_ns if start_ns is None else max(first_ns, start_ns)
    events = [
        event
        for event in profile.events
        if event.timestamp_ns >= first_ns
        and (end_ns is None or event.timestamp_ns < end_ns)
        and (included is None or event.name in included)
        and event.name not in excluded
    ]
    cursor = visit.one("next")
    if cursor:
        at = place_in(cursor)
        events = [
            event for event in events if (place_of(event) >= at if ascending else place_of(event) <= at)
        ]
    events.sort(key=place_of, reverse=not ascending)
    page, following = cut(events, limit, timed)
    collection, segment_id = profile.home.name, profile.segment_id
    data = [orjson.Fragment(with_related(event, collection, segment_id)) for event in page]
    return {"data": data, "cursor": _cursor(visit, profile, "events", limit, following)}


def metadata_read(profile: Profile, visit: Visit, _settings: ProfileSettings, _now_ns: int) -> dict[str, Any]:
    """When the profile was made and last touched, and by which messages; `verbose` changes nothing."""
    is_verbose(visit)
    return {
        "metadata": {
            "created_at": format_instant_ms(profile.created_ns),
            "updated_at": format_instant_ms(profile.updated_ns),
            "expires_at": None,
            "first_message_id": profile.first_message_id,
            "first_source_id": profile.first_source_id,
            "last_message_id": profile.last_message_id,
            "last_source_id": profile.last_source_id,
        }
    }


def links_read(profile: Profile, visit: Visit, settings: ProfileSettings, _now_ns: int) -> dict[str, Any]:
    """The accounts of a user, or the users of an account, in the order of linking; `limit`, `next`."""
    limit = limit_of(visit, settings.links_page)
    start = _number(visit)
    links = sorted(
        ((order, other) for other, order in profile.links.items() if order >= start), key=itemgetter(0)
    )
    page, following = cut(links, limit, lambda item: numbered("lnk_", item[0]))
    data = [
        {
            "to_collection": other.home.name,
            "external_ids": [
                _id_item(external_id, joined, other.home.name) for external_id, joined in other.ids.items()
            ],
        }
        for _, other in page
    ]
    if following or visit.one("next"):
        return {"data": data, "cursor": _cursor(visit, profile, "links", limit, following)}
    return {"data": data}


def _class_of(visit: Visit, settings: ProfileSettings) -> tuple[str, ...] | None:
    asked = visit.one("class")
    if not asked:
        return None
    classes = {"audience": settings.audiences, "computed_trait": settings.computed_traits}
    if asked not in classes:
        raise FailedError(Failures.CLASS)
    return classes[asked]


def _number(visit: Visit) -> int:
    cursor = visit.one("next")
    return number_in(cursor) if cursor else 0


def _plain_trait(trait: Trait) -> Any:
    return orjson.Fragment(trait.body)


def _verbose_trait(trait: Trait) -> Any:
    return {
        "value": orjson.Fragment(trait.body),
        "source_id": trait.source_id,
        "updated_at": format_instant_ms(trait.updated_ns),
    }


def _id_item(external_id: ExternalId, joined: Joined, collection: str) -> dict[str, Any]:
    return {
        "source_id": joined.source_id,
        "collection": collection,
        "id": external_id.id,
        "type": external_id.type,
        "created_at": format_instant_us(joined.at_ns),
        "encoding": "none",
    }


def _cursor(visit: Visit, profile: Profile, what: str, limit: int, following: str) -> dict[str, Any]:
    return {
        "url": address_of(visit, profile.segment_id, what, following),
        "has_more": bool(following),
        "next": following,
        "limit": limit,
    }
