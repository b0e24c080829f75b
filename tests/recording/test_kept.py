"""A kept recording's passes are the file's own."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
from msgspec import Raw

from harness.recording import kept
from harness.recording.reader import Recording, open_recording


def lines(count: int) -> list[dict]:
    return [
        {
            "at": f"2026-01-02T03:04:{second % 60:02d}.000Z",
            "path": "/v1/batch" if second == 7 else "/v1/track",
            "body": {"batch": [{"type": "track", "event": "a", "userId": "b"}] * 3}
            if second == 7
            else {"type": "track", "event": "e", "userId": f"u{second % 5}", "n": second},
        }
        for second in range(count)
    ]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "small.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines(30)))
    with open_recording(str(path), needs_times=True) as opened:
        yield opened


def test_a_later_pass_is_the_first_one_under_other_indexes(recording):
    first = list(recording.items(for_later=True))
    counts = asdict(recording.counts)
    second = list(recording.items(for_later=True, first_index=len(first)))
    assert [item._replace(index=item.index - len(first)) for item in second] == first
    assert asdict(recording.counts) == counts
    assert [recording.message(item) for item in second] == [recording.message(item) for item in first]


def test_a_later_pass_does_not_read_the_file(recording):
    first = list(recording.items(for_later=True, in_time=False))
    with Path(recording.name).open("r+b") as file:
        file.write(b"#" * 200)
    assert list(recording.items(for_later=True, in_time=False)) == first


def test_what_was_made_of_a_message_comes_back_in_place_of_its_json(recording):
    told: list[tuple[int, bool]] = []

    def prepare(item, message):
        told.append((item.index, type(message) is bytes))
        return bytes(message)

    list(recording.items(for_later=True, keep=prepare))
    plain = [index for index, _ in told]
    assert plain
    assert not any(again for _, again in told)
    count = recording.counts.items
    told.clear()
    list(recording.items(for_later=True, first_index=count, keep=prepare))
    assert told == [(count + index, True) for index in plain]


def test_a_pass_that_nobody_prepared_for_hands_on_the_json_itself(recording):
    list(recording.items(for_later=True))
    heard: list[object] = []

    def prepare(item, message):
        heard.append(message)
        return b""

    list(recording.items(for_later=True, keep=prepare))
    assert heard
    assert all(type(message) is Raw for message in heard)


def test_who_prepares_otherwise_has_the_file_read_again(recording):
    heard: list[object] = []
    list(recording.items(for_later=True, keep=lambda item, message: b"mine"))
    list(recording.items(for_later=True, keep=lambda item, message: heard.append(message) or b"yours"))
    assert heard
    assert b"mine" not in heard


def test_a_pass_that_was_left_early_is_not_taken_for_the_whole(recording):
    list(islice(recording.items(for_later=True, in_time=False), 5))
    assert len(list(recording.items(for_later=True))) == 32


def test_a_recording_with_too_many_items_is_read_each_time(recording, monkeypatch):
    monkeypatch.setattr(kept, "KEPT_ITEMS", 10)
    first = list(recording.items(for_later=True, in_time=False))
    assert not recording._kept.complete
    assert list(recording.items(for_later=True, in_time=False)) == first


def test_a_pass_that_is_watched_reads_the_lines(recording):
    list(recording.items(for_later=True))
    seen: list[bytes] = []
    list(recording.items(for_later=True, watch=seen.append))
    assert len(seen) == 30


def test_a_large_file_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.recording.reader.KEPT_BYTES", 10)
    path = tmp_path / "large.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines(3)))
    with open_recording(str(path), needs_times=True) as opened:
        assert isinstance(opened, Recording)
        list(opened.items(for_later=True))
        assert opened._kept is None


def test_a_recording_is_kept_for_those_alone_who_will_read_it_again(recording):
    list(recording.items())
    assert recording._kept is None
