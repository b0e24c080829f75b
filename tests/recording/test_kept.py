"""A kept recording's passes are the file's own."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest

from harness.errors import BadLineError
from harness.recording import reader
from harness.recording.reader import open_recording


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


def opened(path: Path, text: str) -> reader.Recording:
    path.write_text(text)
    return open_recording(str(path), needs_times=True)


def ndjson(count: int) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines(count))


@pytest.fixture
def recording(tmp_path):
    with opened(tmp_path / "small.ndjson", ndjson(30)) as small:
        yield small


def test_a_kept_pass_is_the_first_one_under_other_indexes(recording):
    read = list(recording.items())
    counts = asdict(recording.counts)
    assert list(recording.items(whole=True)) == read
    assert asdict(recording.counts) == counts
    again = list(recording.items(first_index=len(read)))
    assert [item._replace(index=item.index - len(read)) for item in again] == read
    assert asdict(recording.counts) == counts
    assert [recording.message(item) for item in again] == [recording.message(item) for item in read]


def test_a_later_pass_does_not_read_the_file(recording):
    first = list(recording.items(whole=True, in_time=False))
    with Path(recording.name).open("r+b") as file:
        file.write(b"#" * 200)
    assert list(recording.items(whole=True, in_time=False)) == first


def test_each_plain_message_is_prepared_once_and_nothing_else_is(recording):
    made: list[int] = []

    def prepare(item, raw):
        made.append(item.index)
        return b"made of " + json.loads(bytes(raw))["event"].encode()

    first = list(recording.items(whole=True, prepare=prepare))
    alone = {item.index for item in first if item.place.within < 0}
    assert len(made) > 20
    assert alone.issuperset(made)
    assert [item.index for item in first if item.prepared == b"made of e"] == made
    assert all(item.prepared is None for item in first if item.index not in made)
    again = list(recording.items(whole=True, prepare=prepare, first_index=len(first)))
    assert len(set(made)) == len(made)
    assert [item.prepared for item in again] == [item.prepared for item in first]


@pytest.mark.parametrize("other", [None, lambda item, raw: b"yours"])
def test_what_was_prepared_for_one_is_not_handed_to_another(recording, other):
    list(recording.items(whole=True, prepare=lambda item, raw: b"mine"))
    prepared = {item.prepared for item in recording.items(whole=True, prepare=other)}
    assert prepared == ({None} if other is None else {None, b"yours"})


def test_breath_is_taken_while_a_recording_is_read_whole(tmp_path):
    breaths: list[None] = []
    with opened(tmp_path / "a.ndjson", ndjson(300)) as recording:
        pass_ = recording.items(whole=True, in_time=False, breathe=lambda: breaths.append(None))
        next(pass_)
    assert len(breaths) >= 4


def test_a_pass_that_was_left_early_leaves_a_whole_recording(recording):
    list(islice(recording.items(whole=True, in_time=False), 5))
    assert len(list(recording.items(whole=True))) == 32


def test_what_is_too_much_to_keep_is_given_out_as_it_is_read(recording, monkeypatch):
    read = list(recording.items(in_time=False))
    monkeypatch.setattr(reader, "KEPT_ITEMS", 10)
    assert list(recording.items(whole=True, in_time=False)) == read
    assert recording._kept is None


def test_a_large_file_is_not_kept(recording, monkeypatch):
    monkeypatch.setattr(reader, "KEPT_BYTES", 10)
    list(recording.items(whole=True))
    assert recording._kept is None


def test_what_stands_before_a_bad_line_is_given_out_first(tmp_path):
    with opened(tmp_path / "bad.ndjson", ndjson(5) + "nonsense\n" + ndjson(5)) as recording:
        items = recording.items(whole=True, in_time=False)
        assert len(list(islice(items, 5))) == 5
        with pytest.raises(BadLineError, match=r"bad\.ndjson:6"):
            next(items)
        assert recording._kept is None


def test_a_pass_that_is_watched_reads_the_lines(recording):
    list(recording.items(whole=True))
    seen: list[bytes] = []
    list(recording.items(whole=True, watch=seen.append))
    assert len(seen) == 30
