"""Say what Segment finds wrong with the one event that carries consent to a profile.

Only this event is checked; every other may carry any consent object, an empty one, or none (segment-docs
"Consent in Segment Connections" and its questions and answers, read 2025-11).
"""

from typing import Final

CONSENT_EVENT: Final = "Segment Consent Preference Updated"

PREFERENCES_MISSING: Final = "consent_categorypreferences_should_exist"
PREFERENCES_NOT_OBJECT: Final = "consent_categorypreferences_fields_should_be_object"
PREFERENCE_NOT_BOOL: Final = "consent_categorypreferences_fields_should_be_bool"
VERSION_NOT_NUMBER: Final = "consent_version_should_be_number"
ADVERTISING_ID_NOT_STRING: Final = "device_advertisingid_should_be_string"


def consent_fault(context: object) -> str | None:
    """The code under which a consent event with this context is discarded, or None when it is kept.

    The context is the message's own with its envelope's around it. The codes are those of the delivery
    overview (read 2025-11); the order among them is undocumented, this one is ours.
    """
    consent = _under(context, "consent")
    preferences = _under(consent, "categoryPreferences")
    if preferences is None:
        return PREFERENCES_MISSING
    if not isinstance(preferences, dict):
        return PREFERENCES_NOT_OBJECT
    if not all(isinstance(answer, bool) for answer in preferences.values()):
        return PREFERENCE_NOT_BOOL
    version = _under(consent, "version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int | float)):
        return VERSION_NOT_NUMBER
    advertising_id = _under(_under(context, "device"), "advertisingId")
    if advertising_id is not None and not isinstance(advertising_id, str):
        return ADVERTISING_ID_NOT_STRING
    return None


def _under(value: object, field: str) -> object:
    return value.get(field) if isinstance(value, dict) else None
