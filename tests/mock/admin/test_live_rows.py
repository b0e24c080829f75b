"""What the live page is shown: the newest that is wanted, exactly, and no more work than is bearable."""

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.admin import live_rows
from harness.mock.admin.live_rows import Wanted, newest_rows, text_of
from harness.mock.settings import LedgerSettings, MockSettings
from tests.mock.boxed import KEY, OTHER_KEY, Client, box_of, track

ANY = Wanted(after=0, limit=1_000, classes=frozenset(), write_key="", search="")


def box_with(*batches, **options):
    box = box_of(**options)
    client = Client(box)
    for batch in batches:
        client.call("POST", "/v1/batch", {"batch": [{"type": "track", **m} for m in batch]})
    return box, client


def names(found):
    return [row["name"] for row in found.rows]


def test_the_newest_are_shown_oldest_first_and_the_older_ones_counted():
    box, client = box_with([track(f"m{n}", event=f"E{n}") for n in range(10)])
    client.call("GET", "/sources", key=None)
    found = newest_rows(box, ANY._replace(limit=3))
    assert names(found) == ["E8", "E9", None]
    assert found.skipped == 8
    assert newest_rows(box, ANY._replace(after=9)).skipped == 0
    assert [row["seq"] for row in newest_rows(box, ANY._replace(after=9)).rows] == [10, 11]
    assert newest_rows(box, ANY._replace(limit=0)) == ([], 11)


def test_of_a_call_that_came_in_part_before_only_the_rest_is_shown():
    box, _ = box_with([track(f"m{n}", event=f"E{n}") for n in range(6)])
    found = newest_rows(box, ANY._replace(after=2))
    assert (names(found), found.skipped) == (["E2", "E3", "E4", "E5"], 0)


def test_what_was_evicted_is_skipped_and_what_was_forgotten_is_not():
    box, client = box_with(
        *([track(f"m{n}")] for n in range(50)),
        settings=MockSettings(ledger=LedgerSettings(bodies_bytes=9_000)),
    )
    found = newest_rows(box, ANY)
    assert len(found.rows) + found.skipped == 50
    assert found.skipped == box.kept.evicted_messages > 0
    client.call("POST", "/__admin/reset")
    client.call("POST", "/v1/track", track("after"))
    assert newest_rows(box, ANY).skipped == 0


def test_a_write_key_and_a_class_choose():
    box, client = box_with([track("m1"), track("m1"), track("m2", event=3)])
    client.call("POST", "/v1/track", track("m3"), key=OTHER_KEY)
    client.call("GET", "/nowhere", key=None)
    masked = [row["write_key"] for row in newest_rows(box, ANY).rows]
    assert masked == ["…x9Qd"] * 3 + ["…4z7Y"] + [None]
    assert len(newest_rows(box, ANY._replace(write_key="…4z7Y")).rows) == 1
    chosen = newest_rows(box, ANY._replace(classes=frozenset({"duplicates", "discarded"})))
    assert [(row["class"], row["reason"]) for row in chosen.rows] == [
        ("duplicates", None),
        ("discarded", "event_not_string"),
    ]
    assert chosen.skipped == 0
    assert {row["class"] for row in newest_rows(box, ANY._replace(classes=frozenset({"stored"}))).rows} == {
        "stored"
    }
    assert newest_rows(box, ANY._replace(classes=frozenset({"no such class"}))) == ([], 0)


@pytest.mark.parametrize(
    "search",
    [
        "größe",
        "order",
        "email, pl",
        "…x9qd",
        "/v1/batch",
        "event_not",
        "m4",
        "ident",
        "u1",
        "\\u00df",
        '"',
        "7",
    ],
)
def test_a_search_finds_what_looking_at_every_row_finds(search):
    box, client = box_with(
        [track("m1"), track("m2", event="Größe"), track("m3", event=["7"]), track("m4", event='a\\u00df"')],
        [track(None, event="a\\b"), track("m5", event="ORDER")],
    )
    client.call("POST", "/v1/track", b'{"messageId":"m6","userId":"u1","event":"Gr\\u00f6\\u00dfe"}')
    client.call("POST", "/v1/identify", {"messageId": "i", "userId": "x", "traits": {"email": 1, "plan": 2}})
    client.call("GET", "/v1/tracks", key=None)
    fields = ("name", "user", "type", "message_id", "reason", "endpoint", "write_key")
    by_eye = [
        row["seq"]
        for row in newest_rows(box, ANY).rows
        if any(search in (row[field] or "").lower() for field in fields)
    ]
    assert [row["seq"] for row in newest_rows(box, ANY._replace(search=search)).rows] == by_eye


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4), st.data())
def test_every_part_of_every_name_is_found(events, data):
    box, _ = box_with([track(f"m{n}", event=event) for n, event in enumerate(events)])
    event = data.draw(st.sampled_from(events))
    start = data.draw(st.integers(0, len(event) - 1))
    found = newest_rows(box, ANY._replace(search=event[start:].lower()))
    # In lower case a letter may depend on those beside it; then it is found as the whole name has it.
    if event[start:].lower() in event.lower():
        assert event in names(found)


def test_a_search_for_nothing_there_stops_at_its_bound_and_says_so(monkeypatch):
    monkeypatch.setattr(live_rows, "_WORK_MOST", 5_000)
    box, _ = box_with(*([track(f"m{n}", properties={"x": "y" * 400})] for n in range(100)))
    found = newest_rows(box, ANY._replace(search="nowhere"))
    assert found.rows == []
    assert 80 < found.skipped < 100


def test_a_name_that_is_no_text_is_hinted_at_and_a_long_one_is_cut():
    box, _ = box_with([track("a", event={"x": 1}), track("b", event="W" * 900), track("c", event=[1])])
    rows = newest_rows(box, ANY).rows
    assert names(newest_rows(box, ANY)) == ["{…}", "W" * 300, "[…]"]
    assert {row["class"] for row in rows} == {"stored", "discarded"}
    assert orjson.dumps(rows)


def test_a_number_that_no_parser_takes_hides_its_message_alone():
    body = b'{"batch":[%s,%s]}' % (
        json.dumps({"type": "track", **track("m1")}).encode(),
        b'{"type":"track","messageId":"m2","userId":"u","event":"E","properties":{"n":1e400}}',
    )
    box = box_of()
    Client(box).call("POST", "/v1/batch", body)
    rows = newest_rows(box, ANY).rows
    assert [row["class"] for row in rows] == ["stored", "stored"]
    assert names(newest_rows(box, ANY))[0] == "Order Completed"
    assert b"1e400" in text_of(box.kept.calls[-1], rows[-1]["seq"])


def test_no_row_shows_a_key():
    box, client = box_with([track("m1", writeKey=KEY)])
    client.call("POST", "/v1/track", track("m2", writeKey=KEY), key=None)
    assert KEY.encode() not in orjson.dumps(newest_rows(box, ANY).rows)
