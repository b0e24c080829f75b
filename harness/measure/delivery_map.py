r"""Keep what became of each item in one byte of a memory-mapped file that survives `kill -9`.

Layout, all integers little-endian:

| bytes | what |
|---|---|
| 0 to 7 | magic `HARNESS\0` |
| 8 to 11 | version of this layout, 1 |
| 12 to 15 | length of the JSON below |
| 16 to 23 | count: the highest index that was ever written, plus 1 |
| 24 to 4095 | JSON `{"run_id", "fingerprint"}`, then zeros |
| 4096 on | one byte an item, by index; the file grows by whole MiB |

A byte's low nibble is a `model.State`, its high nibble the flags of `model`. The count is written before
the byte it covers, so a process killed between the two leaves an unread item, never a hidden one. The
kernel holds the written pages, so a killed process loses nothing; a power cut may.
"""

import json
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import Any, Final

from harness.errors import HarnessError
from harness.model import State

MAGIC: Final = b"HARNESS\0"
VERSION: Final = 1
HEADER_BYTES: Final = 4096
STEP_BYTES: Final = 1 << 20

_FIXED: Final = Struct("<8sIIQ")
_COUNT: Final = Struct("<Q")
_COUNT_AT: Final = 16
_STATE: Final = 0x0F
_FLAGS: Final = 0xF0
_STATE_ONLY: Final = bytes(byte & _STATE for byte in range(256))

# What a byte means once nobody will write it again: after a death, a stop, or the end.
BECAME: Final = {
    State.UNREAD: "unread",
    State.FILTERED: "filtered",
    State.WAITING: "cancelled",
    State.IN_FLIGHT: "pending",
    State.ACCEPTED: "accepted",
    State.REJECTED: "rejected",
    State.ABANDONED: "abandoned",
    State.DROPPED: "dropped",
    State.CANCELLED: "cancelled",
    State.WAITING_AGAIN: "pending",
}


class DeliveryMapError(HarnessError):
    """The delivery map cannot be made, read or grown."""


