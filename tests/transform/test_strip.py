import pytest

from harness.segment.messages import NEVER_SENT
from harness.transform.strip import strip


@pytest.mark.parametrize("field", sorted(NEVER_SENT))
def test_what_segment_or_the_old_client_put_there_is_gone(field):
    assert strip({"userId": "u", field: "x"}) == {"userId": "u"}


def test_everything_else_is_untouched_and_so_is_the_message_read():
    message = {"type": "track", "event": "E", "properties": {"writeKey": "a property"}, "writeKey": "k"}
    assert strip(message) == {"type": "track", "event": "E", "properties": {"writeKey": "a property"}}
    assert message["writeKey"] == "k"
