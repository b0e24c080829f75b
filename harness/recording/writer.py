"""Write a recording: the header, then the lines, complete or not at all."""

import gzip
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final

from harness.errors import RecordingError
from harness.recording.header import Header, format_header
from harness.recording.sources import ENDINGS

STDOUT: Final = "-"
_GZIP_LEVEL: Final = 6  # zlib's own default


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to."""

    lines: int  # without the header
    bytes: int  # uncompressed, header and newlines included


def write_recording(path: str, header: Header, lines: Iterable[bytes]) -> Written:
    """Write `lines`, each a JSON object without its newline, to `path`, or to standard output for `-`.

    A path that ends in `.gz` is gzipped. The file appears under its name when it is complete, readable by its
    owner alone, since a recording may hold personal data; what stood there before is replaced.

    Raises:
        RecordingError: the path cannot be written, or is none that the reader would read.
        ValueError: a line holds a newline.
    """
    if path == STDOUT:
        written = _write(sys.stdout.buffer, header, lines)
        sys.stdout.buffer.flush()
        return written
    if not path.endswith(ENDINGS):
        raise RecordingError(f"{path}: a recording's name ends in {', '.join(ENDINGS)}; choose such a name")
    with _replacing(Path(path)) as file:
        if not path.endswith(".gz"):
            return _write(file, header, lines)
        # No name and no time inside, so that equal lines make equal files.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
            return _write(packed, header, lines)


def _write(file: IO[bytes] | gzip.GzipFile, header: Header, lines: Iterable[bytes]) -> Written:
    remaining = iter(lines)
    first = list(
        islice(remaining, 1)
    )  # asked for first: an input that cannot be read leaves no header behind
    head = format_header(header) + b"\n"
    file.write(head)
    count, size = 0, len(head)
    for line in chain(first, remaining):
        if b"\n" in line:
            raise ValueError(f"line {count + 1} of a recording must not hold a newline")
        file.write(line + b"\n")
        count += 1
        size += len(line) + 1
    return Written(count, size)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    try:
        number, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        os.replace(temporary, path)  # noqa: PTH105 - beside mkstemp and unlink, which speak in names too
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _cannot_write(path: Path, error: OSError) -> RecordingError:
    reason = (error.strerror or str(error)).lower()
    return RecordingError(f"{path}: cannot be written: {reason}; choose another output")
