"""A recording reads the same from a file, a gzipped file and a pipe, in whatever pieces they come."""

import gzip
import os
import sys
import tracemalloc
import zlib
from itertools import islice, pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BadLineError, RecordingError
from harness.recording.header import Header
from harness.recording.order import WINDOW_ITEMS
from harness.recording.reader import TRIED_LINES, open_recording
from harness.units import NS_PER_S, format_instant_ms
from tests.recording.making import ARCHIVED, BATCH, call, essence, in_pieces, ndjson, piped, track, written

EVERYTHING = ndjson(
    {"harness": "recording/1", "privacy": "synthetic"},
    ARCHIVED,
    b"",
    BATCH,
    b"  \r",
    orjson.dumps(call("2026-01-02T03:04:06Z", source="web", body={"event": "Née €"})) + b"\r",
    {"path": "/v1/spaces/s/collections/users/profiles/u:1/traits", "at": "2026-01-02T03:04:09Z"},
)


def test_each_shape_of_line_becomes_its_items(tmp_path):
    with open_recording(written(tmp_path, EVERYTHING), needs_times=True) as recording:
        items = list(recording.items())
        assert recording.header == Header(privacy="synthetic")
        assert [(item.index, item.api, item.kind, item.source) for item in items] == [
            (3, "tracking", "track", "web"),
            (0, "tracking", "track", "p1"),
            (1, "tracking", "track", "web"),
            (2, "tracking", "page", "web"),
            (4, "profile", "GET", ""),
        ]
        early, archived, first, second, profile = items
        assert archived.lateness_ns == NS_PER_S
        assert archived.keys == ("u:u-1", "a:a-1")
        assert archived.group == (
            "p1",
            "2026-01-02T03:04:07.500Z",
            "2026-01-02T03:04:06.000Z",
            "analytics-node 3.1.0",
        )
        assert early.group is None
        assert profile.keys == ()
        assert first.group == second.group != archived.group
        assert (first.place.within, second.place.within, archived.place.within) == (0, 1, -1)
        assert recording.message(archived) == ARCHIVED
        assert recording.message(early) == {"event": "Née €", "type": "track"}
        assert recording.message(first) == track(context={"ip": "1"})
        assert recording.message(second) == {"type": "page", "userId": "u-2", "context": {"ip": "1"}}
        assert recording.message(profile) == {}
        counts = recording.counts
        assert (counts.items, counts.lines, counts.resorted, counts.too_late) == (5, 7, 1, 0)
        assert counts.bytes_read == len(EVERYTHING)
        assert recording.progress == 1.0


@pytest.mark.parametrize("name", ["a.ndjson.gz", "a.jsonl", "a.jsonl.gz"])
def test_a_recording_is_the_same_under_every_name(tmp_path, name):
    plain = open_recording(written(tmp_path, EVERYTHING), needs_times=True)
    other = open_recording(written(tmp_path, EVERYTHING, name), needs_times=True)
    with plain, other:
        assert essence(other) == essence(plain)
        assert other.progress == 1.0
        assert other.counts.bytes_read == other.size_bytes


@settings(deadline=None)  # touches files
@given(st.lists(st.integers(1, 40), max_size=60))
def test_a_pipe_reads_the_same_in_whatever_pieces(tmp_path_factory, sizes):
    path = written(tmp_path_factory.mktemp("p"), EVERYTHING)
    with open_recording(path, needs_times=True) as plain, piped(EVERYTHING, sizes, needs_times=True) as pipe:
        assert essence(pipe) == essence(plain)
        assert pipe.header == plain.header
        assert pipe.counts == plain.counts


def test_a_pipe_reads_the_same_byte_by_byte():
    with piped(EVERYTHING) as whole, piped(EVERYTHING, [1] * len(EVERYTHING)) as single:
        assert essence(single) == essence(whole)


