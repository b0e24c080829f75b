"""What Segment throws away after a 200, by code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.messages import KINDS
from harness.segment.validity import batch_note, discard_reason

TRACK = {"userId": "u", "event": "E"}

CASES = [
    ("track", TRACK, None),
    ("track", {"anonymousId": "a", "event": "E", "properties": {}}, None),
    ("track", {"userId": None, "anonymousId": "a", "event": "E"}, None),
    ("track", {"event": "E"}, "no_user_anon_id"),
    ("track", {"userId": None, "event": "E"}, "no_user_anon_id"),
    ("track", {"userId": 7, "event": "E"}, "id_not_string"),
    ("track", {"userId": "", "anonymousId": "a", "event": "E"}, "id_not_string"),
    ("track", {"userId": "u", "anonymousId": ["a"], "event": "E"}, "id_not_string"),
    ("track", {"userId": "u"}, "event_not_defined"),
    ("track", {"userId": "u", "event": ""}, "event_not_defined"),
    ("track", {"userId": "u", "event": 0}, "event_not_string"),
    ("track", {**TRACK, "properties": []}, "properties_not_object"),
    ("track", {**TRACK, "properties": None}, None),
    ("track", {**TRACK, "traits": "none of a track's business"}, None),
    ("identify", {"userId": "u", "traits": "t"}, "traits_not_object"),
    ("group", {"userId": "u", "groupId": "g", "traits": 1}, "traits_not_object"),
    ("page", {"userId": "u"}, None),
    ("page", {"userId": "u", "name": ""}, "name_not_string"),
    ("screen", {"userId": "u", "name": "S", "category": 3}, "category_not_string"),
    ("page", {"userId": "u", "properties": "p"}, "properties_not_object"),
    ("alias", {"userId": "u", "previousId": "a"}, None),
    (None, TRACK, "missing_type"),
    ("purchase", TRACK, "invalid_type"),
    (["track"], TRACK, "invalid_type"),
    ("track", ["no", "object"], "bad_request"),
    ("track", None, "bad_request"),
]


@pytest.mark.parametrize(("kind", "message", "reason"), CASES)
def test_each_message_is_discarded_for_its_documented_reason(kind, message, reason):
    assert discard_reason(kind, message) == reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    kind=st.sampled_from(KINDS) | JSON,
    message=st.dictionaries(
        st.sampled_from(["userId", "anonymousId", "event", "name", "category", "traits", "properties"]), JSON
    )
    | JSON,
)
def test_any_json_at_all_is_kept_or_given_a_reason(kind, message):
    reason = discard_reason(kind, message)
    assert reason is None or reason.isidentifier()
    if reason is None:
        assert isinstance(message, dict)
        assert kind in KINDS
        assert isinstance(message.get("userId") or message.get("anonymousId"), str)


def test_a_batch_is_noted_as_empty_emptied_or_partly_bad():
    assert batch_note([]) == "empty_batch"
    assert batch_note([None, None]) is None
    assert batch_note(["no_user_anon_id", "bad_request"]) == "empty_batch_result"
    assert batch_note([None, "bad_request"]) == "multi_user_error"
    assert batch_note(["no_user_anon_id", None, "bad_request"]) == "multi_user_error"
