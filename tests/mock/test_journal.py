"""The file that survives a death."""

import os
from pathlib import Path

import orjson
import pytest

from harness.errors import UsageError
from harness.mock.journal import FILE_NAME, Journal, JournalError
from tests.mock.boxed import numbered_entropy

LAST = b'["b","%b"]\n' % (b"b" * 60)
LINES = b'["a",1]\n' + LAST


def opened(directory: Path | None) -> Journal:
    return Journal.open(directory, numbered_entropy())


def parsed(journal: Journal) -> list[object]:
    return [orjson.loads(line) for _, line in journal.lines()]


def test_lines_instance_and_salt_are_there_after_a_restart(tmp_path):
    first = opened(tmp_path / "new" / "ledger")
    first.append(LINES)
    instance, salt = first.instance, first.salt
    first.close()
    again = Journal.open(tmp_path / "new" / "ledger", lambda size: b"\xee" * size)
    assert (again.instance, again.salt) == (instance, salt)
    assert parsed(again) == [["a", 1], ["b", "b" * 60]]
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
    assert parsed(journal) == [["a", 1], {"truncated_lines": 1}, ["c", 3]]
    journal.close()
    journal = opened(tmp_path)
    assert parsed(journal) == [["a", 1], {"truncated_lines": 1}, ["c", 3]]
    journal.close()


def test_a_header_cut_by_a_death_begins_a_new_instance(tmp_path):
    opened(tmp_path).close()
    os.truncate(tmp_path / FILE_NAME, 15)
    journal = opened(tmp_path)
    assert parsed(journal) == [{"truncated_lines": 1}]
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


def test_a_reader_sees_what_stood_there_when_it_began_and_no_more(tmp_path):
    journal = opened(tmp_path)
    many = [b'["%06d"]' % number for number in range(30_000)]
    journal.append(b"\n".join(many) + b"\n")
    reader = journal.lines()
    seen = [next(reader)]
    journal.append(b'["late"]\n')
    seen += reader
    assert [line for _, line in seen] == many
    written = (tmp_path / FILE_NAME).read_bytes()
    assert all(written[place:].startswith(line) for place, line in seen[::1_000])
    journal.close()


def test_a_reader_is_told_that_a_reset_took_its_lines(tmp_path):
    journal = opened(tmp_path)
    journal.append(b'["a"]\n' * 30_000)
    instance, reader = journal.instance, journal.lines()
    next(reader)
    journal.reset()
    journal.append(b'["b"]\n' * 30_000)
    with pytest.raises(JournalError, match="was reset while it was read"):
        list(reader)
    assert journal.instance != instance
    assert len(parsed(journal)) == 30_000
    journal.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(tmp_path):
    (tmp_path / FILE_NAME).symlink_to("/dev/full")
    with pytest.raises(JournalError, match="cannot write: No space left on device; make room"):
        opened(tmp_path)


def test_a_temporary_journal_has_no_name_and_works_alike():
    journal = opened(None)
    journal.append(LINES)
    assert parsed(journal) == [["a", 1], ["b", "b" * 60]]
    journal.close()