@pytest.mark.parametrize("junk", [b"\0\0\0\0", b"<html>", b"\xff\xfe", b"{]", b"null"])
def test_items_before_junk_stand_and_the_junk_is_named(tmp_path, junk):
    data = EVERYTHING + junk + b"\n" + ndjson(track())
    for recording in (
        open_recording(written(tmp_path, data), needs_times=True),
        open_recording(written(tmp_path, data, "a.ndjson.gz"), needs_times=True),
        piped(data, [3] * 5, needs_times=True),
    ):
        with recording:
            items = recording.items()
            assert len(list(islice(items, 5))) == recording.counts.items == 5
            with pytest.raises(BadLineError) as caught:
                next(items)
        assert str(caught.value).startswith(f"{recording.name}:8: not ")


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_truncated_last_line_is_counted_and_nothing_else(tmp_path, cut):
    whole = ndjson(track(), track(), track())
    data = whole[:-1][:-cut]
    for recording in (
        open_recording(written(tmp_path, data), needs_times=False),
        open_recording(written(tmp_path, data, "a.ndjson.gz"), needs_times=False),
        piped(data),
    ):
        with recording:
            assert len(list(recording.items())) == 2
            assert recording.counts.truncated_last_line == 1


def test_a_last_line_without_its_newline_is_a_line(tmp_path):
    with open_recording(written(tmp_path, ndjson(track(), track())[:-1]), needs_times=False) as recording:
        items = list(recording.items())
        assert len(items) == 2
        assert recording.message(items[1]) == track()
        assert recording.counts.truncated_last_line == 0


def test_a_gzipped_file_that_was_cut_off_is_read_to_there(tmp_path):
    lines = [track(userId=os.urandom(20).hex()) for _ in range(5_000)]
    packed = gzip.compress(ndjson(*lines))
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with open_recording(str(path), needs_times=False) as recording:
        read = list(recording.items())
        assert 1_000 < len(read) < 4_000
        assert [recording.message(item) for item in read] == lines[: len(read)]
        assert recording.counts.truncated_last_line == 1


def test_a_gzipped_file_that_was_cut_off_between_lines_was_cut_off_all_the_same(tmp_path):
    pack = zlib.compressobj(wbits=31)
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(pack.compress(ndjson(track(), track())) + pack.flush(zlib.Z_SYNC_FLUSH))
    with open_recording(str(path), needs_times=False) as recording:
        assert len(list(recording.items())) == 2
        assert recording.counts.truncated_last_line == 1


def test_a_padded_gzipped_file_is_read_to_its_end(tmp_path):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(ndjson(track())) + b"\0" * 1_000_000)
    with open_recording(str(path), needs_times=False) as recording:
        assert len(list(recording.items())) == 1
        assert recording.progress == 1.0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\n\n  \n", "holds no message; name a recording with at least one"),
        (ndjson({"harness": "recording/1"}), "holds no message"),
        (b'{"type": "tr', "holds no message"),
        (
            b"<html>\n<body>\n",
            ":1: not JSON in UTF-8; correct or remove the line (no item in the first 2 lines)",
        ),
        (b"\n[]\n", ":2: not a JSON object; a line is"),
        (ndjson({"harness": "recording/9"}, track()), ":1: the recording has format version 9"),
        (ndjson(*[{}] * (TRIED_LINES + 5), track()), ':1: "type" must be one of'),
    ],
)
def test_what_holds_no_item_is_refused_before_anything_is_sent(tmp_path, data, says):
    path = written(tmp_path, data)
    with pytest.raises(RecordingError) as caught:
        open_recording(path, needs_times=False)
    assert str(caught.value).startswith(path)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2
    with pytest.raises(RecordingError, match=r"^stdin"):
        piped(data)


def test_plain_text_under_a_gzip_name_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(ndjson(track()))
    with pytest.raises(RecordingError, match=r"a\.ndjson\.gz: the gzip data is damaged near byte 0"):
        open_recording(str(path), needs_times=False)


