"""Which paths are recordings, and the sentence for each that is not."""

import gzip
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BadLineError, RecordingError
from harness.recording.sources import CHUNK_BYTES, GzipFile, open_source


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("{tmp}/none.ndjson", "cannot be read: no such file or directory"),
        ("{tmp}/empty.ndjson", "is empty"),
        ("{tmp}/empty.ndjson.gz", "is empty"),
        ("{tmp}/full.json", "a recording's name ends in .ndjson, .jsonl, .ndjson.gz, .jsonl.gz"),
        ("{tmp}/full.ndjson.zst", "zstandard is not read; unpack it"),
        ("{tmp}", "is a folder; name one recording in it"),
        ("{tmp}/folder.ndjson", "is a folder"),
        ("{tmp}/*.ndjson", "a pattern names no recording; name one file"),
        ("{tmp}/pipe.ndjson", "is no regular file; pipe it in as -"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path, path, says):
    (tmp_path / "empty.ndjson").touch()
    (tmp_path / "empty.ndjson.gz").touch()
    (tmp_path / "full.json").write_text("{}")
    (tmp_path / "full.ndjson.zst").write_text("{}")
    (tmp_path / "folder.ndjson").mkdir()
    os.mkfifo(tmp_path / "pipe.ndjson")
    named = path.format(tmp=tmp_path)
    with pytest.raises(RecordingError) as caught:
        open_source(named, os.read)
    assert str(caught.value).startswith(f"{named}: ")
    assert says in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(RecordingError, match="cannot be read: permission denied"):
        open_source(str(path), os.read)


@pytest.mark.parametrize("path", ["https://user:secret@h/a.ndjson?token=secret", "s3://bucket/secret.ndjson"])
def test_a_url_is_refused_without_repeating_it(path):
    with pytest.raises(RecordingError, match="a URL cannot be read") as caught:
        open_source(path, os.read)
    assert "secret" not in str(caught.value)


@settings(deadline=None)  # touches files
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 600))
def test_any_number_of_gzip_members_unpacks_to_their_bytes(tmp_path_factory, members, padding):
    path = tmp_path_factory.mktemp("gz") / "a.ndjson.gz"
    path.write_bytes(b"".join(gzip.compress(member) for member in members) + b"\0" * padding)
    source = open_source(str(path), os.read)
    assert b"".join(chunk.data for chunk in source.chunks()) == b"".join(members)
    assert not source.cut_short
    source.close()


def test_a_gzip_bomb_is_unpacked_a_chunk_at_a_time(tmp_path):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"\n" * 50_000_000))
    source = open_source(str(path), os.read)
    sizes = [len(chunk.data) for chunk in source.chunks()]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= CHUNK_BYTES
    source.close()


def test_how_far_a_gzipped_file_was_read_grows_to_its_size(tmp_path):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(os.urandom(1 << 20)))
    source = open_source(str(path), os.read)
    read = [chunk.read_bytes or 0 for chunk in source.chunks()]
    assert read == sorted(read)
    assert len(set(read)) > 8, "finer than the pieces in which it is read"
    assert source.size_bytes is not None
    assert read[-1] in range(source.size_bytes - 8, source.size_bytes + 1)
    source.close()


@pytest.mark.parametrize("behind", [b"junk", b"\0\0junk"])
def test_junk_behind_a_gzipped_file_is_an_error_not_an_end(tmp_path, behind):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"{}\n") + behind)
    source = open_source(str(path), os.read)
    assert isinstance(source, GzipFile)
    with pytest.raises(
        BadLineError, match=r"a\.ndjson\.gz: the gzip data is damaged near byte \d+; fetch it anew"
    ):
        list(source.chunks())
    source.close()


def test_a_gzipped_file_that_ends_early_says_so_after_its_last_byte(tmp_path):
    path = tmp_path / "a.ndjson.gz"
    whole = gzip.compress(os.urandom(100_000))
    path.write_bytes(whole[:50_000])
    source = open_source(str(path), os.read)
    assert b"".join(chunk.data for chunk in source.chunks())
    assert source.cut_short
    source.close()
