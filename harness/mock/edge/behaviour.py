"""Say how strict the Tracking API is: what it answers to each trouble, by the name of a behaviour.

`documented` is Segment as its docs and its users describe it (HTTP API docs "Errors", read 2025-11): 400 for
what cannot be taken, 200 for everything else, whatever becomes of it. `strict` answers what a collector
that looks first would, so that a client's mistakes show: RudderStack's gateway (response.go, read 2026-08) is
the model where it has an answer. It differs from it in one place: a message that breaks a rule is 422, which
tells it from unreadable JSON; RudderStack says 400 to both. Either way the whole request is refused, and
nothing of it is stored.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from harness.mock.edge.settings import TrackingSettings
from harness.mock.exchange import Reply, refusal
from harness.segment.pixel import BAD_QUERY, EMPTY
from harness.segment.validity import LOCKED_WORKSPACE, SOURCE_DISABLED, UNKNOWN_SOURCE

# What can be wrong with a call, beside the reasons of the write key.
TOO_LARGE: Final = "too_large"
TOO_MANY_MESSAGES: Final = "too_many_messages"
INVALID_JSON: Final = "invalid_json"
TOO_DEEP: Final = "too_deep"
NOT_AN_OBJECT: Final = "not_an_object"
BATCH_NOT_A_LIST: Final = "batch_not_a_list"
BAD_ENCODING: Final = "bad_encoding"
BAD_WRITE_KEY: Final = "bad_write_key"
BAD_MESSAGE: Final = "bad_message"  # `validity.discard_reason` has a code for at least one of its messages
BAD_TOKEN: Final = "bad_token"  # noqa: S105 - the name of a trouble


class Ruling(NamedTuple):
    """What a behaviour does about one trouble."""

    status: int  # 200: the messages are discarded, under the trouble's name
    code: str
    message: str
    origin: str  # whose behaviour this is
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def discards(self) -> bool:
        """True when the client is told 200."""
        return self.status == 200


_DOCS: Final = "HTTP API docs, 2025-11"
_SEEN: Final = "analytics-go issue 205, 2026-08"
_DELIVERY: Final = "segment-docs, delivery overview, 2025-11"
_RUDDER: Final = "RudderStack gateway, 2026-08"
_OURS: Final = "ours: undocumented"

# A pixel's client sees its image whatever happens: these two show in the ledger alone.
_PIXEL: Final[Mapping[str, Ruling]] = {
    BAD_QUERY: Ruling(400, "invalid_request", "the query does not spell out a message", _OURS),
    EMPTY: Ruling(400, "invalid_request", "the query holds no message", _OURS),
}

_TOKEN: Final = Ruling(
    401,
    "unauthorized",
    "a valid access token is required",
    "RFC 6750; Segment's libraries clear their token on 401",
    (("WWW-Authenticate", 'Bearer error="invalid_token"'),),
)

DOCUMENTED: Final[Mapping[str, Ruling]] = MappingProxyType(
    {
        TOO_LARGE: Ruling(400, "invalid_request", "Exceed payload limit", _DOCS),
        TOO_MANY_MESSAGES: Ruling(200, TOO_MANY_MESSAGES, "", _DOCS),
        INVALID_JSON: Ruling(400, "invalid_request", "malformed JSON", _DOCS),
        TOO_DEEP: Ruling(400, "invalid_request", "malformed JSON: nested too deeply", _OURS),
        NOT_AN_OBJECT: Ruling(400, "invalid_request", "the body must be a JSON object", _OURS),
        BATCH_NOT_A_LIST: Ruling(400, "invalid_request", "batch must be a list of messages", _OURS),
        BAD_ENCODING: Ruling(400, "invalid_request", "the body is not what Content-Encoding says", _OURS),
        BAD_WRITE_KEY: Ruling(
            400, "invalid_request", "a write key is missing, or too short to be one", _SEEN
        ),
        UNKNOWN_SOURCE: Ruling(200, UNKNOWN_SOURCE, "", _DELIVERY),
        SOURCE_DISABLED: Ruling(200, SOURCE_DISABLED, "", _DELIVERY),
        LOCKED_WORKSPACE: Ruling(200, LOCKED_WORKSPACE, "", _DELIVERY),
        BAD_MESSAGE: Ruling(200, BAD_MESSAGE, "", _DELIVERY),
        BAD_TOKEN: _TOKEN,
        **_PIXEL,
    }
)

STRICT: Final[Mapping[str, Ruling]] = MappingProxyType(
    {
        TOO_LARGE: Ruling(413, "payload_too_large", "the request exceeds the size limit", _RUDDER),
        TOO_MANY_MESSAGES: Ruling(413, "payload_too_large", "the batch has too many messages", _OURS),
        INVALID_JSON: Ruling(400, "invalid_request", "malformed JSON", _RUDDER),
        TOO_DEEP: Ruling(400, "invalid_request", "malformed JSON: nested too deeply", _OURS),
        NOT_AN_OBJECT: Ruling(422, "invalid_request", "the body must be a JSON object", _OURS),
        BATCH_NOT_A_LIST: Ruling(422, "invalid_request", "batch must be a list of messages", _OURS),
        BAD_ENCODING: Ruling(400, "invalid_request", "the body is not what Content-Encoding says", _OURS),
        BAD_WRITE_KEY: Ruling(401, "unauthorized", "a write key is missing, or too short to be one", _RUDDER),
        UNKNOWN_SOURCE: Ruling(401, "unauthorized", "no source has this write key", _RUDDER),
        SOURCE_DISABLED: Ruling(404, "source_disabled", "the source of this write key is disabled", _RUDDER),
        LOCKED_WORKSPACE: Ruling(404, "locked_workspace", "the workspace is locked", _OURS),
        BAD_MESSAGE: Ruling(422, "invalid_message", "a message breaks a rule of the spec", _OURS),
        BAD_TOKEN: _TOKEN,
        **_PIXEL,
    }
)

BEHAVIOURS: Final[Mapping[str, Mapping[str, Ruling]]] = MappingProxyType(
    {"documented": DOCUMENTED, "strict": STRICT}
)


def rulings(settings: TrackingSettings) -> Mapping[str, Ruling]:
    """What these settings do about each trouble; without `unknown_source` when every key is accepted."""
    table = dict(BEHAVIOURS[settings.behaviour])
    match settings.unknown_keys:
        case "accept":
            del table[UNKNOWN_SOURCE]
        case "discard":
            table[UNKNOWN_SOURCE] = DOCUMENTED[UNKNOWN_SOURCE]
        case "refuse":
            table[UNKNOWN_SOURCE] = STRICT[UNKNOWN_SOURCE]
        case None:
            pass
    return MappingProxyType(table)


def refusal_of(ruling: Ruling, detail: str | None = None) -> Reply:
    """The reply of a ruling that does not discard; `detail`, such as a discard reason, ends its sentence."""
    message = ruling.message if detail is None else f"{ruling.message}: {detail}"
    return refusal(ruling.status, ruling.code, message, *ruling.headers)
