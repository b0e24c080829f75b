"""Answer the legacy Config API, read only: workspaces, their sources, and those sources' destinations.

Config API docs (segment-docs `src/api/config-api`, read 2026-11): resource names, snake case, errors with
gRPC's codes. No new tokens for it have been given since 2024-02-01.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from harness.mock.config_api.bearer import is_let_in
from harness.mock.config_api.nouns import Destination, Source, Workspace
from harness.mock.config_api.paging import COUNT, Asked, Wrong, page_of
from harness.mock.config_api.public import visible_sources
from harness.mock.config_api.replies import Document, Problem, legacy_failure, problem
from harness.mock.exchange import Reply, json_reply
from harness.mock.route import Visit

if TYPE_CHECKING:
    from harness.mock.box import Box

Item = TypeVar("Item")
Answer = Callable[["Box", Visit], Document | Problem]

# How a setting's value is named; the docs show string and boolean, the others are ours.
_TYPES: Final[dict[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "map",
    list: "list",
}
_OTHER_TYPE: Final = "string"


def legacy_answered(answer: Answer) -> Callable[["Box", Visit], Reply]:
    """The handler that lets a call in and says what `answer` says."""

    def respond(box: "Box", visit: Visit) -> Reply:
        if not is_let_in(visit.call, box.settings.config.tokens):
            return legacy_failure(401, "the access token is missing or invalid")
        said = answer(box, visit)
        if isinstance(said, Problem):
            return legacy_failure(said.status, said.errors[0][1])
        return json_reply(200, said)

    return respond


def list_workspaces(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces`."""
    return _listed(box, visit, "workspaces", [_workspace_document(box, box.catalog.workspace)])


def get_workspace_by_slug(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces/{workspace}`."""
    return _missing_workspace(box, visit) or _workspace_document(box, box.catalog.workspace)


def list_sources_of_workspace(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces/{workspace}/sources`."""
    missing = _missing_workspace(box, visit)
    if missing is not None:
        return missing
    return _listed(box, visit, "sources", [_source_document(box, source) for source in visible_sources(box)])


def get_source_by_slug(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces/{workspace}/sources/{source}`."""
    source = _source(box, visit)
    return source if isinstance(source, Problem) else _source_document(box, source)


def list_destinations_of_source(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces/{workspace}/sources/{source}/destinations`."""
    source = _source(box, visit)
    if isinstance(source, Problem):
        return source
    own = box.catalog.destinations_of(source)
    return _listed(box, visit, "destinations", [_destination_document(box, source, each) for each in own])


def get_destination_by_slug(box: "Box", visit: Visit) -> Document | Problem:
    """`GET /workspaces/{workspace}/sources/{source}/destinations/{destination}`; of several the first."""
    source = _source(box, visit)
    if isinstance(source, Problem):
        return source
    for destination in box.catalog.destinations_of(source):
        if destination.metadata.slug == visit.params["destination"]:
            return _destination_document(box, source, destination)
    return problem(404, "the source has no such destination")


def _missing_workspace(box: "Box", visit: Visit) -> Problem | None:
    if visit.params["workspace"] == box.catalog.workspace.slug:
        return None
    return problem(404, "the token gives access to no such workspace")


def _source(box: "Box", visit: Visit) -> Source | Problem:
    missing = _missing_workspace(box, visit)
    if missing is not None:
        return missing
    for source in visible_sources(box):
        if source.slug == visit.params["source"]:
            return source
    return problem(404, "the workspace has no such source")


def _listed(box: "Box", visit: Visit, name: str, documents: Sequence[Document]) -> Document | Problem:
    settings = box.settings.config
    # An empty parameter, and a size of 0, ask for nothing in particular, as everywhere in gRPC's JSON.
    size, token = visit.one("page_size"), visit.one("page_token")
    asked = Asked(size if size and size != "0" else None, token or None)
    page = page_of(
        documents, asked, default=settings.legacy_default_page, largest=settings.legacy_largest_page
    )
    if isinstance(page, Wrong):
        field = "page_size" if page.field == COUNT else "page_token"
        return problem(400, f"{field} {page.message}")
    return {name: list(page.items), "next_page_token": page.next or ""}


def _workspace_document(box: "Box", workspace: Workspace) -> Document:
    return {
        "name": _workspace_name(box),
        "display_name": workspace.name,
        "id": workspace.id,
        "create_time": box.settings.config.created_at,
    }


def _source_document(box: "Box", source: Source) -> Document:
    shown = box.settings.config.write_keys_shown
    return {
        "slug": source.slug,
        "name": _source_name(box, source),
        "parent": _workspace_name(box),
        "display_name": source.name,
        "catalog_name": f"catalog/sources/{source.metadata.slug}",
        "write_keys": [key.reveal() for key in source.write_keys] if shown else [],
        "library_source_config": source.settings,
        "create_time": box.settings.config.created_at,
    }


def _destination_document(box: "Box", source: Source, destination: Destination) -> Document:
    parent = _source_name(box, source)
    name = f"{parent}/destinations/{destination.metadata.slug}"
    created_at = box.settings.config.created_at
    return {
        "slug": destination.metadata.slug,
        "name": name,
        "parent": parent,
        "display_name": destination.display_name,
        "enabled": destination.enabled,
        "connection_mode": destination.connection_mode,
        "config": [_config_document(name, key, value) for key, value in destination.settings.items()],
        "create_time": created_at,
        "update_time": created_at,
    }


def _config_document(destination_name: str, key: str, value: Any) -> Document:
    return {
        "name": f"{destination_name}/config/{key}",
        "display_name": key,
        "value": value,
        "type": _TYPES.get(type(value), _OTHER_TYPE),
    }


def _workspace_name(box: "Box") -> str:
    return f"workspaces/{box.catalog.workspace.slug}"


def _source_name(box: "Box", source: Source) -> str:
    return f"{_workspace_name(box)}/sources/{source.slug}"
