"""Say which scope of a limit a request counts in: what the ceiling keeps and what a report compares with."""

from harness.model import Limit
from harness.segment.profile_paths import space_of

ANY_SEGMENT = "*"


def is_endpoint(pattern: str, path: str) -> bool:
    """Whether a path, its query aside, is of this pattern: equal but for segments that are `*`."""
    wanted, found = pattern.rstrip("/").split("/"), path.partition("?")[0].rstrip("/").split("/")
    return len(wanted) == len(found) and all(
        part in (ANY_SEGMENT, other) for part, other in zip(wanted, found, strict=True)
    )


def label_under(limit: Limit, source: str, path: str) -> str | None:
    """Which of the limit's scopes a request of its API is in; None when it does not speak of this path.

    A limit per source has one for each source label, one per space one for each space id; any other has one.
    """
    if limit.endpoint and not is_endpoint(limit.endpoint, path):
        return None
    if limit.scope == "source":
        return source
    return space_of(path) if limit.scope == "space" else ""


def hangs_on_path(limit: Limit) -> bool:
    """Whether two requests of one source may be in different scopes of this limit."""
    return bool(limit.endpoint) or limit.scope == "space"
