"""Answer the Public API: the workspace, its sources and destinations, and changes to them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import orjson

from harness.mock.config_api.bearer import is_let_in, token_of
from harness.mock.config_api.catalog import is_writable
from harness.mock.config_api.documents import (
    destination_document,
    pagination_document,
    source_document,
    workspace_document,
)
from harness.mock.config_api.nouns import Destination, Source
from harness.mock.config_api.paging import Page, Wrong, asked_for, page_of
from harness.mock.config_api.replies import (
    PLAIN,
    Document,
    Problem,
    failure,
    media_type_of,
    problem,
    success,
)
from harness.mock.exchange import Reply
from harness.mock.route import Visit

if TYPE_CHECKING:
    from harness.mock.box import Box

Item = TypeVar("Item")
Answer = Callable[["Box", Visit], Document | Problem]

_MOST_ERRORS: Final = 100  # of one answer; a body can name any number of fields
# Where a version that does not exist is let pass.
_DEFAULT_MEDIA_TYPE: Final = "application/vnd.segment.v1+json"


class _Field(NamedTuple):
    """One field that a PATCH may change."""

    attribute: str
    type_: type
    said: str


# SDK models `UpdateSourceV1Input` and `UpdateDestinationV1Input`, 2026-08. A null leaves a field as it is.
_SOURCE_FIELDS: Final = {
    "name": _Field("name", str, "a string"),
    "enabled": _Field("enabled", bool, "a boolean"),
    "slug": _Field("slug", str, "a string"),
    "settings": _Field("settings", dict, "an object"),
}
_DESTINATION_FIELDS: Final = {
    "name": _Field("display_name", str, "a string"),
    "enabled": _Field("enabled", bool, "a boolean"),
    "settings": _Field("settings", dict, "an object"),
}


def answered(answer: Answer) -> Callable[["Box", Visit], Reply]:
    """The handler that lets a call in, asks `answer`, and wraps what it says in the version asked for."""

    def respond(box: "Box", visit: Visit) -> Reply:
        settings = box.settings.config
        media_type = media_type_of(visit.header(b"accept"))
        if not is_let_in(visit.call, settings.tokens):
            status = settings.wrong_token_status if token_of(visit.call) else 401
            return failure(problem(status, "the API token is missing or invalid"), media_type or PLAIN)
        if media_type is None:
            if settings.unknown_version_status != 200:
                return failure(
                    problem(
                        settings.unknown_version_status, "Accept names no version of v1, v1beta and v1alpha"
                    )
                )
            media_type = _DEFAULT_MEDIA_TYPE
        said = answer(box, visit)
        return failure(said, media_type) if isinstance(said, Problem) else success(said, media_type)

    return respond


def get_workspace(box: "Box", _visit: Visit) -> Document:
    """`GET /`: the workspace that the token belongs to."""
    return {"workspace": workspace_document(box.catalog.workspace)}


def list_sources(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /sources`."""
    return _listed(box, visit, "sources", visible_sources(box), lambda source: _shown(box, source))


