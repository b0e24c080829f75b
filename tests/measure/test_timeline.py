"""The timeline: what was written is read, and a torn end is left out and counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure.timeline import Timeline, TimelineError, TimelineWriter

RECORDS = [{"second": 0, "sent": 3}, {"second": 1, "name": "é\n"}, {"second": 2}]


def written(path, records=RECORDS):
    writer = TimelineWriter(path)
    for record in records:
        writer.append(record)
    writer.close()
    writer.close()
    return path.read_bytes()


def test_what_was_written_is_read_every_time(tmp_path):
    path = tmp_path / "timeline.ndjson"
    written(path)
    timeline = Timeline(path)
    assert list(timeline) == list(timeline) == RECORDS
    assert timeline.left_out_bytes == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_writer_goes_on_where_an_earlier_one_ended(tmp_path):
    path = tmp_path / "timeline.ndjson"
    written(path)
    written(path, [{"second": 3}])
    assert list(Timeline(path)) == [*RECORDS, {"second": 3}]


@given(st.integers(0, 200), st.binary(max_size=20))
def test_a_torn_or_dirty_end_costs_only_the_records_it_touches(tmp_path_factory, cut, junk):
    path = tmp_path_factory.mktemp("timeline") / "timeline.ndjson"
    whole = written(path)
    cut = min(cut, len(whole))
    path.write_bytes(whole[:cut] + junk)
    timeline = Timeline(path)
    read = list(timeline)
    kept_bytes = sum(len(line) for line in whole.splitlines(keepends=True)[: len(read)])
    assert read == RECORDS[: len(read)]
    assert timeline.left_out_bytes == cut + len(junk) - kept_bytes
    assert len(read) >= whole[:cut].count(b"\n")


@given(st.integers(0, 1_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(tmp_path_factory, place, change):
    path = tmp_path_factory.mktemp("timeline") / "timeline.ndjson"
    whole = bytearray(written(path))
    whole[place % len(whole)] ^= change
    path.write_bytes(bytes(whole))
    timeline = Timeline(path)
    read = list(timeline)
    assert read == RECORDS[: len(read)]
    assert len(read) < len(RECORDS)
    assert timeline.left_out_bytes > 0


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(TimelineError, match="name the folder of a run"):
        list(Timeline(tmp_path / "none"))
    with pytest.raises(TimelineError, match="cannot write the timeline"):
        TimelineWriter(tmp_path / "none" / "timeline.ndjson")
