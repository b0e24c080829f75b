"""When a profile can be read: two bounds, from reads alone."""

import pytest

from harness.measure import freshness
from harness.measure.freshness import Freshness, Seen
from harness.model import Answer, Arrival
from harness.segment.profile_paths import traits_path
from tests.measure.sends import an_item

FOUND, MISSED = {"status": 200}, {"status": 404, "unknown_profile": True}


def read_of(key, kind="GET", path=None):
    return an_item(0, keys=())._replace(api="profile", kind=kind, path=path or traits_path("s", key))


def tracked(watch, at_ns, *keys):
    watch.accepted([Arrival(0, an_item(0, keys=keys))], at_ns)


def answered(watch, key, done_ns, outcome, **item):
    return watch.read(read_of(key, **item), Answer(0, done_ns, **outcome))


def test_the_first_read_that_finds_a_person_says_how_long_it_took_and_later_ones_nothing():
    watch = Freshness()
    tracked(watch, 100, "u:1")
    tracked(watch, 150, "u:1")  # not their first
    assert answered(watch, "u:1", 170, MISSED) == Seen(False, 70)
    assert answered(watch, "u:1", 300, FOUND) == Seen(True, 200)
    assert answered(watch, "u:1", 400, FOUND) is None
    assert answered(watch, "u:1", 500, MISSED) is None
    tracked(watch, 600, "u:1")
    assert answered(watch, "u:1", 700, FOUND) is None


def test_a_copy_is_met_under_the_id_that_reads_of_it_have():
    watch = Freshness(lambda key: key.replace("1~u:ann", "u:ann~1"))
    tracked(watch, 100, "1~u:ann")
    assert answered(watch, "u:ann~1", 300, FOUND) == Seen(True, 200)


def test_a_read_before_any_message_was_accepted_says_nothing():
    watch = Freshness()
    assert answered(watch, "u:1", 50, MISSED) is None
    tracked(watch, 100, "u:1", "a:9")
    assert answered(watch, "a:9", 130, FOUND) == Seen(True, 30)
    assert answered(watch, "u:1", 140, FOUND) == Seen(True, 40)


def test_a_person_who_was_there_before_is_left_out():
    watch = Freshness()
    assert answered(watch, "u:1", 50, FOUND) is None
    tracked(watch, 100, "u:1")
    assert answered(watch, "u:1", 200, FOUND) is None


@pytest.mark.parametrize(
    ("outcome", "item"),
    [
        ({"status": 500}, {}),
        ({"status": 404}, {}),
        ({"status": 429}, {}),
        (FOUND, {"kind": "DELETE"}),
        (FOUND, {"path": "/v1/spaces/s/collections/users/profiles/user_id:1/events"}),
        (FOUND, {"path": "/sources"}),
    ],
)
def test_what_is_no_answer_about_somebodys_traits_says_nothing(outcome, item):
    watch = Freshness()
    tracked(watch, 100, "u:1")
    assert answered(watch, "u:1", 200, outcome, **item) is None
    assert answered(watch, "u:1", 300, FOUND) == Seen(True, 200)


def test_it_watches_from_the_first_read_of_traits_that_it_hears_of():
    watch = Freshness()
    watch.expect(read_of("u:1", path="/v1/spaces/s"))
    watch.expect(read_of("u:1", kind="POST"))
    assert not watch.watches
    watch.expect(read_of("u:1"))
    assert watch.watches


def test_it_watches_so_many_people_and_no_more(monkeypatch):
    monkeypatch.setattr(freshness, "PEOPLE_MOST", 2)
    watch = Freshness()
    for person in range(5):
        tracked(watch, 100, f"u:{person}")
    found = [answered(watch, f"u:{person}", 200, FOUND) for person in range(5)]
    assert found == [Seen(True, 100)] * 2 + [None] * 3
    assert len(watch._accepted_ns) == 2
