"""Reads of people just tracked, merged into their recording."""

import gzip
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import RecordingError
from harness.generate.profile_reads import MADE_BY, Asked, add_profile_reads
from harness.recording.reader import open_recording
from harness.segment.profile_paths import person_of_traits, space_of
from harness.units import NS_PER_MS
from tests.recording.making import ARCHIVED, call, in_pieces, ndjson, track

EACH = Asked(1.0, 200 * NS_PER_MS, "spa_1", 7)
HEADER = {
    "harness": "recording/1", "privacy": "redacted", "origin": {"data": "a test"},
    "key_marks": {"salt": "00", "marks": ["ab"]},
}  # fmt: skip


def made(folder, *lines, asked=EACH, name="in.ndjson"):
    data = ndjson(*lines)
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    added = add_profile_reads(str(folder / name), str(folder / "out.ndjson"), asked)
    header, *out = map(orjson.loads, (folder / "out.ndjson").read_bytes().splitlines())
    return added, header, out


def reads_of(lines):
    return [line for line in lines if line.get("api") == "profile"]


def test_each_message_is_followed_by_a_read_of_its_persons_traits(tmp_path):
    lines = [
        call(0, path="/v1/identify", body={"userId": "a+b"}, source="web"),
        call(0.1, body=track(), source="app"),
        call(1),
    ]
    added, _, out = made(tmp_path, *lines)
    assert [line["at"] for line in out] == [0, 0.1, 0.2, 0.3, 1, 1.2]
    assert [line for line in out if "api" not in line] == lines
    reads = reads_of(out)
    assert [person_of_traits(line["path"]) for line in reads] == ["u:a+b", "a:a-1", "a:a-1"]
    assert {space_of(line["path"]) for line in reads} == {"spa_1"}
    assert [(line["method"], line["source"]) for line in reads] == [
        ("GET", "web"),
        ("GET", "app"),
        ("GET", ""),
    ]
    assert (added.reads, added.nobody, added.cut_off, added.written.lines) == (3, 0, 0, 6)


def test_the_header_keeps_its_privacy_and_key_marks_and_says_how_the_reads_were_made(tmp_path):
    _, header, _ = made(tmp_path, HEADER, call(0))
    assert header["privacy"] == "redacted"
    assert header["key_marks"] == HEADER["key_marks"]
    assert header["origin"]["data"] == "a test"
    assert header["origin"]["profile_reads"] == {"by": MADE_BY, "ratio": 1.0, "after_s": 0.2, "seed": 7}
    assert made(tmp_path, call(0))[1]["privacy"] == "raw"


def test_instants_stay_instants(tmp_path):
    _, _, out = made(tmp_path, ARCHIVED)
    assert reads_of(out)[0]["at"] == "2026-01-02T03:04:07.700000Z"
    assert person_of_traits(reads_of(out)[0]["path"]) == "u:u-1"


def test_only_the_reads_may_be_wanted(tmp_path):
    _, _, out = made(tmp_path, call(0), call(1), asked=replace(EACH, reads_only=True))
    assert len(out) == len(reads_of(out)) == 2


def test_calls_and_messages_of_nobody_are_followed_by_nothing(tmp_path):
    profile = call(0, path="/v1/spaces/s/collections/users/profiles/user_id:u/traits")
    added, _, out = made(tmp_path, profile, call(1, body={"event": "x", "anonymousId": "-1"}))
    assert (added.reads, added.nobody, len(out)) == (0, 1, 2)


def test_each_message_of_a_batch_counts(tmp_path):
    batch = {"batch": [{"type": "track", "userId": f"u{i}"} for i in range(3)]}
    added, _, out = made(tmp_path, call(0, path="/v1/batch", body=batch))
    assert added.reads == 3
    assert out[0]["body"] == batch


def test_a_stream_a_packed_file_and_a_plain_one_make_the_same(tmp_path):
    lines = [call(i / 10) for i in range(20)]
    half = replace(EACH, ratio=0.5)
    plain = made(tmp_path, *lines, asked=half)[2]
    assert made(tmp_path, *lines, asked=half, name="in.ndjson.gz")[2] == plain
    out = tmp_path / "piped.ndjson"
    add_profile_reads("-", str(out), half, in_pieces(ndjson(*lines), [1, 2, 3, 50]))
    assert [orjson.loads(line) for line in out.read_bytes().splitlines()][1:] == plain


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(tmp_path):
    lines = [call(i / 10) for i in range(40)]
    half = replace(EACH, ratio=0.5)
    assert made(tmp_path, *lines, asked=half) == made(tmp_path, *lines, asked=half)
    assert made(tmp_path, *lines, asked=half)[2] != made(tmp_path, *lines, asked=replace(half, seed=8))[2]
    assert 10 <= made(tmp_path, *lines, asked=half)[0].reads <= 30


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 900), min_size=1, max_size=30),
    after_ms=st.integers(0, 2_000),
    ratio=st.floats(0, 1),
)
def test_whatever_is_asked_the_lines_are_all_there_and_in_order_of_time(
    tmp_path_factory, gaps, after_ms, ratio
):
    folder: Path = tmp_path_factory.mktemp("reads")
    at_ms, lines = 0, []
    for gap_ms in gaps:
        at_ms += gap_ms
        lines.append(call(at_ms / 1_000))
    added, _, out = made(folder, *lines, asked=Asked(ratio, after_ms * NS_PER_MS, "s", 1))
    assert [line["at"] for line in out] == sorted(line["at"] for line in out)
    assert len(out) == len(lines) + added.reads
    with open_recording(str(folder / "out.ndjson"), needs_times=True) as recording:
        assert len(list(recording.items())) == len(out)
        assert recording.counts.resorted == 0
    first = lines[0]["at"]
    assert all(line["at"] - first >= after_ms / 1_000 - 1e-9 for line in reads_of(out))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([call(0), b"{oops}"], r"in\.ndjson:2: not JSON.*no recording was written"),
        ([call(None)], r"in\.ndjson:1: no time"),
        ([{"harness": "recording/9"}], "version 9"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_written(tmp_path, lines, says):
    with pytest.raises(RecordingError, match=says):
        made(tmp_path, *lines)
    assert not (tmp_path / "out.ndjson").exists()


def test_a_last_line_that_was_cut_off_is_left_out_and_counted(tmp_path):
    (tmp_path / "in.ndjson").write_bytes(ndjson(call(0)) + b'{"at": 1, "pa')
    added = add_profile_reads(str(tmp_path / "in.ndjson"), str(tmp_path / "out.ndjson"), EACH)
    assert (added.cut_off, added.written.lines) == (1, 2)
