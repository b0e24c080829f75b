"""Sort lines by time, exactly and stably, in memory that does not grow with their number."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import IO, NamedTuple


class TimedLine(NamedTuple):
    """A line of a recording, and the instant it is sorted by."""

    at_ns: int
    line: bytes  # without its newline


_by_time = itemgetter(0)


def sorted_by_time(
    lines: Iterable[TimedLine], *, in_memory: int = 50_000, open_files: int = 64
) -> Iterator[bytes]:
    """The lines by time; lines of one instant keep their order.

    Up to `in_memory` lines are sorted in memory; more go as sorted runs to at most `open_files` unnamed
    temporary files, which are merged.
    """
    runs: list[IO[bytes]] = []
    try:
        waiting: list[TimedLine] = []
        for line in lines:
            if len(waiting) == in_memory:
                if len(runs) == open_files:
                    runs = [_merge_to_disk(runs)]
                runs.append(_to_disk(sorted(waiting, key=_by_time)))
                waiting = []
            waiting.append(line)
        waiting.sort(key=_by_time)
        # heapq.merge is stable over its inputs, and the runs stand in reading order.
        for _, line_bytes in heapq.merge(*map(_from_disk, runs), waiting, key=_by_time):
            yield line_bytes
    finally:
        for run in runs:
            run.close()


def _merge_to_disk(runs: list[IO[bytes]]) -> IO[bytes]:
    merged = _to_disk(heapq.merge(*map(_from_disk, runs), key=_by_time))
    for run in runs:
        run.close()
    return merged


def _to_disk(lines: Iterable[TimedLine]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - handed over; closed by sorted_by_time
    for at_ns, line in lines:
        file.write(b"%d %b\n" % (at_ns, line))
    file.seek(0)
    return file


def _from_disk(file: IO[bytes]) -> Iterator[TimedLine]:
    for row in file:
        at_ns, _, line = row.partition(b" ")
        yield TimedLine(int(at_ns), line.removesuffix(b"\n"))
