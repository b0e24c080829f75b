"""Lines come out by time, exactly and stably, however few of them fit into memory."""

import tempfile
import tracemalloc
from typing import IO

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.importers.order import TimedLine, sorted_by_time


@settings(deadline=None)  # touches files
@given(
    st.lists(st.integers(-3, 6), max_size=60),
    st.integers(1, 7),
    st.integers(1, 3),
)
def test_lines_sort_as_in_memory(times, in_memory, open_files):
    lines = [TimedLine(at_ns, b'{"n": %d}' % number) for number, at_ns in enumerate(times)]
    plainly = [line.line for line in sorted(lines, key=lambda line: line.at_ns)]
    assert list(sorted_by_time(lines, in_memory=in_memory, open_files=open_files)) == plainly


def test_lines_may_hold_anything_but_a_newline():
    lines = [TimedLine(2, b" \r\t\xff "), TimedLine(1, b""), TimedLine(3, b"x")]
    assert list(sorted_by_time(lines, in_memory=1)) == [b"", b" \r\t\xff ", b"x"]


def test_files_open_at_once_are_bounded(monkeypatch):
    opened: list[IO[bytes]] = []
    at_once: list[int] = []

    def open_and_count() -> IO[bytes]:
        opened.append(real())
        at_once.append(sum(not file.closed for file in opened))
        return opened[-1]

    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", open_and_count)
    lines = [TimedLine(-number, b"%d" % number) for number in range(100)]
    assert list(sorted_by_time(lines, in_memory=2, open_files=5)) == [line.line for line in reversed(lines)]
    assert max(at_once) == 6, "five, and the one they are merged into"
    assert all(file.closed for file in opened)


def test_memory_does_not_grow_with_the_number_of_lines():
    lines = (TimedLine(number * 7_919 % 20_000, b"x" * 1_000) for number in range(20_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in sorted_by_time(lines, in_memory=1_000)) == 20_000
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 5_000_000
