"""`harness import` makes a recording, says so, and refuses in a sentence."""

import pytest
from click.testing import CliRunner

from harness.cli.import_ import import_command
from harness.errors import RecordingError, UsageError
from harness.recording.reader import open_recording
from tests.importers.sessions import BUYER, VISITOR, otto_lines


@pytest.fixture
def sessions(tmp_path):
    path = tmp_path / "sessions.jsonl"
    path.write_bytes(b"".join(otto_lines(BUYER, VISITOR)))
    return str(path)


def _run(*arguments: str, stdin: bytes | None = None):
    return CliRunner().invoke(import_command, arguments, input=stdin, catch_exceptions=False)


@pytest.mark.parametrize("name", ["shop.ndjson", "shop.ndjson.gz"])
def test_a_recording_is_written_and_talked_of_on_standard_error(tmp_path, sessions, name):
    output = str(tmp_path / name)
    done = _run("otto", sessions, "-o", output)
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.startswith("wrote 12 lines, ")
    assert output in done.stderr
    with open_recording(output, needs_times=True) as recording:
        assert len(list(recording.items())) == 12


def test_streams_in_and_out_are_the_same_bytes_as_files(tmp_path, sessions):
    output = tmp_path / "shop.ndjson"
    _run("otto", sessions, "-o", str(output))
    done = _run("otto", "-", "-o", "-", stdin=b"".join(otto_lines(BUYER, VISITOR)))
    assert done.stdout_bytes == output.read_bytes()
    assert "to standard output" in done.stderr


def test_several_inputs_make_one_recording(tmp_path):
    paths = []
    for number, line in enumerate(otto_lines(BUYER, VISITOR)):
        paths.append(tmp_path / f"{number}.jsonl")
        paths[-1].write_bytes(line)
    assert (
        _run("otto", *map(str, paths), "-o", "-").stdout_bytes
        == _run("otto", "-", "-o", "-", stdin=b"".join(otto_lines(BUYER, VISITOR))).stdout_bytes
    )


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path, sessions):
    with pytest.raises(UsageError, match=r"'ottto' is no format that can be imported; choose one of otto"):
        _run("ottto", sessions, "-o", str(tmp_path / "x.ndjson"))


def test_an_output_that_is_no_recordings_name_is_refused(tmp_path, sessions):
    with pytest.raises(UsageError, match=r"a recording's name ends in \.ndjson"):
        _run("otto", sessions, "-o", str(tmp_path / "x.txt"))


def test_a_missing_input_is_refused_and_writes_nothing(tmp_path):
    with pytest.raises(RecordingError, match=r"none\.jsonl: cannot be read: no such file"):
        _run("otto", str(tmp_path / "none.jsonl"), "-o", str(tmp_path / "x.ndjson"))
    assert list(tmp_path.iterdir()) == []


def test_a_bad_line_is_refused_with_its_place_and_writes_nothing(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(otto_lines(VISITOR)[0] + b"junk\n")
    with pytest.raises(RecordingError, match=r"in\.jsonl:2: no session"):
        _run("otto", str(path), "-o", str(tmp_path / "x.ndjson"))
    assert list(tmp_path.iterdir()) == [path]


def test_help_has_an_example():
    done = _run("--help")
    assert "harness import otto sessions.jsonl -o recordings/shop.ndjson" in done.stdout
