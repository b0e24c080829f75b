"""A small file is there whole or not at all."""

import stat

import pytest

from harness.errors import UsageError
from harness.mock.whole_file import write_whole


def test_a_file_is_replaced_in_one_step_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")
    with path.open() as reader:
        write_whole(path, b"after")
        assert reader.read() == "before", "who had it open keeps the old one"
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_it_may_be_for_everybody(tmp_path):
    write_whole(tmp_path / "file", b"", 0o644)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["missing/file", "folder"])
def test_where_nothing_can_be_written_is_one_sentence_and_leaves_nothing(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"cannot be written: .+; name a file in a folder that is there"):
        write_whole(tmp_path / name, b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
