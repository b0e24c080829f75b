r"""Note each call in the journal, as who judges its sender will want to read it, and read the notes again.

A note is a line `{"call": [received_us, api, method, path, status, retry_after, tries, body_bytes, key,
messages]}` behind the lines of the call's own messages. Of people, and of the value that is followed, it has
digests under the journal's salt. Nothing is noted unless the settings ask for it.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from harness.errors import HarnessError
from harness.mock.account import DUPLICATES, STORED
from harness.mock.box import Box
from harness.mock.exchange import Call
from harness.mock.journal import FILE_NAME
from harness.mock.ledger import Entry
from harness.mock.moments import instant_ns
from harness.mock.tracking import Reading, compact, kind_of
from harness.seen import ID_CHARACTERS, SeenCall, SeenMessage, digest, value_at
from harness.segment.messages import person_keys
from harness.units import NS_PER_MS, NS_PER_US

_CALL: Final = b'{"call":'
_KEY: Final = b'{"key":'
_UNREADABLE: Final = b'{"unreadable":'
_RETRY_COUNT: Final = b"x-retry-count"
_TRIES_DIGITS: Final = 9
_PIECE_BYTES: Final = 1 << 20
_KIND_CHARACTERS: Final = 40
_KNOWN: Final = 1
_STORED: Final = 2


class CallNotesError(HarnessError):
    """The journal of a mock cannot be read."""


def note_call(
    box: Box,
    call: Call,
    api: str,
    path: str,
    *,
    received_ns: int,
    status: int | None,
    retry_after: str | None,
    body: bytes | None = b"",
    key: int | None = None,
    reading: Reading | None = None,
    entries: Sequence[Entry] | None = None,
) -> None:
    """Note a call whose messages, where it has any, are in the ledger already. Raises JournalError."""
    note = [
        received_ns // NS_PER_US,
        api,
        call.method,
        path,
        status,
        retry_after,
        _tries(call.headers.get(_RETRY_COUNT)),
        None if body is None else len(body),
        key,
        []
        if reading is None or entries is None
        else [
            _row(box, kind_of(reading, message), message, entry)
            for message, entry in zip(reading.messages, entries, strict=True)
        ],
    ]
    box.ledger.note({"call": note})


def _row(box: Box, kind: Any, message: Any, entry: Entry) -> list[Any]:
    salt = box.ledger.salt
    fields = message if isinstance(message, dict) else {}
    given = fields.get("messageId")
    own_id = given if isinstance(given, str) and given else None
    # An attempt's own clock is not what tells two messages apart.
    same = b"" if own_id is not None else _compact({n: value for n, value in fields.items() if n != "sentAt"})
    stored = entry.timestamp_ns is not None
    known = entry.class_ == DUPLICATES or (
        entry.class_ != STORED and not stored and own_id is not None and box.ledger.was_stored(own_id)
    )
    path = box.settings.ledger.value_path
    value = value_at(message, tuple(path.split("."))) if path else None
    stamp_ns = instant_ns(fields.get("timestamp"))
    return [
        digest(same if own_id is None else own_id.encode("utf-8", "replace"), salt),
        None if own_id is None else own_id[:ID_CHARACTERS],
        kind[:_KIND_CHARACTERS] if isinstance(kind, str) else None,
        entry.class_,
        entry.reason,
        known * _KNOWN | stored * _STORED,
        [digest(text.encode("utf-8", "replace"), salt) for text in person_keys(fields)],
        None if stamp_ns is None else stamp_ns // NS_PER_MS,
        len(_compact(message)),
        None if value is None else digest(value.encode("utf-8", "replace"), salt),
    ]


def _compact(message: Any) -> bytes:
    try:
        return compact(message)
    except RecursionError:  # refused as too deep; how large it is, nobody can tell
        return b""


def _tries(header: bytes | None) -> int | None:
    if header is None or not header.isdigit() or len(header) > _TRIES_DIGITS:
        return None
    return int(header)


class CallNotes:
    """The notes in a journal that may still grow; each `read` goes on where the last ended."""

    __slots__ = ("_file", "_masks", "_path", "_rest", "instance", "lost", "salt", "unreadable")

    def __init__(self, directory: Path) -> None:
        """Open the journal in this directory. Raises CallNotesError when there is none."""
        self._path: Final = directory / FILE_NAME
        self._masks: dict[int, str] = {}
        self._rest = b""
        self.instance: str | None = None  # None until the first line was read
        self.salt = b""
        self.unreadable = 0  # requests whose messages nobody can name
        self.lost = False  # the journal was emptied while it was read: what stood there is not known
        try:
            self._file: Final = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise CallNotesError(
                f"{self._path}: cannot be read: {error.strerror}; name the folder of a run"
            ) from error
        self._taken(os.pread(self._file, _PIECE_BYTES, 0).partition(b"\n")[0])

    def read(self) -> Iterator[SeenCall]:
        """Every call noted since the last time, up to the last whole line. Raises CallNotesError."""
        while True:
            try:
                # What was emptied is shorter than where we stand; its salt and its keys are others.
                if os.fstat(self._file).st_size < os.lseek(self._file, 0, os.SEEK_CUR):
                    self.lost = True
                    self._masks.clear()
                    self._rest = b""
                    os.lseek(self._file, 0, os.SEEK_SET)
                piece = os.read(self._file, _PIECE_BYTES)
            except OSError as error:
                raise CallNotesError(
                    f"{self._path}: cannot be read: {error.strerror}; look at its disk"
                ) from error
            if not piece:
                return
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                call = self._taken(line)
                if call is not None:
                    yield call

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _taken(self, line: bytes) -> SeenCall | None:
        try:
            if line.startswith(_CALL):
                return self._call(orjson.loads(line)["call"])
            if line.startswith(_KEY):
                note = orjson.loads(line)
                masked = note["write_key"] or ""
                # Two keys may end in the same characters, and are two sources all the same.
                taken = masked in self._masks.values()
                self._masks[note["key"]] = f"{masked} ({note['key']})" if taken else masked
            elif line.startswith(_UNREADABLE):
                self.unreadable += 1
            elif line.startswith(b'{"journal":'):
                header = orjson.loads(line)
                self.instance, self.salt = str(header["instance"]), bytes.fromhex(header["salt"])
        except (ValueError, KeyError, TypeError) as error:
            raise CallNotesError(f"{self._path}: holds a line that no mock writes; observe again") from error
        return None

    def _call(self, note: list[Any]) -> SeenCall:
        received_us, api, method, path, status, retry_after, tries, body_bytes, key, rows = note
        return SeenCall(
            received_us * NS_PER_US,
            api,
            method,
            path,
            status,
            retry_after,
            tries,
            body_bytes,
            "" if key is None else self._masks[key],
            tuple(
                [
                    SeenMessage(
                        row[0],
                        row[1],
                        row[2],
                        row[3],
                        row[4],
                        bool(row[5] & _KNOWN),
                        bool(row[5] & _STORED),
                        tuple(row[6]),
                        row[7],
                        row[8],
                        row[9],
                    )
                    for row in rows
                ]
            ),
        )
