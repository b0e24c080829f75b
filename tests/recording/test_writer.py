"""What is written reads back, and stands there whole or not at all."""

import io
import stat
import sys
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import RecordingError
from harness.recording.header import Header
from harness.recording.reader import open_recording
from harness.recording.writer import Written, write_recording
from harness.units import format_instant_us
from tests.recording.making import call, ndjson, track

_MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 4_000_000_000_000_000).map(lambda at_us: at_us * 1_000),
        st.dictionaries(st.sampled_from(["userId", "properties", "näme"]), st.text(max_size=5)),
    ),
    min_size=1,
    max_size=20,
)


@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl.gz"])
@settings(deadline=None)  # touches files
@given(_MESSAGES)
def test_a_written_recording_reads_back_in_order(tmp_path_factory, name, messages):
    path = str(tmp_path_factory.mktemp("w") / name)
    lines = [
        orjson.dumps(call(format_instant_us(at_ns), body=track(**fields), source="web"))
        for at_ns, fields in messages
    ]
    header = Header(privacy="synthetic", origin={"made_by": "a test"})
    assert write_recording(path, header, lines).lines == len(messages)
    with open_recording(path, needs_times=True) as recording:
        assert recording.header == header
        back = sorted((item.index, item.at_ns, recording.message(item)) for item in recording.items())
    assert back == [(index, at_ns, track(**fields)) for index, (at_ns, fields) in enumerate(messages)]


def test_equal_lines_make_equal_files(tmp_path):
    paths = [tmp_path / "a.ndjson.gz", tmp_path / "b.ndjson.gz"]
    for path in paths:
        write_recording(str(path), Header(), [b"{}"])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].read_bytes()[4:8] == bytes(4), "no time of writing inside (RFC 1952, MTIME)"


def test_standard_output_gets_the_same_bytes(tmp_path, monkeypatch):
    write_recording(str(tmp_path / "a.ndjson"), Header(), [b"{}", b"{}"])
    stdout = io.TextIOWrapper(out := io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    written = write_recording("-", Header(), [b"{}", b"{}"])
    data = out.getvalue()
    assert data == (tmp_path / "a.ndjson").read_bytes()
    assert written == Written(2, len(data))


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_lines_that_fail_leave_what_stood_there_and_nothing_else(tmp_path, name):
    def lines() -> Iterator[bytes]:
        yield orjson.dumps(track())
        raise RecordingError("in.jsonl:2: no session")

    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(RecordingError, match="no session"):
        write_recording(str(path), Header(), lines())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "a.ndjson"
    write_recording(str(path), Header(), [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_with_a_newline_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="line 2 of a recording must not hold a newline"):
        write_recording(str(tmp_path / "a.ndjson"), Header(), [b"{}", b"{\n}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["{tmp}/none/a.ndjson", "{tmp}/folder.ndjson"])
def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path, place):
    (tmp_path / "folder.ndjson").mkdir()
    path = place.format(tmp=tmp_path)
    with pytest.raises(RecordingError, match=r"cannot be written: .*; choose another output$") as caught:
        write_recording(path, Header(), [])
    assert str(caught.value).startswith(path)


def test_the_first_line_is_asked_for_before_the_header_is_written(monkeypatch):
    stdout = io.TextIOWrapper(out := io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)

    def read(name: str) -> bytes:
        raise RecordingError(f"{name}: cannot be read")

    with pytest.raises(RecordingError):
        write_recording("-", Header(), map(read, ["in.jsonl"]))
    assert out.getvalue() == b""


def test_ndjson_of_the_tests_is_what_the_writer_writes(tmp_path):
    path = tmp_path / "a.ndjson"
    write_recording(str(path), Header(), [orjson.dumps(track())])
    assert path.read_bytes().splitlines(keepends=True)[1:] == [ndjson(track())]
