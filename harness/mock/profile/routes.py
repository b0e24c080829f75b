"""The paths of the Profile API.

Every answer carries a Request-Id, and nothing that is not documented: no CORS, no headers on limits. A call
is checked for its token first, then its space, its path, whether the profile is there, and last its query.
"""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from harness.mock.exchange import Later, Reply, json_reply
from harness.mock.profile.access import is_let_in
from harness.mock.profile.asks import lookup_of
from harness.mock.profile.deletion import delete
from harness.mock.profile.failures import AUTHENTICATE, FailedError, Failures
from harness.mock.profile.profiles import Profiles
from harness.mock.profile.reads import (
    Read,
    events_read,
    external_ids_read,
    links_read,
    metadata_read,
    traits_read,
)
from harness.mock.route import Route, Visit
from harness.segment.identity import ExternalId

if TYPE_CHECKING:
    from harness.mock.box import Box

PROFILE_PATTERN: Final = "/v1/spaces/{space_id}/collections/{collection}/profiles/{identifier}"

_UUID_BYTES: Final = 16
_READS: Final[dict[str, Read]] = {
    "traits": traits_read,
    "external_ids": external_ids_read,
    "events": events_read,
    "metadata": metadata_read,
    "links": links_read,
}


def profile_reply(box: "Box", status: int, document: Any, *headers: tuple[str, str]) -> Reply:
    """A reply of the Profile API, with its Request-Id and these headers; its 429 has this form too."""
    return json_reply(status, document, request_id(box), *headers)


def request_id(box: "Box") -> tuple[str, str]:
    """The header that every answer carries."""
    return "Request-Id", str(UUID(bytes=box.entropy(_UUID_BYTES)))


def _route(what: str, read: Read) -> Route:
    def answer(box: "Box", visit: Visit) -> Reply | Later:
        profiles: Profiles = box.profiles
        try:
            _check_access(profiles, visit, Failures.NO_ACCESS)
            document = _found(profiles, visit, read, box.clock.wall_ns())
        except FailedError as failed:
            return _failed_reply(box, failed)
        return profile_reply(box, 200, document)

    return Route("GET", f"{PROFILE_PATTERN}/{what}", "profile", answer)


def _delete_reply(box: "Box", visit: Visit) -> Reply | Later:
    profiles: Profiles = box.profiles
    try:
        _check_access(profiles, visit, Failures.DELETE_NO_ACCESS)
        document = delete(profiles, visit)
    except FailedError as failed:
        return _failed_reply(box, failed)
    return profile_reply(box, 200, document)


def _check_access(profiles: Profiles, visit: Visit, failure: Failures) -> None:
    if not is_let_in(visit.header(b"authorization"), profiles.settings.tokens):
        raise FailedError(failure)


def _found(profiles: Profiles, visit: Visit, read: Read, now_ns: int) -> dict[str, Any]:
    space = profiles.space(visit.params["space_id"])
    if space is None:
        raise FailedError(Failures.NO_SPACE)
    lookup = lookup_of(visit)
    home = space.collection(lookup.collection)
    if isinstance(lookup.identifier, ExternalId):
        profile = home.by_id.get(lookup.identifier)
    else:
        profile = home.by_segment_id.get(lookup.identifier)
    if profile is None:
        raise FailedError(Failures.NO_PROFILE)
    return read(profile, visit, profiles.settings, now_ns)


def _failed_reply(box: "Box", failed: FailedError) -> Reply:
    headers = (AUTHENTICATE,) if failed.status == 401 else ()
    return profile_reply(box, failed.status, failed.document, *headers)


ROUTES: Final[tuple[Route, ...]] = (
    *(_route(what, read) for what, read in _READS.items()),
    Route("POST", f"{PROFILE_PATTERN}/external_ids/delete", "profile", _delete_reply),
)
