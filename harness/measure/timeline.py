r"""Append a checksummed record for each second to `timeline.ndjson`, and read back what is whole.

A line is `<CRC-32 of the JSON in 8 hex digits> <JSON>\n`, written with one `write`. A crash can tear the
last line only; the reader stops at the first line that is not whole and says how many bytes it left out.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import orjson

from harness.errors import HarnessError

FORMAT: Final = "timeline/1"

Record = dict[str, Any]


class TimelineError(HarnessError):
    """The timeline cannot be written or read."""


class TimelineWriter:
    """Appends records to the file at `path`, readable by its owner only."""

    __slots__ = ("_file", "_hear", "_path")

    def __init__(self, path: Path, hear: Callable[[Record], None] | None = None) -> None:
        """Open or make the file; `hear` is told of each record that was written. Raises TimelineError."""
        self._path = path
        self._hear = hear
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise TimelineError(
                f"{path}: cannot write the timeline: {error.strerror}; choose another --run-dir"
            ) from error

    def append(self, record: Record) -> None:
        """Write one record. Raises TimelineError when the disk does not take all of it."""
        payload = orjson.dumps(record)
        line = b"%08x %b\n" % (crc32(payload), payload)
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise TimelineError(
                f"{self._path}: cannot write the timeline: {error.strerror}; free some disk space"
            ) from error
        if written != len(line):
            raise TimelineError(
                f"{self._path}: only {written} of {len(line)} bytes of a record could be written; "
                "free some disk space"
            )
        if self._hear is not None:
            self._hear(record)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Timeline:
    """The whole records of a timeline file; each iteration reads the file anew."""

    __slots__ = ("_path", "left_out_bytes")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.left_out_bytes = 0  # after an iteration: what follows the last whole record

    def __iter__(self) -> Iterator[Record]:
        """Each whole record in turn. Raises TimelineError when there is no such file."""
        self.left_out_bytes = 0
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise TimelineError(
                f"{self._path}: cannot read the timeline: {error.strerror}; name the folder of a run"
            ) from error
        with file:
            whole_bytes = 0
            for line in file:
                record = _whole(line)
                if record is None:
                    break
                whole_bytes += len(line)
                yield record
            self.left_out_bytes = os.fstat(file.fileno()).st_size - whole_bytes


def _whole(line: bytes) -> Record | None:
    checksum, _, rest = line.partition(b" ")
    if len(checksum) != 8 or not rest.endswith(b"\n"):
        return None
    payload = rest[:-1]
    if checksum != b"%08x" % crc32(payload):
        return None
    record: Record = orjson.loads(payload)
    return record
