"""Lines become items with their times, groups and sizes; one that cannot be an item is told by its place."""

from itertools import islice
from pathlib import Path

import orjson
import pytest

from harness.errors import BadLineError, RecordingError
from harness.recording.reader import open_recording
from tests.recording.making import ARCHIVED, BATCH, call, ndjson, track, written


def test_two_batches_are_two_groups(tmp_path):
    with open_recording(written(tmp_path, ndjson(BATCH, BATCH)), needs_times=True) as recording:
        groups = [item.group for item in recording.items()]
    assert groups[0] == groups[1] != groups[2] == groups[3]


def test_messages_of_one_upload_of_the_archive_are_one_group(tmp_path):
    lines = [
        ARCHIVED,
        ARCHIVED | {"event": "Other"},
        ARCHIVED | {"projectId": "p2"},
        ARCHIVED | {"sentAt": "2026-01-02T03:04:06.001Z"},
        ARCHIVED | {"context": {"library": {"name": "analytics-node", "version": "3.1.1"}}},
        ARCHIVED | {"context": None},
    ]
    with open_recording(written(tmp_path, ndjson(*lines)), needs_times=True) as recording:
        groups = [item.group for item in recording.items()]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 5
    assert None not in groups


def test_recorded_timing_needs_times(tmp_path):
    path = written(tmp_path, ndjson(track(), track()))
    with pytest.raises(RecordingError, match=r":1: no time, and recorded timing needs one; add .*--rate"):
        open_recording(path, needs_times=True)
    with open_recording(path, needs_times=False) as recording:
        assert [item.at_ns for item in recording.items()] == [None, None]


def test_a_later_line_without_a_time_is_a_bad_line_of_recorded_timing(tmp_path):
    recording = open_recording(written(tmp_path, ndjson(call(0), track())), needs_times=True)
    with recording, pytest.raises(BadLineError, match=":2: no time"):
        list(recording.items())


@pytest.mark.parametrize("lines", [[call(1), call("2026-01-02")], [track(timestamp="2026-01-02"), call(1)]])
def test_two_ways_to_write_times_in_one_recording_are_a_bad_line(tmp_path, lines):
    recording = open_recording(written(tmp_path, ndjson(*lines)), needs_times=False)
    with (
        recording,
        pytest.raises(BadLineError, match=r":2: seconds since the start and instants .* in one way"),
    ):
        list(recording.items())


def test_a_batch_with_one_bad_message_counts_none(tmp_path):
    bad = call(2, path="/v1/batch", body={"batch": [track(), track(), {}]})
    with open_recording(written(tmp_path, ndjson(call(1), bad)), needs_times=True) as recording:
        items = recording.items()
        assert next(items).index == 0
        with pytest.raises(BadLineError, match=r':2: "type" of batch\[2\]'):
            next(items)
        assert recording.counts.items == 1


@pytest.mark.parametrize(
    "wrap",
    [
        lambda body: body,
        lambda body: call(1, body=body),
        lambda body: call(1, path="/v1/b", body={"batch": [track(), body]}),
    ],
    ids=["bare", "envelope", "batch"],
)
@pytest.mark.parametrize(("depth", "fits"), [(200, True), (260, False), (2_000, False)])
def test_a_message_too_deep_to_be_written_again_is_a_bad_line(tmp_path, wrap, depth, fits):
    # The line before is larger, so that the deep one is not weighed for its size.
    before = ndjson(wrap(track(properties={"x": "y" * 20_000})))
    deep = ndjson(wrap(track(properties={"x": 0}))).replace(b'"x":0', b'"x":' + b"[" * depth + b"]" * depth)
    with open_recording(written(tmp_path, before + deep), needs_times=False) as recording:
        items = recording.items()
        members = 2 if b"/v1/b" in before else 1
        assert len(list(islice(items, members))) == members
        if fits:
            assert len(list(items)) == members
        else:
            with pytest.raises(BadLineError, match=r":2: (nested too deeply|not JSON)"):
                next(items)
            assert recording.counts.items == members


def test_an_envelope_is_one_upload_though_its_message_came_from_an_archive(tmp_path):
    data = ndjson(call("2026-01-02", body=ARCHIVED), call("2026-01-02", body=ARCHIVED))
    with open_recording(written(tmp_path, data), needs_times=True) as recording:
        assert [item.group for item in recording.items()] == [None, None]


def test_a_header_stands_on_line_1_only(tmp_path):
    data = ndjson(track(), {"harness": "recording/1"})
    recording = open_recording(written(tmp_path, data), needs_times=False)
    with recording, pytest.raises(BadLineError, match=":2: a header stands on line 1 only"):
        list(recording.items())


@pytest.mark.parametrize(("filler_bytes", "oversize"), [(32_768, 0), (32_769, 1)])
def test_a_message_over_32_kb_is_counted_and_an_item(tmp_path, filler_bytes, oversize):
    empty = len(orjson.dumps(track(properties={"x": ""})))
    big = track(properties={"x": "y" * (filler_bytes - empty)})
    for line in (big, call(1, body=big), call(1, path="/v1/b", body={"batch": [big]})):
        data = ndjson(track() if line is big else call(1), line)
        with open_recording(written(tmp_path, data), needs_times=False) as recording:
            assert len(list(recording.items())) == 2
            assert recording.counts.oversize == oversize
            assert (recording.counts.biggest_bytes, recording.counts.biggest_line) == (filler_bytes, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-20],
        lambda data: b"\n" * len(data),
        lambda data: data.replace(b"a-1", b"a-2"),
        lambda data: data.replace(b'"track"', b'"group"'),
        lambda data: b" " + data[:-1],
        lambda data: data.replace(b"\n", b" "),
    ],
    ids=["shorter", "emptied", "another person", "another type", "shifted", "joined"],
)
def test_a_file_that_changes_underneath_is_noticed(tmp_path, change):
    data = ndjson(track(), track())
    path = Path(written(tmp_path, data))
    with open_recording(str(path), needs_times=False) as recording:
        item = list(recording.items())[1]
        assert recording.message(item) == track()
        with path.open("r+b") as file:
            file.write(change(data))
            file.truncate(len(change(data)))
        with pytest.raises(BadLineError, match=":2: the recording has changed since it was read"):
            recording.message(item)
