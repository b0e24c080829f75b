"""The one event whose context decides whether it is kept."""

import pytest

from harness.segment.consent import CONSENT_EVENT
from harness.segment.validity import discard_reason

GOOD = {"consent": {"categoryPreferences": {"Ads": True, "Sales": False}}}

CASES = [
    (GOOD, None),
    ({"consent": {"categoryPreferences": {}}}, None),
    ({"consent": {"categoryPreferences": {"Ads": True}, "version": 2}}, None),
    ({**GOOD, "device": {"advertisingId": "ad", "id": 7}}, None),
    (None, "consent_categorypreferences_should_exist"),
    ({}, "consent_categorypreferences_should_exist"),
    ("context", "consent_categorypreferences_should_exist"),
    ({"consent": {}}, "consent_categorypreferences_should_exist"),
    ({"consent": {"categoryPreferences": None}}, "consent_categorypreferences_should_exist"),
    ({"consent": {"categoryPreferences": ["Ads"]}}, "consent_categorypreferences_fields_should_be_object"),
    ({"consent": {"categoryPreferences": {"Ads": 1}}}, "consent_categorypreferences_fields_should_be_bool"),
    (
        {"consent": {"categoryPreferences": {"Ads": True}, "version": "2"}},
        "consent_version_should_be_number",
    ),
    (
        {"consent": {"categoryPreferences": {"Ads": True}, "version": True}},
        "consent_version_should_be_number",
    ),
    ({**GOOD, "device": {"advertisingId": 7}}, "device_advertisingid_should_be_string"),
]


@pytest.mark.parametrize(("context", "reason"), CASES)
def test_a_consent_event_is_discarded_for_what_is_wrong_with_its_consent(context, reason):
    message = {"userId": "u", "event": CONSENT_EVENT, "context": context}
    assert discard_reason("track", message) == reason


@pytest.mark.parametrize(("context", "_reason"), CASES)
def test_any_other_message_may_carry_any_consent(context, _reason):
    assert discard_reason("track", {"userId": "u", "event": "Order Completed", "context": context}) is None
    identify = {"userId": "u", "event": CONSENT_EVENT, "context": context}
    assert discard_reason("identify", identify) is None


def test_the_consent_may_stand_on_the_envelope_and_the_messages_own_wins():
    message = {"userId": "u", "event": CONSENT_EVENT}
    assert discard_reason("track", message, GOOD) is None
    assert discard_reason("track", {**message, "context": {"locale": "de"}}, GOOD) is None
    own = {**message, "context": {"consent": {}}}
    assert discard_reason("track", own, GOOD) == "consent_categorypreferences_should_exist"
