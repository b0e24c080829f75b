"""Cut a recording's bytes into lines, keeping count of where each stands."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from harness.errors import BadLineError
from harness.recording.sources import Chunk

# A batch has 500 KB at most; what is longer by far is no line but a file without newlines.
LONGEST_LINE_BYTES: Final = 16 << 20


class Line(NamedTuple):
    """A line as it stands."""

    number: int  # counted from 1
    offset: int  # bytes from the start of the (uncompressed) file
    raw: bytes  # without its newline
    ended: bool  # False for a last line without a newline
    read_bytes: int  # how far the file itself had been read


_line: Final = partial(tuple.__new__, Line)  # the constructor itself takes twice as long


def lines_of(chunks: Iterable[Chunk], name: str) -> Iterator[Line]:
    """The lines of a recording named `name`; holds one chunk and one line at a time.

    Raises:
        BadLineError: a line is longer than LONGEST_LINE_BYTES.
    """
    number, offset = 1, 0
    begun: list[bytes] = []  # the pieces of a line whose end has not come
    begun_bytes = 0
    file_bytes: int | None = None
    for data, file_bytes in chunks:
        *whole, rest = data.split(b"\n")
        for piece in whole:
            raw = piece
            if begun:
                raw = b"".join((*begun, piece))
                begun, begun_bytes = [], 0
            behind = offset + len(raw) + 1
            yield _line((number, offset, raw, True, behind if file_bytes is None else file_bytes))
            number += 1
            offset = behind
        if rest:
            begun.append(rest)
            begun_bytes += len(rest)
        if begun_bytes > LONGEST_LINE_BYTES:
            raise BadLineError(
                f"{name}:{number}: the line is longer than {LONGEST_LINE_BYTES >> 20} MiB; "
                f"a recording has one JSON object a line"
            )
    if begun:
        raw = b"".join(begun)
        yield Line(number, offset, raw, False, offset + len(raw) if file_bytes is None else file_bytes)
