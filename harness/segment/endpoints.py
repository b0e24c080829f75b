"""Which paths Segment's APIs answer, and what a recorded path means."""

from typing import Final, NamedTuple

from harness.segment.messages import KINDS

# HTTP API docs and the SDKs' own default paths; read 2025-11 to 2026-08.
TRACKING_HOSTS: Final = {
    "us": "https://api.segment.io",
    "eu": "https://events.eu1.segmentapis.com",
}
# Profile API docs and docs.segmentapis.com "Getting Started"; read 2025-11.
PROFILE_HOSTS: Final = {
    "us": "https://profiles.segment.com",
    "eu": "https://profiles.euw1.segment.com",
}
CONFIG_HOSTS: Final = {
    "us": "https://api.segmentapis.com",
    "eu": "https://eu1.api.segmentapis.com",
}
BATCH_PATH: Final = "/v1/batch"
BATCH_PATHS: Final = ("/v1/batch", "/v1/import", "/v1/b")
SHORT_PATHS: Final = {f"/v1/{kind[0]}": kind for kind in KINDS}
PIXEL_PREFIX: Final = "/v1/pixel/"

PROFILE_PREFIX: Final = "/v1/spaces/"
CONFIG_PREFIXES: Final = ("/sources", "/v1beta/", "/workspaces", "/destinations", "/catalog")


class Endpoint(NamedTuple):
    """What a path means."""

    api: str  # tracking, profile, config
    kind: str | None  # the message type a single call implies; None elsewhere
    is_batch: bool


def single_path(kind: str) -> str:
    """The path of a single call of this message type."""
    return f"/v1/{kind}"


_TRACKING: Final = (
    {path: Endpoint("tracking", None, True) for path in BATCH_PATHS}
    | {single_path(kind): Endpoint("tracking", kind, False) for kind in KINDS}
    | {path: Endpoint("tracking", kind, False) for path, kind in SHORT_PATHS.items()}
)


TRACKING_PATHS: Final = tuple(_TRACKING)


def endpoint_of(path: str) -> Endpoint | None:
    """The endpoint a relative path names, with or without a trailing slash and a query; None when unknown."""
    bare = path.partition("?")[0]
    known = _TRACKING.get(bare.rstrip("/"))
    if known is not None:
        return known
    if bare.startswith(PROFILE_PREFIX):
        return Endpoint("profile", None, False)
    if bare == "/" or bare.startswith(CONFIG_PREFIXES):
        return Endpoint("config", None, False)
    return None
