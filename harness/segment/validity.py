"""Say why Segment, having answered 200, throws a message away on ingest.

The codes are those of the delivery overview, "Failed on ingest" (segment-docs
`_includes/content/delivery-overview-discards.html`, read 2025-11). A message, a batch or a write key alone
decides; `id_required` is left out, because its text describes the same messages as `no_user_anon_id`.
"""

from collections.abc import Sequence
from typing import Final

from harness.segment.consent import CONSENT_EVENT, consent_fault
from harness.segment.envelope import merged
from harness.segment.messages import KINDS

BAD_REQUEST: Final = "bad_request"
MISSING_TYPE: Final = "missing_type"
INVALID_TYPE: Final = "invalid_type"
NO_ID: Final = "no_user_anon_id"
ID_NOT_STRING: Final = "id_not_string"
EVENT_NOT_DEFINED: Final = "event_not_defined"
EVENT_NOT_STRING: Final = "event_not_string"

# Of a batch as a whole: it was empty; nothing of it was left; only its sound messages were published.
EMPTY_BATCH: Final = "empty_batch"
EMPTY_BATCH_RESULT: Final = "empty_batch_result"
MULTI_USER_ERROR: Final = "multi_user_error"

# Of the write key: no source has it; its source is switched off; its workspace is locked. For the first the
# same page also has `project_not_found` ("the write key is not valid") and does not say which one applies.
UNKNOWN_SOURCE: Final = "unknown_source"
SOURCE_DISABLED: Final = "source_disabled"
LOCKED_WORKSPACE: Final = "locked_workspace"

_PROPERTIES: Final = ("properties", dict, "properties_not_object")
_TRAITS: Final = ("traits", dict, "traits_not_object")
_NAME: Final = ("name", str, "name_not_string")
_CATEGORY: Final = ("category", str, "category_not_string")

# What each type may leave out, but not fill with something else; a text may not be empty either.
_FIELDS: Final[dict[str, tuple[tuple[str, type, str], ...]]] = {
    "identify": (_TRAITS,),
    "track": (_PROPERTIES,),
    "page": (_NAME, _CATEGORY, _PROPERTIES),
    "screen": (_NAME, _CATEGORY, _PROPERTIES),
    "group": (_TRAITS,),
    "alias": (),
}


def discard_reason(kind: object, message: object, around: object = None) -> str | None:
    """The code under which this message is discarded, or None when it is kept.

    `kind` is the type the path implies, or for a batched message its own `type`; `around` is its envelope's
    `context`. A field that is null counts as absent, because Segment's browser library sends such nulls.
    Contexts are looked at in one event alone, `consent.CONSENT_EVENT`.
    """
    # In one function, because the mock asks this of every message.
    if not isinstance(message, dict):
        return BAD_REQUEST
    if kind is None:
        return MISSING_TYPE
    if not isinstance(kind, str) or kind not in KINDS:
        return INVALID_TYPE
    user, anonymous = message.get("userId"), message.get("anonymousId")
    if user is None and anonymous is None:
        return NO_ID
    for value in (user, anonymous):
        if value is not None and not (value and isinstance(value, str)):
            return ID_NOT_STRING
    if kind == "track":
        event = message.get("event")
        if not (event and isinstance(event, str)):
            return EVENT_NOT_DEFINED if event is None or event == "" else EVENT_NOT_STRING
        if event == CONSENT_EVENT:
            fault = consent_fault(merged(around, message.get("context")))
            if fault is not None:
                return fault
    for field, type_, reason in _FIELDS[kind]:
        value = message.get(field)
        if value is not None and not (isinstance(value, type_) and (value or type_ is dict)):
            return reason
    return None


def batch_note(reasons: Sequence[str | None]) -> str | None:
    """What Segment notes of a batch, given each message's discard reason; None when all were kept."""
    if not reasons:
        return EMPTY_BATCH
    bad = len(reasons) - reasons.count(None)
    if bad == 0:
        return None
    return EMPTY_BATCH_RESULT if bad == len(reasons) else MULTI_USER_ERROR
