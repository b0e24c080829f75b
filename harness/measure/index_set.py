"""Remember which items are calls and not messages, a bit for each."""

from typing import Final

_BITS: Final = 3


class IndexSet:
    """Item indexes that were added; a bit for each index up to the highest."""

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, index: int) -> None:
        """Remember this index."""
        place = index >> _BITS
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (index & 7)

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int) or index >> _BITS >= len(self._bits):
            return False
        return bool(self._bits[index >> _BITS] >> (index & 7) & 1)

    def __repr__(self) -> str:
        return f"<IndexSet {self._bits.hex()[:20]}…>"
