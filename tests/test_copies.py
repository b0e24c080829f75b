"""For which copy of its person an item is sent, and that all who name that person use one name."""

import pytest

from harness.copies import key_as_read
from harness.plan import make_plan
from harness.segment.messages import person_keys
from harness.segment.profile_paths import person_of_traits, traits_path, with_person
from harness.transform.multiply import key_mark
from harness.transform.reidentify import copied_id, reidentify


@pytest.mark.parametrize("user", ["ann", "1~u:ann", "12", "0b0a6f6e-6f6e-4a6f-8a6f-6f6e6f6e6f6e", "a/b ü"])
@pytest.mark.parametrize("copy", [0, 1, 12])
def test_a_copy_is_read_under_the_id_that_its_messages_carry(user, copy):
    plan = make_plan("r.ndjson", {"multiply": "13", "seed": "7"})
    as_read = key_as_read(plan)
    assert as_read is not None
    (key,) = person_keys({"userId": user})
    message, path = {"type": "identify", "userId": user}, traits_path("s", key)
    if copy:
        key = key_mark(copy) + key
        message = reidentify(message, copy=copy, salt="7")
        path = with_person(path, lambda text: copied_id(text, copy, "7"))
    assert person_keys(message) == (as_read(key),)
    assert person_of_traits(path) == as_read(key)


def test_without_copies_nobody_is_renamed():
    assert key_as_read(make_plan("r.ndjson", {})) is None
