"""The error bodies of the Profile API, each with its status, code and sentence in one table.

The codes are those of the Profile API docs ("Errors") and of the page on deleting identifiers (segment-docs,
both read 2025-11); which of the two 400 codes belongs to which mistake is undocumented, and ours.
"""

from enum import Enum
from typing import Any, Final, NamedTuple

AUTHENTICATE: Final = ("WWW-Authenticate", 'Basic realm="profiles"')  # HTTP asks for it on every 401


class Failure(NamedTuple):
    """One way in which a call fails; `{}` in the message stands for what was sent."""

    status: int
    code: str
    message: str


class Failures(Enum):
    """Every way in which a Profile API call fails by itself; limits and faults are not its own."""

    NO_ACCESS = Failure(401, "authentication_error", "The access token is missing or wrong.")
    NO_SPACE = Failure(404, "not_found", "Space was not found.")
    NO_PROFILE = Failure(404, "not_found", "Profile was not found.")
    COLLECTION = Failure(
        400, "validation_error", "The parameter `collection` must be users or accounts, not `{}`"
    )
    IDENTIFIER = Failure(
        400, "validation_error", "The parameter `identifier` must be <type>:<id>, its type in lower case"
    )
    LIMIT = Failure(400, "invalid_request_error", "The parameter `limit` must be a whole number from 1 to {}")
    NEXT = Failure(400, "invalid_request_error", "The parameter `next` is no cursor of this list")
    CLASS = Failure(400, "invalid_request_error", "The parameter `class` must be audience or computed_trait")
    VERBOSE = Failure(400, "invalid_request_error", "The parameter `verbose` must be true or false")
    SORT = Failure(400, "invalid_request_error", "The parameter `sort` must be asc or desc")
    INSTANT = Failure(400, "invalid_request_error", "The parameter `{}` must be an instant in ISO 8601")

    DELETE_NO_ACCESS = Failure(401, "unauthorized", "the specified token is invalid")
    DELETE_FORBIDDEN = Failure(403, "forbidden", "deleting identifiers is not activated for space_id `{}`")
    DELETE_COLLECTION = Failure(400, "bad_request", "invalid collection: `{}`")
    DELETE_LOOKUP = Failure(400, "bad_request", "invalid URL: a valid `user_id` is required, not `{}`")
    DELETE_BODY = Failure(
        400, "bad_request", 'the body must be {{"delete_external_ids": [{{"id": "…", "type": "…"}}]}}'
    )
    DELETE_ONE = Failure(400, "bad_request", "only one external_id can be deleted at a time")
    DELETE_TYPE = Failure(400, "unsupported_eid_type", "unsupported external id type")
    DELETE_LOOKUP_ID = Failure(400, "bad_request", "external id specification must differ from lookup id")
    DELETE_NO_PROFILE = Failure(404, "not_found", "the resource was not found")
    DELETE_NO_ID = Failure(404, "eid_not_found", "external identifier not found")


class FailedError(Exception):
    """A call cannot be answered with 200: how, and what was sent instead of what was wanted."""

    def __init__(self, failure: Failures, sent: object = "") -> None:
        super().__init__(failure.name)
        self.status: Final = failure.value.status
        text = failure.value.message.format(sent)
        # What came percent-encoded may be no Unicode, and the answer has to be.
        self.document: Final = error_document(failure.value.code, text.encode(errors="replace").decode())


def error_document(code: str, message: str) -> dict[str, Any]:
    """The body of an error of the Profile API, such as `rate_limit_error`."""
    return {"error": {"code": code, "message": message}}
