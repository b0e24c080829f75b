"""Lines and their places, whatever the pieces they come in."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadLineError
from harness.recording.lines import LONGEST_LINE_BYTES, Line, lines_of
from harness.recording.sources import Chunk

_DATA = st.lists(st.sampled_from([b"", b"a", b"bc", b"\r", b"x" * 50]), max_size=12).map(b"\n".join)


def _cut(data: bytes, sizes: list[int]) -> list[Chunk]:
    chunks, start = [], 0
    for size in [*sizes, len(data)]:
        if piece := data[start : start + size]:
            chunks.append(Chunk(piece, None))
        start += size
    return chunks


def _plainly(data: bytes) -> list[Line]:
    """The same the plain way."""
    lines, offset = [], 0
    for number, whole in enumerate(_split(data), 1):
        ended = whole.endswith(b"\n")
        raw = whole[:-1] if ended else whole
        lines.append(Line(number, offset, raw, ended, offset + len(whole)))
        offset += len(whole)
    return lines


def _split(data: bytes) -> list[bytes]:
    *whole, rest = data.split(b"\n")
    return [*(piece + b"\n" for piece in whole), *([rest] if rest else [])]


@given(_DATA, st.lists(st.integers(1, 7), max_size=40))
def test_lines_do_not_depend_on_the_pieces_they_come_in(data, sizes):
    assert list(lines_of(_cut(data, sizes), "a")) == _plainly(data)


@given(_DATA)
def test_lines_come_whole_when_bytes_come_one_by_one(data):
    assert list(lines_of(_cut(data, [1] * len(data)), "a")) == _plainly(data)


@given(_DATA)
def test_each_line_stands_at_its_offset(data):
    for line in lines_of([Chunk(data, None)] if data else [], "a"):
        assert data[line.offset : line.offset + len(line.raw)] == line.raw


def test_lines_of_packed_bytes_tell_how_far_the_file_was_read():
    chunks = [Chunk(b"a\nb", 10), Chunk(b"b\nc", 20)]
    assert [line.read_bytes for line in lines_of(chunks, "a")] == [10, 20, 20]


def test_a_file_without_newlines_is_given_up_before_it_fills_the_memory():
    given_out = 0

    def chunks() -> Iterator[Chunk]:
        nonlocal given_out
        yield Chunk(b"{}\n", None)
        while True:
            given_out += 1 << 20
            yield Chunk(b"x" * (1 << 20), None)

    lines = lines_of(chunks(), "a.ndjson")
    assert next(lines).raw == b"{}"
    with pytest.raises(
        BadLineError, match=r"^a\.ndjson:2: the line is longer than 16 MiB; .* one JSON object a line"
    ):
        next(lines)
    assert given_out <= LONGEST_LINE_BYTES + (1 << 20)


def test_many_long_lines_in_pieces_are_not_taken_for_one():
    piece = Chunk(b"x" * (1 << 20), None)
    lines = list(lines_of([piece, Chunk(b"\n", None)] * 20, "a"))
    assert [len(line.raw) for line in lines] == [1 << 20] * 20
