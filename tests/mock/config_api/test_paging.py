"""Pages show everything exactly once, forwards and backwards, and no cursor or count can break them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.config_api.paging import Asked, Wrong, asked_for, cursor_at, page_of, position_of

SIZES = st.integers(1, 12)
TOTALS = st.integers(0, 40)


def walk(items, size, *, by, cursor):
    pages = []
    while cursor is not None:
        page = page_of(items, Asked(str(size), cursor), default=200, largest=1_000)
        assert page.current == cursor
        assert page.total == len(items)
        pages.append(list(page.items))
        cursor = getattr(page, by)
        assert len(pages) <= len(items) + 1
    return pages


@settings(max_examples=60)
@given(total=TOTALS, size=SIZES)
def test_following_next_visits_everything_once_in_order(total, size):
    items = list(range(total))
    pages = walk(items, size, by="next", cursor="MA==")
    assert [item for page in pages for item in page] == items
    assert all(len(page) == size for page in pages[:-1])
    assert pages[-1] or not items


@settings(max_examples=60)
@given(total=st.integers(1, 40), size=SIZES)
def test_following_previous_from_the_last_page_visits_everything_once(total, size):
    items = list(range(total))
    last = (total - 1) // size * size
    pages = walk(items, size, by="previous", cursor=cursor_at(last))
    assert [item for page in reversed(pages) for item in page] == items


def test_the_documented_sample_s_cursors_come_out():
    page = page_of(list(range(20)), Asked("3", None), default=200, largest=1_000)
    assert (page.current, page.next, page.previous, page.total) == ("MA==", "Mw==", None, 20)


def test_the_page_before_one_that_starts_in_mid_page_starts_at_the_first_item():
    page = page_of(list(range(20)), Asked("3", cursor_at(1)), default=200, largest=1_000)
    assert (list(page.items), page.previous) == ([1, 2, 3], "MA==")


@given(st.integers(0, 10**12 - 1))
def test_a_cursor_leads_back_to_its_position(position):
    assert position_of(cursor_at(position)) == position


@settings(max_examples=100)
@given(st.text(max_size=12) | st.binary(max_size=9).map(lambda raw: raw.decode("latin-1")))
def test_what_is_no_cursor_is_refused(text):
    position = position_of(text)
    assert position is None or cursor_at(position) == text


@pytest.mark.parametrize("cursor", ["", "x", "MA", "MA===", "MDA=", "LTE=", cursor_at(20), "é", "\ud800"])
def test_a_cursor_that_no_answer_gave_is_wrong(cursor):
    wrong = page_of(list(range(20)), Asked("3", cursor), default=200, largest=1_000)
    assert wrong == Wrong("pagination.cursor", "must be a cursor that an earlier answer gave")


@pytest.mark.parametrize("size", ["0", "1001", "-1", "1.5", "ten", "", " 1", "1e2", "9" * 5_000, "²", "١"])
def test_a_count_out_of_range_is_wrong(size):
    wrong = page_of([1], Asked(size, None), default=200, largest=1_000)
    assert wrong == Wrong("pagination.count", "must be a whole number from 1 to 1000")


@pytest.mark.parametrize("size", ["1", "1000"])
def test_the_ends_of_the_range_are_in_it(size):
    assert len(page_of(list(range(1_000)), Asked(size, None), default=200, largest=1_000).items) == int(size)


def test_without_a_count_a_page_has_the_default():
    assert len(page_of(list(range(500)), Asked(None, None), default=200, largest=1_000).items) == 200


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"pagination.count": ["9", "10"], "pagination.cursor": ["Mw=="]}, b""),
        ({"pagination[count]": ["10"], "pagination[cursor]": ["Mw=="]}, b""),
        ({"pagination": ['{"count": 10, "cursor": "Mw=="}']}, b""),
        ({}, b'{"pagination":{"count":10,"cursor":"Mw=="}}'),
        ({"pagination.count": ["10"], "pagination": ['{"count": 5, "cursor": "Mw=="}']}, b""),
        ({"pagination.count": ["10"], "pagination.cursor": ["Mw=="]}, b'{"pagination":{"count":5}}'),
    ],
)
def test_every_client_s_spelling_asks_for_the_same(query, body):
    assert asked_for(query, body) == Asked("10", "Mw==")


@pytest.mark.parametrize("body", [b"", None, b"garbage", b"[1]", b'{"other":1}', b"\xff"])
def test_a_body_that_says_nothing_of_pages_asks_for_nothing(body):
    assert asked_for({}, body) == Asked(None, None)


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ({"pagination": ["10"]}, b"", "pagination"),
        ({"pagination": ["{"]}, b"", "pagination"),
        ({"pagination": ["\ud800"]}, b"", "pagination"),
        ({"pagination": [""]}, b"", "pagination"),
        ({}, b'{"pagination":[]}', "pagination"),
        ({"pagination": ['{"count":true}']}, b"", "pagination.count"),
        ({"pagination": ['{"count":1.5}']}, b"", "pagination.count"),
        ({"pagination": [json.dumps({"cursor": {}})]}, b"", "pagination.cursor"),
        ({"pagination": ['{"count":' + "[" * 900 + "]" * 900 + "}"]}, b"", "pagination.count"),
    ],
)
def test_a_packed_pagination_that_is_none_names_its_field(query, body, field):
    assert asked_for(query, body).field == field
