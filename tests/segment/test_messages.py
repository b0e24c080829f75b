"""Which ids keep a message in its person's order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.messages import person_keys


@pytest.mark.parametrize(
    ("message", "keys"),
    [
        ({}, ()),
        ({"userId": "97980cfea0067"}, ("u:97980cfea0067",)),
        ({"anonymousId": "507f191e"}, ("a:507f191e",)),
        ({"userId": "x", "anonymousId": "x"}, ("u:x", "a:x")),
        ({"userId": " x "}, ("u:x",)),
        ({"userId": 1234}, ("u:1234",)),
        ({"userId": 12.5}, ("u:12.5",)),
        ({"userId": "new", "previousId": "old"}, ("u:new", "u:old", "a:old")),
        ({"previousId": "old"}, ("u:old", "a:old")),
        ({"userId": "old", "previousId": "old"}, ("u:old", "a:old")),
        ({"userId": "10"}, ("u:10",)),
        ({"userId": "0-1"}, ("u:0-1",)),
        ({"userId": "anonymous-7"}, ("u:anonymous-7",)),
    ],
)
def test_a_messages_ids_are_its_keys(message, keys):
    assert person_keys(message) == keys


@pytest.mark.parametrize(
    "nobody",
    [
        *("", "  ", "-1", "null", "NULL", "Null", " null ", "anonymous", "Anonymous"),
        *("0", "000", "-", "00000000-0000-0000-0000-000000000000", 0, -1),
        *(None, True, False, [], {}, ["x"], {"id": "x"}),
    ],
)
@pytest.mark.parametrize("field", ["userId", "anonymousId", "previousId"])
def test_ids_that_stand_for_nobody_are_no_key(field, nobody):
    assert person_keys({field: nobody}) == ()
    assert person_keys({"anonymousId": "someone", field: nobody}) == (
        () if field == "anonymousId" else ("a:someone",)
    )


@given(
    st.dictionaries(
        st.sampled_from(["userId", "anonymousId", "previousId"]),
        st.sampled_from(["a", "b", "-1", "0", None, 7, "", "x y"]) | st.text(max_size=12),
    )
)
def test_messages_that_share_an_id_share_a_key(message):
    keys = person_keys(message)
    assert len(set(keys)) == len(keys)
    for field, prefix in (("userId", "u:"), ("anonymousId", "a:")):
        mine = person_keys({field: message.get(field)})
        assert set(mine) <= set(keys)
        assert all(key.startswith(prefix) for key in mine)
        # An alias that names this id, of either kind, waits for this message.
        assert set(mine) <= set(person_keys({"previousId": message.get(field)}))