class DeliveryMap:
    """The state and flags of each item, by index. Not for two writers at once."""

    __slots__ = ("_bytes", "_capacity", "_count", "_file", "_path", "fingerprint", "run_id")

    def __init__(self, path: Path, file: int, run_id: str, fingerprint: Mapping[str, Any]) -> None:
        """Use `create` or `open`; `file` is a descriptor that this object closes."""
        self._path = path
        self._file = file
        self.run_id = run_id
        self.fingerprint = fingerprint
        self._bytes = mmap.mmap(file, 0)
        self._capacity = len(self._bytes) - HEADER_BYTES
        self._count: int = _COUNT.unpack_from(self._bytes, _COUNT_AT)[0]

    @classmethod
    def create(cls, path: Path, *, run_id: str, fingerprint: Mapping[str, Any]) -> "DeliveryMap":
        """A new map, readable by its owner only. Raises DeliveryMapError when it cannot be."""
        about = json.dumps({"run_id": run_id, "fingerprint": fingerprint}, separators=(",", ":")).encode()
        if len(about) > HEADER_BYTES - _FIXED.size:
            raise DeliveryMapError(
                f"{path}: the recording's fingerprint takes {len(about)} bytes and there is room for "
                f"{HEADER_BYTES - _FIXED.size}; replay fewer files at once"
            )
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise DeliveryMapError(
                f"{path}: cannot make the delivery map: {error.strerror}; choose another --run-dir"
            ) from error
        _reserve(path, file, HEADER_BYTES + STEP_BYTES)
        os.pwrite(file, _FIXED.pack(MAGIC, VERSION, len(about), 0) + about, 0)
        return cls(path, file, run_id, fingerprint)

    @classmethod
    def open(cls, path: Path) -> "DeliveryMap":
        """The map of an earlier process. Raises DeliveryMapError when it is missing, foreign or cut off."""
        try:
            file = os.open(path, os.O_RDWR)
        except OSError as error:
            raise DeliveryMapError(
                f"{path}: cannot read the delivery map: {error.strerror}; name the folder of a run"
            ) from error
        try:
            about = _read_header(path, file)
        except DeliveryMapError:
            os.close(file)
            raise
        return cls(path, file, about["run_id"], about["fingerprint"])

    @property
    def count(self) -> int:
        """The highest index that was ever written, plus 1."""
        return self._count

    def set_state(self, index: int, state: State, flags: int = 0) -> None:
        """Write the state of one item; its flags stay, and `flags` are added."""
        if index >= self._count:
            self._cover(index)
        at = HEADER_BYTES + index
        self._bytes[at] = self._bytes[at] & _FLAGS | state | flags

    def set_states(self, indexes: Sequence[int], state: State, flags: int = 0) -> None:
        """As `set_state`, for several items."""
        if len(indexes) == 1:
            self.set_state(indexes[0], state, flags)
            return
        if max(indexes) >= self._count:
            self._cover(max(indexes))
        held, added = self._bytes, state | flags
        for index in indexes:
            at = HEADER_BYTES + index
            held[at] = held[at] & _FLAGS | added

    def add_flags(self, index: int, flags: int) -> None:
        """Add flags to one item; its state stays."""
        if index >= self._count:
            self._cover(index)
        self._bytes[HEADER_BYTES + index] |= flags

    def state(self, index: int) -> State:
        """The state of one item; UNREAD for one that was never written."""
        return State(self.byte(index) & _STATE)

    def flags(self, index: int) -> int:
        """The flags of one item; 0 for one that was never written."""
        return self.byte(index) & _FLAGS

    def byte(self, index: int) -> int:
        """State and flags of one item in one number; 0 for one that was never written."""
        return self._bytes[HEADER_BYTES + index] if 0 <= index < self._count else 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        """The byte of each item in order of index; a copy of a MiB at a time."""
        for piece in self._pieces():
            yield from piece

    def states(self) -> dict[State, int]:
        """How many items stand in each state."""
        counts = dict.fromkeys(State, 0)
        for piece in self._pieces():
            bare = piece.translate(_STATE_ONLY)
            for state in State:
                counts[state] += bare.count(state)
        return counts

    def became(self) -> dict[str, int]:
        """What became of the items, in the words of `BECAME`; true once nobody writes any more."""
        counts = dict.fromkeys(BECAME.values(), 0)
        for state, items in self.states().items():
            counts[BECAME[state]] += items
        return counts

    def close(self) -> None:
        """Unmap and close the file; a second call does nothing."""
        if not self._bytes.closed:
            self._bytes.close()
            os.close(self._file)

    def _pieces(self) -> Iterator[bytes]:
        end = HEADER_BYTES + self._count
        for start in range(HEADER_BYTES, end, STEP_BYTES):
            yield self._bytes[start : min(start + STEP_BYTES, end)]

    def _cover(self, index: int) -> None:
        if index >= self._capacity:
            steps = index // STEP_BYTES + 1
            _reserve(self._path, self._file, HEADER_BYTES + steps * STEP_BYTES)
            # Mapped afresh rather than resized: mmap.resize exists on Linux only.
            self._bytes.close()
            self._bytes = mmap.mmap(self._file, 0)
            self._capacity = len(self._bytes) - HEADER_BYTES
        self._count = index + 1
        _COUNT.pack_into(self._bytes, _COUNT_AT, self._count)


def _read_header(path: Path, file: int) -> dict[str, Any]:
    header = os.pread(file, HEADER_BYTES, 0)
    if len(header) < HEADER_BYTES or header[: len(MAGIC)] != MAGIC:
        raise DeliveryMapError(f"{path}: is no delivery map; name the folder of a run")
    _, version, about_bytes, count = _FIXED.unpack_from(header)
    if version != VERSION:
        raise DeliveryMapError(f"{path}: has layout {version}, and {VERSION} is known; update the harness")
    if os.fstat(file).st_size < HEADER_BYTES + count:
        raise DeliveryMapError(f"{path}: is cut off below its {count} items; copy the whole run folder")
    try:
        about: dict[str, Any] = json.loads(header[_FIXED.size : _FIXED.size + about_bytes])
    except ValueError as error:
        raise DeliveryMapError(f"{path}: its header is damaged; copy the run folder again") from error
    return about


def _reserve(path: Path, file: int, size_bytes: int) -> None:
    # Allocated, not only extended: writing a hole of a full disk through a map would end the process by
    # SIGBUS.
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size_bytes)
        else:
            os.ftruncate(file, size_bytes)
    except OSError as error:
        raise DeliveryMapError(
            f"{path}: cannot grow the delivery map to {size_bytes} bytes: {error.strerror}; free some space"
        ) from error
