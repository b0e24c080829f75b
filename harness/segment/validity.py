"""Say why Segment, having answered 200, throws a message away on ingest.

The codes are those of the delivery overview, "Failed on ingest" (segment-docs
`_includes/content/delivery-overview-discards.html`, read 2025-11); here are the ones that one message
alone decides. The rest depend on a source's settings or on the whole request.
"""

from collections.abc import Mapping
from typing import Any, Final

from harness.segment.messages import KINDS

BAD_REQUEST: Final = "bad_request"
MISSING_TYPE: Final = "missing_type"
INVALID_TYPE: Final = "invalid_type"
NO_ID: Final = "no_user_anon_id"
ID_NOT_STRING: Final = "id_not_string"
EVENT_NOT_DEFINED: Final = "event_not_defined"
EVENT_NOT_STRING: Final = "event_not_string"

_IDS: Final = ("userId", "anonymousId")
_OBJECT_FIELD: Final = {
    "identify": ("traits", "traits_not_object"),
    "group": ("traits", "traits_not_object"),
    "track": ("properties", "properties_not_object"),
    "page": ("properties", "properties_not_object"),
    "screen": ("properties", "properties_not_object"),
}
_TEXT_FIELDS: Final = {
    "page": (("name", "name_not_string"), ("category", "category_not_string")),
    "screen": (("name", "name_not_string"), ("category", "category_not_string")),
}


def discard_reason(kind: object, message: object) -> str | None:
    """The code under which this message is discarded, or None when it is kept.

    `kind` is the type the path implies, or for a batched message its own `type`. A field that is null
    counts as absent, because Segment's browser library sends such nulls.
    """
    if not isinstance(message, dict):
        return BAD_REQUEST
    if kind is None:
        return MISSING_TYPE
    if kind not in KINDS:
        return INVALID_TYPE
    return _bad_ids(message) or _bad_fields(str(kind), message)


def _bad_ids(message: Mapping[str, Any]) -> str | None:
    found = False
    for field in _IDS:
        value = message.get(field)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            return ID_NOT_STRING
        found = True
    return None if found else NO_ID


def _bad_fields(kind: str, message: Mapping[str, Any]) -> str | None:
    if kind == "track":
        event = message.get("event")
        if event is None or event == "":
            return EVENT_NOT_DEFINED
        if not isinstance(event, str):
            return EVENT_NOT_STRING
    elif kind in _TEXT_FIELDS:
        for field, reason in _TEXT_FIELDS[kind]:
            value = message.get(field)
            if value is not None and (not isinstance(value, str) or not value):
                return reason
    if kind in _OBJECT_FIELD:
        field, reason = _OBJECT_FIELD[kind]
        value = message.get(field)
        if value is not None and not isinstance(value, dict):
            return reason
    return None
