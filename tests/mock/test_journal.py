"""The file that survives a death."""

import os
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.mock.journal import FILE_NAME, Journal, JournalError
from tests.mock.boxed import numbered_entropy

LAST = b'["b","%b"]\n' % (b"b" * 60)
LINES = b'["a",1]\n' + LAST


def opened(directory: Path | None) -> Journal:
    return Journal.open(directory, numbered_entropy())


def test_lines_instance_and_salt_are_there_after_a_restart(tmp_path):
    first = opened(tmp_path / "new" / "ledger")
    first.append(LINES)
    instance, salt = first.instance, first.salt
    first.close()
    again = Journal.open(tmp_path / "new" / "ledger", lambda size: b"\xee" * size)
    assert (again.instance, again.salt) == (instance, salt)
    assert list(again.replay()) == [["a", 1], ["b", "b" * 60]]
    again.close()


@pytest.mark.parametrize("cut", range(1, len(LAST)))
def test_a_line_cut_by_a_death_is_dropped_and_noted_wherever_the_cut_is(tmp_path, cut):
    journal = opened(tmp_path)
    journal.append(LINES)
    journal.close()
    path = tmp_path / FILE_NAME
    os.truncate(path, path.stat().st_size - cut)
    journal = opened(tmp_path)
    journal.append(b'["c",3]\n')
    assert list(journal.replay()) == [["a", 1], {"truncated_lines": 1}, ["c", 3]]
    journal.close()
    journal = opened(tmp_path)
    assert list(journal.replay()) == [["a", 1], {"truncated_lines": 1}, ["c", 3]]
    journal.close()


def test_a_header_cut_by_a_death_begins_a_new_instance(tmp_path):
    opened(tmp_path).close()
    os.truncate(tmp_path / FILE_NAME, 15)
    journal = opened(tmp_path)
    assert list(journal.replay()) == [{"truncated_lines": 1}]
    journal.close()


@pytest.mark.parametrize(
    "content", [b"dear diary\n", b"dear diary", b"[]\n", b'{"journal":"other/1"}\n["a"]\nx']
)
def test_somebody_elses_file_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is no ledger of this mock; name another directory"):
        opened(tmp_path)
    assert path.read_bytes() == content


def test_a_second_mock_on_the_same_directory_is_refused_until_the_first_is_gone(tmp_path):
    journal = opened(tmp_path)
    with pytest.raises(UsageError, match="another mock keeps its ledger here") as refused:
        opened(tmp_path)
    assert refused.value.exit_code == 2
    journal.close()
    opened(tmp_path).close()


def test_a_directory_that_cannot_be_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot keep a ledger here: Not a directory"):
        opened(tmp_path / "file" / "below")


def test_a_line_that_is_no_json_is_named_by_its_number(tmp_path):
    journal = opened(tmp_path)
    journal.append(b'["a",1]\nnonsense\n')
    with pytest.raises(JournalError, match=r"journal\.ndjson:3: is no line of a ledger"):
        list(journal.replay())
    journal.close()


def test_a_reader_sees_what_stood_there_when_it_began_and_no_more(tmp_path):
    journal = opened(tmp_path)
    many = b"".join(b'["%06d"]\n' % number for number in range(30_000))
    journal.append(many)
    pieces = journal.pieces()
    seen = list(next(pieces))
    journal.append(b'["late"]\n')
    for piece in pieces:
        assert len(piece) < 10_000, "a piece is small, however long the journal is"
        seen += piece
    assert b"\n".join(seen) + b"\n" == many
    journal.close()


def test_a_reader_is_told_that_a_reset_took_its_lines(tmp_path):
    journal = opened(tmp_path)
    journal.append(b'["a"]\n' * 30_000)
    instance, pieces = journal.instance, journal.pieces()
    next(pieces)
    journal.reset()
    journal.append(b'["b"]\n' * 30_000)
    with pytest.raises(JournalError, match="was reset while it was read"):
        list(pieces)
    assert journal.instance != instance
    assert len(list(journal.replay())) == 30_000
    journal.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(tmp_path):
    (tmp_path / FILE_NAME).symlink_to("/dev/full")
    with pytest.raises(JournalError, match="cannot write: No space left on device; make room"):
        opened(tmp_path)


def test_a_temporary_journal_has_no_name_and_works_alike():
    journal = opened(None)
    journal.append(LINES)
    assert list(journal.replay()) == [["a", 1], ["b", "b" * 60]]
    journal.close()