def test_an_empty_pipe_is_refused():
    with pytest.raises(RecordingError, match="stdin: holds no message"):
        piped(b"")


def test_lines_without_a_time_follow_the_line_before_them(tmp_path):
    data = ndjson(track(), call(5), track(), call(3), track(), call(4))
    with open_recording(written(tmp_path, data), needs_times=False) as recording:
        assert [item.index for item in recording.items()] == [0, 3, 4, 5, 1, 2]


def test_an_index_counts_reading_order_from_the_first_given(tmp_path):
    with open_recording(
        written(tmp_path, ndjson(call(2), call(1), BATCH | {"at": 3})), needs_times=True
    ) as recording:
        assert [item.index for item in recording.items(first_index=100)] == [101, 100, 102, 103]
        assert [item.index for item in recording.items()] == [1, 0, 2, 3]


def test_passes_over_a_file_do_not_disturb_each_other(tmp_path):
    with open_recording(written(tmp_path, ndjson(*map(call, range(50)))), needs_times=True) as recording:
        first, second = recording.items(), recording.items()
        assert [next(first).index, next(second).index, next(first).index] == [0, 0, 1]
        assert len(list(second)) == 49
        assert len(list(first)) == 48
        assert recording.counts.items == 50


def test_a_pipe_is_read_once():
    with piped(ndjson(track())) as recording:
        assert not recording.rereadable
        assert recording.size_bytes is recording.progress is None
        assert len(list(recording.items())) == 1
        with pytest.raises(RecordingError, match="stdin: can be read once only; save it as a file"):
            recording.items()


def test_a_pipe_is_opened_by_its_first_message_alone():
    asked = []
    read = in_pieces(ndjson(track(), track()), [len(ndjson(track()))])

    def read_chunk(descriptor: int, size_bytes: int) -> bytes:
        asked.append(size_bytes)
        piece: bytes = read(descriptor, size_bytes)
        return piece

    recording = open_recording("-", needs_times=False, read_chunk=read_chunk)
    assert len(asked) == 1
    assert len(list(recording.items())) == 2


def test_lines_of_a_pipe_are_kept_and_lines_of_a_file_are_not(tmp_path):
    with open_recording(written(tmp_path, ndjson(track())), needs_times=False) as recording:
        assert next(recording.items()).place.raw is None
    with piped(ndjson(track())) as pipe:
        assert next(pipe.items()).place.raw == ndjson(track())[:-1]


@settings(deadline=None)  # touches files
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_a_window_of_items_out_of_order_comes_out_sorted(tmp_path_factory, times):
    path = written(tmp_path_factory.mktemp("s"), ndjson(*map(call, times)))
    with open_recording(path, needs_times=True) as recording:
        keys = [(item.at_ns, item.index) for item in recording.items()]
        assert keys == sorted((at * NS_PER_S, index) for index, at in enumerate(times))
        late = sum(at < max(times[:index]) for index, at in enumerate(times) if index)
        assert recording.counts.resorted == late
        assert recording.counts.too_late == 0


