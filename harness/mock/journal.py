"""Keep the ledger's lines in a file that survives `kill -9`.

The file is NDJSON. Its first line names the format, the ledger's instance and the salt of its key marks;
an array is one arrival of a message; an object is a note (a write key's mark, a request that could not be
read). Lines wait a moment, and are written together before an answer that they account for leaves. A last
line without an end was cut by a death: it is dropped at the next start, and a note says so. Only this room
reads the file.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

import orjson

from harness.errors import HarnessError, UsageError

FILE_NAME: Final = "journal.ndjson"
FORMAT: Final = "segment-harness-ledger/1"
CUT_NOTE: Final = {"truncated_lines": 1}

_PIECE_BYTES: Final = 64 * 1024
_WAITING_MOST_BYTES: Final = 64 * 1024
_SALT_BYTES: Final = 16
_INSTANCE_BYTES: Final = 8


class JournalError(HarnessError):
    """The journal cannot be written or read: the mock can no longer keep its word, and ends."""


class Journal:
    """An append-only file, locked for as long as it is open."""

    __slots__ = (
        "_entropy",
        "_failure",
        "_fd",
        "_waiting",
        "_written_bytes",
        "generation",
        "instance",
        "name",
        "salt",
        "size_bytes",
    )

    def __init__(self, fd: int, name: str, entropy: Callable[[int], bytes]) -> None:
        self._fd = fd
        self._entropy = entropy
        self.name: Final = name
        self.generation = 0  # grows with each reset, so that a reader notices that its lines are gone
        self.size_bytes = 0  # with what waits to be written
        self._written_bytes = 0
        self._waiting: list[bytes] = []
        self._failure: JournalError | None = None
        self.instance = ""
        self.salt = b""

    @classmethod
    def open(cls, directory: Path | None, entropy: Callable[[int], bytes]) -> Self:
        """The journal in this directory, made where there is none; None: in a nameless temporary file.

        Raises UsageError when another mock holds it, or the file is something else.
        """
        if directory is None:
            with tempfile.TemporaryFile() as file:
                journal = cls(os.dup(file.fileno()), "a temporary journal", entropy)
        else:
            path = directory / FILE_NAME
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise UsageError(
                    f"{path}: cannot keep a ledger here: {error.strerror}; name another directory"
                ) from error
            journal = cls(fd, str(path), entropy)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(fd)
                raise UsageError(
                    f"{path}: another mock keeps its ledger here; stop it or name another directory"
                ) from error
        try:
            journal._begin()
        except HarnessError:
            os.close(journal._fd)
            raise
        return journal

    def append(self, lines: bytes) -> None:
        """Take whole lines, to be written by the next `commit` or before. Raises JournalError as it does."""
        self._waiting.append(lines)
        self.size_bytes += len(lines)
        if self.size_bytes - self._written_bytes > _WAITING_MOST_BYTES:
            self.commit()

    def commit(self) -> None:
        """Write what waits. Raises JournalError, then and ever after; some of it may stand in the file."""
        if self._failure is not None:
            raise self._failure
        lines = b"".join(self._waiting)
        self._waiting.clear()
        while lines:
            try:
                written = os.pwrite(self._fd, lines, self._written_bytes)
            except OSError as error:
                self._failure = JournalError(
                    f"{self.name}: cannot write: {error.strerror}; make room and start the mock again"
                )
                raise self._failure from error
            self._written_bytes += written
            lines = lines[written:]

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line written so far, header excluded, with its place in the file.

        Raises JournalError when the file fails, or was reset while it was read.
        """
        self.commit()
        end, generation = self.size_bytes, self.generation
        offset, rest, place = 0, b"", 0
        while offset < end:
            if generation != self.generation:
                raise JournalError(f"{self.name}: was reset while it was read; read it again")
            try:
                piece = os.pread(self._fd, min(_PIECE_BYTES, end - offset), offset)
            except OSError as error:
                raise JournalError(f"{self.name}: cannot read: {error.strerror}; look at its disk") from error
            if not piece:
                raise JournalError(f"{self.name}: is shorter than what was written; something else cut it")
            offset += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if place:  # the first is the header
                    yield place, line
                place += len(line) + 1

    def reset(self) -> None:
        """Empty the file and begin a new instance."""
        os.ftruncate(self._fd, 0)
        self._waiting.clear()
        self.size_bytes = self._written_bytes = 0
        self.generation += 1
        self._write_header()

    def close(self) -> None:
        """Write what waits and close the file, which also gives the lock up. Raises JournalError."""
        try:
            if self._failure is None:
                self.commit()
        finally:
            os.close(self._fd)

    def _begin(self) -> None:
        self.size_bytes = os.fstat(self._fd).st_size
        whole_bytes = self._end_of_last_line()
        cut = whole_bytes != self.size_bytes
        if whole_bytes:
            # Looked at before anything is cut: the file may be somebody else's.
            self._read_header(os.pread(self._fd, _PIECE_BYTES, 0).partition(b"\n")[0])
        if cut:
            if not whole_bytes and not os.pread(self._fd, _PIECE_BYTES, 0).startswith(
                b'{"journal":'[: self.size_bytes]
            ):
                raise self._foreign()
            os.ftruncate(self._fd, whole_bytes)
            self.size_bytes = whole_bytes
        self._written_bytes = self.size_bytes
        if not whole_bytes:
            self._write_header()
        if cut:
            self.append(orjson.dumps(CUT_NOTE, option=orjson.OPT_APPEND_NEWLINE))
            self.commit()

    def _end_of_last_line(self) -> int:
        end = self.size_bytes
        while end:
            start = max(0, end - _PIECE_BYTES)
            found = os.pread(self._fd, end - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def _write_header(self) -> None:
        self.instance = self._entropy(_INSTANCE_BYTES).hex()
        self.salt = self._entropy(_SALT_BYTES)
        header = {"journal": FORMAT, "instance": self.instance, "salt": self.salt.hex()}
        self.append(orjson.dumps(header, option=orjson.OPT_APPEND_NEWLINE))
        self.commit()

    def _read_header(self, line: bytes) -> None:
        try:
            header = orjson.loads(line)
            if header["journal"] != FORMAT:
                raise self._foreign()
            self.instance, self.salt = str(header["instance"]), bytes.fromhex(header["salt"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._foreign() from error

    def _foreign(self) -> UsageError:
        return UsageError(f"{self.name}: is no ledger of this mock; name another directory")
