"""Counts, lines and ids, and what a restart makes of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mock.account import CLASSES
from harness.mock.journal import FILE_NAME, Journal, JournalError
from harness.mock.ledger import Entry, Ledger
from tests.mock.boxed import KEY, OTHER_KEY, numbered_entropy

RECEIVED = 1_700_000_000_123_456_789


def opened(directory: Path | None = None) -> Ledger:
    return Ledger(Journal.open(directory, numbered_entropy()))


def lines_of(ledger: Ledger, prefix: str = "") -> list[Any]:
    return [orjson.loads(line) for piece in ledger.lines(prefix) for line in piece.splitlines()]


ENTRIES = st.lists(
    st.builds(
        Entry,
        st.none() | st.text(max_size=5),
        st.sampled_from(CLASSES),
        st.none() | st.sampled_from(["r1", "r2"]),
        st.none() | st.integers(0, 2**60),
    ),
    max_size=4,
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from([KEY, OTHER_KEY, ""]), ENTRIES | st.sampled_from(["invalid_json", "too_large"])
    ),
    max_size=12,
)


@given(CALLS)
def test_the_classes_add_up_for_each_key_and_in_all_and_a_restart_counts_the_same(tmp_path_factory, calls):
    directory = tmp_path_factory.mktemp("ledger")
    ledger = opened(directory)
    arrivals = 0
    for write_key, what in calls:
        key = ledger.key_number(write_key)
        if isinstance(what, str):
            ledger.record_unreadable(key, what)
        else:
            ledger.record(key, RECEIVED, 200, what, unusable_clocks=len(what) // 2)
            arrivals += len(what)
    counts, lines = ledger.counts(), lines_of(ledger)
    assert counts["received"] == arrivals == len(lines) == sum(counts[class_] for class_ in CLASSES)
    assert counts["unreadable_requests"] == sum(isinstance(what, str) for _, what in calls)
    for class_ in CLASSES:
        assert counts[class_] == sum(line["class"] == class_ for line in lines)
    for name in ("received", "unique", "unreadable_requests", "empty_batches", *CLASSES):
        assert counts[name] == sum(account[name] for account in counts["by_write_key"])
    ledger.close()
    again = opened(directory)
    assert again.counts() == counts
    assert lines_of(again) == lines
    again.close()


def test_a_restart_remembers_which_ids_were_stored(tmp_path):
    ledger = opened(tmp_path)
    assert not ledger.is_repeat("m1", RECEIVED)
    key = ledger.key_number(KEY)
    ledger.record(
        key, RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED), Entry("m2", "discarded", "r", None)]
    )
    ledger.close()
    again = opened(tmp_path)
    assert again.is_repeat("m1", RECEIVED)
    assert not again.is_repeat("m2", RECEIVED), "what was thrown away was not stored"
    again.close()


def test_a_line_tells_all_that_became_of_an_arrival():
    ledger = opened()
    ledger.record(ledger.key_number(KEY), RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED - 5_000_000)])
    ledger.record(ledger.key_number(""), RECEIVED, 400, [Entry(None, "refused", "too_large", None)])
    assert lines_of(ledger) == [
        {
            "id": "m1",
            "received_at": "2023-11-14T22:13:20.123456Z",
            "class": "stored",
            "reason": None,
            "status": 200,
            "write_key": "…x9Qd",
            "timestamp": "2023-11-14T22:13:20.118Z",
        },
        {
            "id": None,
            "received_at": "2023-11-14T22:13:20.123456Z",
            "class": "refused",
            "reason": "too_large",
            "status": 400,
            "write_key": None,
            "timestamp": None,
        },
    ]
    ledger.close()


@given(st.lists(st.text(max_size=4), max_size=10), st.text(max_size=2))
def test_a_prefix_finds_exactly_the_ids_that_begin_with_it(ids, prefix):
    ledger = opened()
    key = ledger.key_number(KEY)
    for message_id in ids:
        ledger.record(key, RECEIVED, 200, [Entry(message_id, "stored", None, RECEIVED)])
    ledger.record(key, RECEIVED, 200, [Entry(None, "discarded", "r", None)])
    found = [line["id"] for line in lines_of(ledger, prefix)]
    assert found == [id_ for id_ in ids if id_.startswith(prefix)] + ([None] if not prefix else [])
    ledger.close()


def test_counts_can_be_asked_for_one_write_key():
    ledger = opened()
    ledger.record(ledger.key_number(KEY), RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED)])
    ledger.record(
        ledger.key_number(OTHER_KEY), RECEIVED, 429, [Entry("m2", "throttled", "rate_limit", None)] * 3
    )
    assert [ledger.counts(key)["received"] for key in (KEY, OTHER_KEY, "unknown", None)] == [1, 3, 0, 4]
    assert [account["write_key"] for account in ledger.counts(KEY)["by_write_key"]] == ["…x9Qd"]
    ledger.close()


def test_no_write_key_reaches_the_journal_or_the_counts(tmp_path):
    ledger = opened(tmp_path)
    ledger.record(ledger.key_number(KEY), RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED)])
    shown = orjson.dumps(ledger.counts()) + (tmp_path / FILE_NAME).read_bytes()
    assert KEY.encode() not in shown
    assert KEY[:-4].encode() not in shown
    ledger.close()


def test_two_ledgers_mark_the_same_key_differently():
    first = Ledger(Journal.open(None, lambda size: b"\x01" * size))
    second = Ledger(Journal.open(None, lambda size: b"\x02" * size))
    for ledger in (first, second):
        ledger.key_number(KEY)
    notes = [orjson.loads(next(ledger._journal.lines())[1]) for ledger in (first, second)]
    assert notes[0]["mark"] != notes[1]["mark"]
    first.close()
    second.close()


def test_a_reset_forgets_counts_ids_and_lines_and_is_a_new_instance(tmp_path):
    ledger = opened(tmp_path)
    ledger.record(ledger.key_number(KEY), RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED)])
    instance = ledger.instance
    ledger.reset()
    assert ledger.instance != instance
    assert (ledger.counts()["received"], ledger.counts()["by_write_key"], lines_of(ledger)) == (0, [], [])
    assert not ledger.is_repeat("m1", RECEIVED)
    ledger.record(ledger.key_number(KEY), RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED)])
    counts = ledger.counts()
    ledger.close()
    again = opened(tmp_path)
    assert again.counts() == counts
    again.close()


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b'["m1"]',
        b'[["m1"],1,0,null,[]]',
        b'["m",1,"stored",null,200,7,1]',
        b'{"odd":1}',
        b"3",
        b'{"key":0}',
    ],
)
def test_a_journal_line_that_no_ledger_writes_is_told(tmp_path, line):
    journal = Journal.open(tmp_path, numbered_entropy())
    journal.append(line + b"\n")
    with pytest.raises(JournalError, match="holds a line that no ledger writes"):
        Ledger(journal)
    journal.close()


def test_an_id_that_looks_like_the_end_of_a_line_does_not_end_it():
    ledger = opened()
    key = ledger.key_number(KEY)
    ids = ["a", "],[", "b],[c", "d"]
    assert ledger.record_stored(key, RECEIVED, ids, None, [None] * 4)
    ledger.record(key, RECEIVED, 200, [Entry(id_, "duplicates", None, None) for id_ in ids])
    assert [line["id"] for line in lines_of(ledger)] == ids * 2
    ledger.close()


def test_ids_are_stored_all_together_or_not_at_all():
    ledger = opened()
    key = ledger.key_number(KEY)
    assert ledger.record_stored(key, RECEIVED, ["m1"], None, [None])
    for ids in (["m2", "m1"], ["m2", "m2"]):
        assert not ledger.record_stored(key, RECEIVED, ids, None, [None] * 2)
    assert not ledger.is_repeat("m2", RECEIVED), "a call that was not stored left nothing behind"
    assert [line["id"] for line in lines_of(ledger)] == ["m1"]
    assert (ledger.counts()["received"], ledger.counts()["unusable_clocks"]) == (1, 0)
    ledger.close()


def test_a_call_stored_at_once_reads_like_its_messages_one_by_one(tmp_path):
    sent = datetime(2023, 11, 14, 22, 13, 19, 500_000, tzinfo=UTC)
    original = datetime(2023, 11, 14, 22, 0, tzinfo=UTC)
    ledger = opened(tmp_path)
    assert ledger.record_stored(ledger.key_number(KEY), RECEIVED, ["m1", "m2"], sent, [original, None])
    lines = lines_of(ledger)
    assert [(line["id"], line["class"], line["timestamp"]) for line in lines] == [
        ("m1", "stored", "2023-11-14T22:00:00.623Z"),
        ("m2", "stored", "2023-11-14T22:13:20.123Z"),
    ]
    counts = ledger.counts()
    ledger.close()
    again = opened(tmp_path)
    assert (again.counts(), lines_of(again)) == (counts, lines)
    assert again.is_repeat("m2", RECEIVED)
    again.close()


def test_a_partition_is_emptied_alone_and_a_restart_agrees(tmp_path):
    ledger = opened(tmp_path)
    mine, other = ledger.key_number(KEY), ledger.key_number(OTHER_KEY)
    ledger.record(
        mine, RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED), Entry("x", "discarded", "r", None)]
    )
    assert ledger.record_stored(mine, RECEIVED, ["m2", "m3"], None, [None, None])
    ledger.record(other, RECEIVED, 200, [Entry("o1", "stored", None, RECEIVED)], unusable_clocks=1)
    ledger.record_unreadable(mine, "invalid_json")
    assert ledger.reset_key(KEY)
    assert not ledger.reset_key("never seen before 0123456789")
    assert ledger.record_stored(mine, RECEIVED, ["m2"], None, [None]), "its ids were forgotten with it"
    counts, lines = ledger.counts(), lines_of(ledger)
    assert [line["id"] for line in lines] == ["o1", "m2"]
    assert (counts["received"], counts["unreadable_requests"], counts["unusable_clocks"]) == (2, 0, 1)
    ledger.close()
    again = opened(tmp_path)
    assert (again.counts(), lines_of(again)) == (counts, lines)
    assert [again.is_repeat(i, RECEIVED) for i in ("m1", "m2", "m3", "o1")] == [False, True, False, True]
    again.close()


def test_with_a_look_back_an_id_may_come_again_once_it_is_old_enough():
    ledger = Ledger(Journal.open(None, numbered_entropy()), look_back_ns=1_000)
    key = ledger.key_number(KEY)
    ledger.record(key, RECEIVED, 200, [Entry("m1", "stored", None, RECEIVED)])
    stored_ns = RECEIVED // 1_000 * 1_000
    assert ledger.is_repeat("m1", stored_ns + 999)
    assert not ledger.is_repeat("m1", stored_ns + 1_000)
    ledger.record(key, RECEIVED + 10_000, 200, [Entry("m1", "stored", None, RECEIVED)])
    assert (ledger.counts()["stored"], ledger.counts()["unique"]) == (2, 1)
    ledger.close()