def test_an_item_beyond_the_window_goes_at_once_and_is_counted(tmp_path):
    times = [*range(1, WINDOW_ITEMS + 6), 0]
    with open_recording(written(tmp_path, ndjson(*map(call, times))), needs_times=True) as recording:
        instants = [(item.at_ns or 0) // NS_PER_S for item in recording.items()]
        assert instants == [*range(1, 7), 0, *range(7, WINDOW_ITEMS + 6)]
        assert recording.counts.too_late == 1
        assert recording.counts.items == WINDOW_ITEMS + 6


def test_an_item_just_within_the_window_is_sorted(tmp_path):
    times = [*range(1, WINDOW_ITEMS), 0]
    with open_recording(written(tmp_path, ndjson(*map(call, times))), needs_times=True) as recording:
        assert next(recording.items()).index == WINDOW_ITEMS - 1
        assert recording.counts.too_late == 0


def test_a_caller_may_breathe_while_the_window_fills(tmp_path):
    breaths = []
    with open_recording(written(tmp_path, ndjson(*map(call, range(1_000)))), needs_times=True) as recording:
        items = recording.items(breathe=lambda: breaths.append(recording.counts.items))
        next(items)
    assert len(breaths) >= 10
    assert max(after - before for before, after in pairwise(breaths)) <= 100


def test_progress_is_what_has_been_read(tmp_path):
    data = ndjson(*map(call, range(3 * WINDOW_ITEMS)))
    with open_recording(written(tmp_path, data), needs_times=True) as recording:
        items = recording.items()
        assert recording.progress == 0.0
        next(items)
        assert recording.progress == pytest.approx(1 / 3, abs=0.02)
        for _ in range(WINDOW_ITEMS):
            next(items)
        assert recording.progress == pytest.approx(2 / 3, abs=0.02)


def test_a_file_that_is_replaced_is_read_on_as_it_was(tmp_path):
    path = Path(written(tmp_path, ndjson(track(userId="old"))))
    with open_recording(str(path), needs_times=False) as recording:
        item = next(recording.items())
        (tmp_path / "new").write_bytes(ndjson(track(userId="new")))
        (tmp_path / "new").rename(path)
        assert recording.message(item)["userId"] == "old"


def test_a_watcher_sees_every_line_before_it_is_parsed(tmp_path):
    data = ndjson({"harness": "recording/1"}, call(1), b"", b"junk")
    seen: list[bytes] = []
    recording = open_recording(written(tmp_path, data), needs_times=True)
    with recording, pytest.raises(BadLineError):
        list(recording.items(watch=seen.append))
    assert seen == data.split(b"\n")[:-1]


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files as Linux shows them")
def test_a_recording_that_is_refused_leaves_no_file_open(tmp_path):
    path = written(tmp_path, b"junk\n")
    before = _open_files()
    for _ in range(3):
        with pytest.raises(RecordingError):
            open_recording(path, needs_times=False)
    assert _open_files() == before


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize(("name", "bound_bytes"), [("a.ndjson", 12 << 20), ("a.ndjson.gz", 36 << 20)])
def test_memory_does_not_grow_with_the_file(tmp_path, name, bound_bytes):
    # 54 MB. The window holds 10,000 items; of a gzipped file it keeps their lines, 2,150 bytes each.
    lines = (
        ndjson(
            call(
                format_instant_ms((1_700_000_000 + second) * NS_PER_S),
                body=track(userId=f"u-{second}", properties={"x": "y" * 2_000}),
            )
        )
        for second in range(25_000)
    )
    with (
        gzip.open(tmp_path / name, "wb", 1) if name.endswith(".gz") else (tmp_path / name).open("wb") as file
    ):
        file.writelines(lines)
    with open_recording(str(tmp_path / name), needs_times=True) as recording:
        items = recording.items()
        tracemalloc.start()
        try:
            read = sum(1 for _ in items)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert read == 25_000
    assert peak_bytes < bound_bytes


def test_items_wanted_as_they_stand_are_not_put_in_the_order_of_their_times(tmp_path):
    with open_recording(written(tmp_path, ndjson(call(3), call(1), call(2))), needs_times=True) as recording:
        assert [item.index for item in recording.items(in_time=False)] == [0, 1, 2]
        assert recording.counts.resorted == 0
        assert [item.index for item in recording.items()] == [1, 2, 0]


def test_what_stands_before_a_bad_line_is_given_out_also_as_it_stands(tmp_path):
    recording = open_recording(written(tmp_path, ndjson(call(2), call(1), b"{}")), needs_times=True)
    with recording:
        items = recording.items(in_time=False)
        assert [item.index for item in islice(items, 2)] == [0, 1]
        with pytest.raises(BadLineError):
            next(items)