def get_source(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /sources/{source_id}`."""
    source = _source(box, visit)
    if isinstance(source, Problem):
        return source
    return {"source": _shown(box, source), "trackingPlanId": source.tracking_plan_id}


def list_connected_destinations(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /sources/{source_id}/connected-destinations`."""
    source = _source(box, visit)
    if isinstance(source, Problem):
        return source
    return _listed(box, visit, "destinations", box.catalog.destinations_of(source), destination_document)


def list_destinations(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /destinations`."""
    known = {source.id for source in visible_sources(box)}
    own = [each for each in box.catalog.destinations if each.source_id in known]
    return _listed(box, visit, "destinations", own, destination_document)


def get_destination(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /destinations/{destination_id}`."""
    destination = _destination(box, visit)
    return (
        destination
        if isinstance(destination, Problem)
        else {"destination": destination_document(destination)}
    )


def update_source(box: "Box", visit: Visit) -> Document | Problem:
    """`PATCH /sources/{source_id}` with any of name, enabled, slug and settings."""
    source = _source(box, visit)
    if isinstance(source, Problem):
        return source
    changes = _changes(box, visit, _SOURCE_FIELDS)
    if isinstance(changes, Problem):
        return changes
    slug = changes.get("slug", source.slug)
    if not slug:
        return problem(422, '"slug" is not allowed to be empty', "slug")
    if box.catalog.slug_taken(slug, but_by=source):
        return problem(409, "another source has this slug", "slug")
    return {"source": _shown(box, box.catalog.change_source(source, **changes))}


def update_destination(box: "Box", visit: Visit) -> Document | Problem:
    """`PATCH /destinations/{destination_id}` with any of name, enabled and settings."""
    destination = _destination(box, visit)
    if isinstance(destination, Problem):
        return destination
    changes = _changes(box, visit, _DESTINATION_FIELDS)
    if isinstance(changes, Problem):
        return changes
    return {"destination": destination_document(box.catalog.change_destination(destination, **changes))}


def visible_sources(box: "Box") -> list[Source]:
    """The sources of the workspace that a token reads."""
    slug = box.catalog.workspace.slug
    return [source for source in box.catalog.sources if source.workspace == slug]


def _source(box: "Box", visit: Visit) -> Source | Problem:
    source = box.catalog.source(visit.params["source_id"])
    if source is None or source.workspace != box.catalog.workspace.slug:
        return problem(404, "no source has this id")
    return source


def _destination(box: "Box", visit: Visit) -> Destination | Problem:
    destination = box.catalog.destination(visit.params["destination_id"])
    source = box.catalog.source(destination.source_id) if destination is not None else None
    if destination is None or source is None or source.workspace != box.catalog.workspace.slug:
        return problem(404, "no destination has this id")
    return destination


def _shown(box: "Box", source: Source) -> Document:
    return source_document(
        source, box.catalog.workspace, write_keys_shown=box.settings.config.write_keys_shown
    )


def _listed(
    box: "Box", visit: Visit, name: str, items: Sequence[Item], document_of: Callable[[Item], Document]
) -> Document | Problem:
    settings = box.settings.config
    asked = asked_for(visit.query, visit.call.body)
    page: Page[Item] | Wrong = (
        asked
        if isinstance(asked, Wrong)
        else page_of(items, asked, default=settings.default_page, largest=settings.largest_page)
    )
    if isinstance(page, Wrong):
        return problem(422, f'"{page.field}" {page.message}', page.field)
    return {
        name: [document_of(item) for item in page.items],
        "pagination": pagination_document(page, settings.missing_cursor),
    }


def _changes(box: "Box", visit: Visit, fields: dict[str, _Field]) -> dict[str, Any] | Problem:
    """What a PATCH changes, by attribute; or everything that is wrong with it."""
    body = visit.call.body
    if body is None or len(body) > box.settings.config.largest_body_bytes:
        return problem(413, f"the body is above {box.settings.config.largest_body_bytes} bytes")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return problem(422, "the body must be a JSON object")
    wrong: list[tuple[str | None, str]] = []
    changes: dict[str, Any] = {}
    for name, value in document.items():
        field = fields.get(name)
        if field is None:
            wrong.append((name, f'"{name}" is not allowed'))
        elif value is None:
            continue
        elif not isinstance(value, field.type_):
            wrong.append((name, f'"{name}" must be {field.said}'))
        elif isinstance(value, dict) and not is_writable(value):
            wrong.append((name, f'"{name}" is nested too deeply'))
        else:
            changes[field.attribute] = value
    if len(wrong) > _MOST_ERRORS:
        wrong[_MOST_ERRORS:] = [(None, f"and {len(wrong) - _MOST_ERRORS} more")]
    return Problem(422, tuple(wrong)) if wrong else changes
