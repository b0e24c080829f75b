"""Paging: each item once, whatever the page's size and whatever happens between two pages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.profile.cursors import cut, number_in, numbered, place_in, place_of, timed
from harness.mock.profile.failures import FailedError
from harness.mock.profile.nouns import Event
from harness.mock.profile.settings import IdLimitSettings, ProfileSettings
from tests.mock.profile.asking import NOW_NS, Asked

WIDE = ProfileSettings(
    id_limits={"group_id": IdLimitSettings(count=100)}, other_id_limit=IdLimitSettings(count=100)
)
LISTS = ("traits", "external_ids", "events", "links")


def filled(count):
    asked = Asked(WIDE)
    asked.tell("page", userId="u")
    for number in range(count):
        asked.tell("identify", userId="u", anonymousId=f"a{number}", traits={f"t é&{number}": number})
        # Several events share an instant, and one message id is a prefix of the other.
        asked.tell("track", userId="u", event="E", at_ns=NOW_NS + number // 3, message_id=f"e::{number}")
        asked.tell("group", userId="u", groupId=f"g{number}")
    return asked


def names(document):
    if "traits" in document:
        return list(document["traits"])
    return [
        str(item.get("message_id") or item.get("id") or item["external_ids"]) for item in document["data"]
    ]


def walk(asked, what, query, *, between=lambda: None):
    """Every item, following the url of each cursor."""
    path, found, pages = f"user_id:u/{what}?{query}", [], 0
    while path:
        document = asked.get(path)
        found += names(document)
        pages += 1
        cursor = document.get("cursor", {"has_more": False, "next": ""})
        assert cursor["has_more"] == bool(cursor["next"])
        path = cursor["url"] if cursor["has_more"] else None
        between()
    return found, pages


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 15), st.sampled_from(LISTS), st.sampled_from(["asc", "desc"]))
def test_a_walk_over_pages_of_any_size_sees_every_item_exactly_once(count, limit, what, sort):
    asked = filled(count)
    whole, _ = walk(asked, what, f"limit=20&sort={sort}")
    paged, pages = walk(asked, what, f"limit={limit}&sort={sort}")
    expected = count + (what == "external_ids")
    assert paged == whole
    assert len(set(paged)) == len(paged) == expected
    assert pages == max(1, -(-expected // limit))


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_what_was_there_all_along_is_seen_once_though_profiles_change_and_merge(what, sort):
    asked = filled(7)
    before, _ = walk(asked, what, f"limit=20&sort={sort}")
    numbers = iter(range(100, 200))

    def change():
        new = next(numbers)
        if new > 103:
            return
        for at_ns, trait in ((NOW_NS - new, f"a{new}"), (NOW_NS + new, f"z{new}")):
            asked.tell("identify", userId="u", traits={trait: 1}, anonymousId=f"n{new}")
            asked.tell("track", userId="u", event="E", at_ns=at_ns)
            asked.tell("group", userId="u", groupId=f"n{new}")
        asked.tell("track", anonymousId=f"other{new}", event="E", at_ns=NOW_NS)
        asked.tell("page", userId="u", anonymousId=f"other{new}")

    found, _ = walk(asked, what, f"limit=2&sort={sort}", between=change)
    assert asked.profiles.report()["merges"] > 0
    assert len(set(found)) == len(found)
    assert [one for one in found if one in set(before)] == before


def test_a_walk_keeps_its_filters():
    asked = filled(9)
    found, pages = walk(asked, "traits", "limit=2&include=t%20%C3%A9%261,t%20%C3%A9%265,t%20%C3%A9%267")
    assert (found, pages) == (["t é&1", "t é&5", "t é&7"], 2)


def test_the_next_of_traits_is_the_name_of_the_one_that_follows():
    asked = Asked()
    asked.tell("identify", userId="u", traits={"age": 1, "browser": 2, "city": 3})
    cursor = asked.get("user_id:u/traits?limit=1")["cursor"]
    assert cursor["next"] == "browser"
    assert list(asked.get("user_id:u/traits?limit=1&next=browser")["traits"]) == ["browser"]


def test_the_default_pages_are_the_documented_ones():
    asked = filled(12)
    sizes = [len(names(asked.get(f"user_id:u/{what}"))) for what in LISTS]
    assert sizes == [10, 10, 10, 12]
    assert asked.get("user_id:u/traits")["cursor"]["limit"] == 10


@given(st.integers(0, 2**63))
def test_a_numbered_cursor_leads_back(number):
    assert number_in(numbered("map_", number)) == number


@given(st.integers(-(2**63), 2**63), st.text(), st.integers(0, 2**63))
def test_the_cursor_of_an_event_leads_back(timestamp_ns, message_id, order):
    message_id = message_id.encode(errors="replace").decode()
    event = Event(timestamp_ns, message_id, order, "E", b"")
    assert place_in(timed(event)) == place_of(event)


@given(st.text())
def test_any_other_text_is_no_cursor(text):
    for read in (number_in, place_in):
        with pytest.raises(FailedError, match="NEXT"):
            read(text)


def test_the_following_item_is_named_only_when_there_is_one():
    assert cut([1, 2, 3], 2, str) == ([1, 2], "3")
    assert cut([1, 2], 2, str) == ([1, 2], "")
    assert cut([], 2, str) == ([], "")
