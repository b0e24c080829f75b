"""Delete one external id of a user's profile, which keeps all else.

Delete Profile Identifier API (segment-docs, read 2025-11). The bodies of its errors are undocumented; here
they have the shape of the Profile API's others.
"""

from typing import Any, Final

import msgspec

from harness.mock.profile.asks import lookup_of
from harness.mock.profile.failures import FailedError, Failures
from harness.mock.profile.nouns import USERS
from harness.mock.profile.profiles import Profiles
from harness.mock.route import Visit
from harness.segment.identity import GROUP_ID, USER_ID, ExternalId

DELETED: Final = {"code": "success", "message": "external identifier has been deleted"}


class _Unwanted(msgspec.Struct, frozen=True):
    id: str
    type: str


class _Body(msgspec.Struct, frozen=True):
    delete_external_ids: list[_Unwanted]


def delete(profiles: Profiles, visit: Visit) -> dict[str, Any]:
    """Delete what the body names, and answer the document that says so. Raises FailedError."""
    space_id, collection = visit.params["space_id"], visit.params["collection"]
    if not profiles.settings.delete_allowed:
        raise FailedError(Failures.DELETE_FORBIDDEN, space_id)
    if collection != USERS:
        raise FailedError(Failures.DELETE_COLLECTION, collection)
    lookup = lookup_of(visit).identifier
    if isinstance(lookup, str) or lookup.type != USER_ID:
        raise FailedError(Failures.DELETE_LOOKUP, visit.params["identifier"].partition(":")[0])
    unwanted = _unwanted(visit)
    if unwanted == lookup:
        raise FailedError(Failures.DELETE_LOOKUP_ID)
    space = profiles.space(space_id)
    profile = None if space is None else space.users.by_id.get(lookup)
    if profile is None:
        raise FailedError(Failures.DELETE_NO_PROFILE)
    if unwanted not in profile.ids:
        raise FailedError(Failures.DELETE_NO_ID)
    profiles.delete_id(profile, unwanted)
    return DELETED


def _unwanted(visit: Visit) -> ExternalId:
    try:
        body = msgspec.json.decode(visit.call.body or b"", type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FailedError(Failures.DELETE_BODY) from error
    if len(body.delete_external_ids) > 1:
        raise FailedError(Failures.DELETE_ONE)
    if not body.delete_external_ids:
        raise FailedError(Failures.DELETE_BODY)
    (one,) = body.delete_external_ids
    if not one.type or one.type == GROUP_ID or one.type != one.type.lower():
        raise FailedError(Failures.DELETE_TYPE)
    return ExternalId(one.type, one.id)
