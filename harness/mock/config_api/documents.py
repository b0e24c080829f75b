"""What the Public API shows of a workspace, a source and a destination.

The fields are those of the models in Segment's public-api-sdk-python of 2026-08 (`SourceV1`,
`SourceMetadataV1`, `DestinationV1`, `DestinationMetadataV1`, `PaginationOutput`).
"""

from typing import Any, Final, Literal

from harness.mock.config_api.nouns import Destination, Metadata, Source, Workspace
from harness.mock.config_api.paging import Page
from harness.mock.config_api.replies import Document

# What a mock knows nothing about, in the shape that the models ask for.
_METHODS: Final = {"pageview": True, "identify": True, "alias": True, "track": True, "group": True}
_PLATFORMS: Final = {
    "browser": True,
    "server": True,
    "mobile": True,
    "warehouse": False,
    "cloudAppObject": False,
    "linkedAudiences": False,
}
_FEATURES: Final = {
    "cloudModeInstances": "MULTIPLE",
    "deviceModeInstances": "NONE",
    "replay": False,
    "browserUnbundling": False,
    "browserUnbundlingPublic": False,
}


def workspace_document(workspace: Workspace) -> Document:
    """A workspace."""
    return {"id": workspace.id, "slug": workspace.slug, "name": workspace.name}


def source_document(source: Source, workspace: Workspace, *, write_keys_shown: bool) -> Document:
    """A source, with its write keys unless the token may not see them: for the body of an answer alone."""
    return {
        "id": source.id,
        "slug": source.slug,
        "name": source.name,
        "metadata": _kind(source.metadata) | {"isCloudEventSource": False},
        "workspaceId": workspace.id,
        "enabled": source.enabled,
        "writeKeys": [key.reveal() for key in source.write_keys] if write_keys_shown else [],
        "settings": source.settings,
        "labels": [
            {"key": label.key, "value": label.value}
            | ({} if label.description is None else {"description": label.description})
            for label in source.labels
        ],
    }


def destination_document(destination: Destination) -> Document:
    """A destination."""
    kind = _kind(destination.metadata) | {
        "previousNames": [],
        "website": "",
        "components": [],
        "supportedFeatures": _FEATURES,
        "supportedMethods": _METHODS,
        "supportedPlatforms": _PLATFORMS,
        "actions": [],
        "presets": [],
    }
    return {
        "id": destination.id,
        "name": destination.display_name,
        "enabled": destination.enabled,
        "metadata": kind,
        "sourceId": destination.source_id,
        "settings": destination.settings,
    }


def pagination_document(page: Page[Any], missing_cursor: Literal["null", "absent"]) -> Document:
    """Where a page stands in its list."""
    document: Document = {
        "current": page.current,
        "next": page.next,
        "previous": page.previous,
        "totalEntries": page.total,
    }
    if missing_cursor == "null":
        return document
    return {name: value for name, value in document.items() if value is not None}


def _kind(metadata: Metadata) -> Document:
    return {
        "id": metadata.id,
        "slug": metadata.slug,
        "name": metadata.name,
        "description": metadata.description,
        "logos": {"default": "", "mark": None, "alt": None},
        "options": [],
        "categories": list(metadata.categories),
        "status": "PUBLIC",
        "partnerOwned": False,
    }
