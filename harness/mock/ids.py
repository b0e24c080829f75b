"""Remember ids for ever in little memory: 64-bit digests in open-addressed tables.

What always holds: an id that was added is known until it is taken out. Two ids in ten million share a digest
with a chance of 3 in a million. An id takes 12 to 24 bytes, where a Python set of integers takes 70 and more;
it is spread over many small tables so that none takes long to grow.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

_TABLES: Final = 4_096
_TABLE_BITS: Final = 12
_FIRST_SLOTS: Final = 16
_EMPTY: Final = 0


def _digest(text: str) -> int:
    # Python's own keyed hash: fast, and nobody outside can make two texts meet.
    return hash(text) or 1  # 0 marks an empty slot


class IdSet:
    """A set of texts that keeps their digests alone."""

    __slots__ = ("_tables", "_used")

    def __init__(self) -> None:
        self._tables: Final = [array("q", bytes(8 * _FIRST_SLOTS)) for _ in range(_TABLES)]
        self._used: Final = [0] * _TABLES

    def __len__(self) -> int:
        return sum(self._used)

    def __contains__(self, text: str) -> bool:
        digest = _digest(text)
        return self._table_of(digest)[self._slot(digest)] == digest

    def add_all(self, texts: Iterable[str]) -> bool:
        """True and all are in; or False and nothing has changed, because one was known or is there twice."""
        # Each step in one function: it runs for every message, and a call would double its cost.
        tables, used = self._tables, self._used
        added: list[int] = []
        for text in texts:
            digest = hash(text) or 1
            number = digest & 4_095
            table = tables[number]
            mask = len(table) - 1
            slot = digest >> 12 & mask
            here = table[slot]
            while here:
                if here == digest:
                    for taken in added:
                        self._remove(taken)
                    return False
                slot = slot + 1 & mask
                here = table[slot]
            table[slot] = digest
            added.append(digest)
            count = used[number] + 1
            used[number] = count
            if count * 3 > mask * 2:
                self._grow(number)
        return True

    def discard(self, texts: Iterable[str]) -> None:
        """Take these out; the ones that are not in are passed over."""
        for text in texts:
            if text in self:
                self._remove(_digest(text))

    def clear(self) -> None:
        """Take all out, and give the memory back."""
        for number in range(_TABLES):
            self._tables[number] = array("q", bytes(8 * _FIRST_SLOTS))
            self._used[number] = 0

    def _table_of(self, digest: int) -> "array[int]":
        return self._tables[digest & _TABLES - 1]

    def _slot(self, digest: int) -> int:
        """Where it is, or the empty slot where it would be."""
        table = self._table_of(digest)
        mask = len(table) - 1
        slot = digest >> _TABLE_BITS & mask
        while table[slot] not in (_EMPTY, digest):
            slot = slot + 1 & mask
        return slot

    def _remove(self, digest: int) -> None:
        """Empty its slot and move up whoever had to go further because of it."""
        table = self._table_of(digest)
        hole = self._slot(digest)
        table[hole] = _EMPTY
        self._used[digest & _TABLES - 1] -= 1
        for slot in _after(hole, len(table)):
            moved = table[slot]
            if moved == _EMPTY:
                return
            table[slot] = _EMPTY
            table[self._slot(moved)] = moved

    def _grow(self, number: int) -> None:
        old = self._tables[number]
        self._tables[number] = array("q", bytes(16 * len(old)))
        for digest in old:
            if digest != _EMPTY:
                self._tables[number][self._slot(digest)] = digest


def _after(slot: int, slots: int) -> Iterator[int]:
    while True:
        slot = (slot + 1) % slots
        yield slot
