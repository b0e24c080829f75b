"""Where a recording's bytes come from: a plain file, a gzipped one, or standard input."""

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from harness.errors import BadLineError, RecordingError

ReadChunk = Callable[[int, int], bytes]  # as os.read: a descriptor and a size to bytes, empty at the end

STDIN: Final = "-"
CHUNK_BYTES: Final = 256 << 10
_UNPACKED_BYTES: Final = 64 << 10  # a quarter of a millisecond's work
_PLAIN: Final = (".ndjson", ".jsonl")
_GZIP: Final = tuple(ending + ".gz" for ending in _PLAIN)
ENDINGS: Final = _PLAIN + _GZIP  # of a recording's name
_LATER: Final = (".zst", ".zstd")
_GZIP_WINDOW: Final = 31  # zlib: 15 bits of window, plus 16 for gzip's frame


class Chunk(NamedTuple):
    """Some bytes of a recording."""

    data: bytes
    read_bytes: (
        int | None
    )  # how far the file itself was read for it; None where that is the lines' own offset


class Source(Protocol):
    """A recording's bytes, from the start on each call of `chunks` where `rereadable`."""

    @property
    def name(self) -> str: ...
    @property
    def size_bytes(self) -> int | None: ...
    @property
    def rereadable(self) -> bool: ...
    @property
    def descriptor(self) -> int | None:
        """A file whose offsets are the lines' own, or None."""

    @property
    def cut_short(self) -> bool:
        """Whether the last pass met an end where there should be more."""

    def chunks(self) -> Iterator[Chunk]: ...
    def ends(self) -> Iterator[bytes]:
        """The first and the last MiB of the file; nothing for a stream."""

    def close(self) -> None: ...


def open_source(path: str, read_chunk: ReadChunk) -> Source:
    """The source that `path` names.

    Raises:
        RecordingError: it is missing, unreadable, empty, or of a kind that is not read.
    """
    if path == STDIN:
        return StandardInput(read_chunk)
    if "://" in path:
        # The address is not repeated: it may hold a credential.
        raise RecordingError("a URL cannot be read as a recording; download it and name the file")
    file = Path(path)
    if file.is_dir():
        raise RecordingError(f"{path}: is a folder; name one recording in it")
    if path.endswith(_LATER):
        raise RecordingError(f"{path}: zstandard is not read; unpack it with `zstd -d`, or pack it with gzip")
    if not file.exists() and any(sign in path for sign in "*?["):
        raise RecordingError(f"{path}: a pattern names no recording; name one file")
    if not path.endswith(ENDINGS):
        raise RecordingError(
            f"{path}: a recording's name ends in {', '.join(ENDINGS)}; rename it, or pipe it in as -"
        )
    return _open_file(path)


def _open_file(path: str) -> Source:
    try:
        # O_NONBLOCK: a named pipe is to be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{path}: cannot be read: {reason}; name a recording that is there") from error
    status = os.fstat(descriptor)
    problem = None
    if not stat.S_ISREG(status.st_mode):
        problem = "is no regular file; pipe it in as -"
    elif status.st_size == 0:
        problem = "is empty; name a recording with at least one message"
    if problem is not None:
        os.close(descriptor)
        raise RecordingError(f"{path}: {problem}")
    return (GzipFile if path.endswith(_GZIP) else PlainFile)(path, descriptor, status.st_size)


class PlainFile:
    """An uncompressed file; it stays open, so that what is read again is what was read."""

    rereadable = True

    def __init__(self, name: str, descriptor: int, size_bytes: int) -> None:
        self.name = name
        self.size_bytes: int | None = size_bytes
        self.cut_short = False
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int | None:
        return self._descriptor

    def chunks(self) -> Iterator[Chunk]:
        for data, _ in self._raw_chunks():
            yield Chunk(data, None)

    def ends(self) -> Iterator[bytes]:
        mib = 1 << 20
        size_bytes = self.size_bytes or 0
        yield os.pread(self._descriptor, mib, 0)
        yield os.pread(self._descriptor, mib, max(0, size_bytes - mib))

    def close(self) -> None:
        os.close(self._descriptor)

    def _raw_chunks(self) -> Iterator[tuple[bytes, int]]:
        """Bytes of the file, and the offset behind them; each pass has its own offset."""
        offset = 0
        while data := os.pread(self._descriptor, CHUNK_BYTES, offset):
            offset += len(data)
            yield data, offset


class GzipFile(PlainFile):
    """A gzipped file of one or more members; its lines cannot be read again by offset."""

    @property
    def descriptor(self) -> int | None:
        return None

    def chunks(self) -> Iterator[Chunk]:
        """Unpacked bytes, a chunk at a time; `cut_short` tells behind the last whether the file ended early.

        Raises:
            BadLineError: the file is damaged.
        """
        unpack = zlib.decompressobj(_GZIP_WINDOW)
        for packed, offset in self._raw_chunks():
            rest = packed
            while rest:
                if unpack.eof:
                    # Zeros pad a file to its medium's block size; gzip passes over them too.
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    unpack = zlib.decompressobj(_GZIP_WINDOW)
                try:
                    data = unpack.decompress(rest, _UNPACKED_BYTES)
                except zlib.error as error:
                    raise BadLineError(
                        f"{self.name}: the gzip data is damaged near byte {offset - len(rest)}; fetch it anew"
                    ) from error
                rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
                if data:
                    yield Chunk(data, offset - len(rest))
        # All input is in; zlib may still hold output.
        while data := unpack.decompress(b"", _UNPACKED_BYTES):
            yield Chunk(data, self.size_bytes)
        self.cut_short = not unpack.eof


class StandardInput:
    """A stream that is read once."""

    name = "stdin"
    size_bytes = None
    rereadable = False
    descriptor = None
    cut_short = False

    def __init__(self, read_chunk: ReadChunk) -> None:
        self._read_chunk = read_chunk

    def chunks(self) -> Iterator[Chunk]:
        while data := self._read_chunk(0, CHUNK_BYTES):
            yield Chunk(data, None)

    def ends(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """Nothing to close: standard input is the process's own."""
