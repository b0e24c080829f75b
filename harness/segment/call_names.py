"""Name a call by its endpoint, without whose it is: for statistics, which people read and keep."""

from typing import Final

from harness.segment.endpoints import PROFILE_PREFIX

_SPACE, _ID = 3, 7  # segments of /v1/spaces/SPACE/collections/users/profiles/ID/traits
_LEGACY: Final = "v1beta"
ANY: Final = "*"


def call_name(api: str, path: str) -> str:
    """`/v1/spaces/*/collections/users/profiles/*/traits`, `/sources/*`; the Tracking API's path as it is.

    In the Config API every second segment is an id. A query is left out. Limits of endpoints are written so.
    """
    if api == "tracking":
        return path
    parts = path.partition("?")[0].split("/")
    if path.startswith(PROFILE_PREFIX):
        places = [_SPACE, _ID]
    else:
        first = 2 if len(parts) > 1 and parts[1] == _LEGACY else 1
        places = list(range(first + 1, len(parts), 2))
    for place in places:
        if place < len(parts) and parts[place]:
            parts[place] = ANY
    return "/".join(parts)
