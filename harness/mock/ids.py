"""Remember ids for ever in little memory: 64-bit digests, the young ones in a set, the old ones packed.

What always holds: an id that was added is known until it is taken out. Two ids in ten million share a digest
with a chance of 3 in a million. A set answers for a whole batch at once, at 75 bytes an id; so it holds the
young alone, and what is beyond its bound moves to buckets of packed digests, at 8 to 12 bytes an id.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

YOUNG_MOST: Final = 1 << 20
MOVED_FOR_EACH: Final = 2  # old ids that make room for one new id, once there are too many young ones
_BUCKETS: Final = 1 << 18
_EMPTY: Final = b""
_DIGEST_BYTES: Final = 8

_packed: Final = Struct("q").pack


class IdSet:
    """A set of texts that keeps their digests alone: Python's own hashes, which nobody can foresee."""

    __slots__ = ("_buckets", "_old", "_young", "_young_most")

    def __init__(self, young_most: int = YOUNG_MOST) -> None:
        self._young_most: Final = young_most
        self._young: set[int] = set()
        self._buckets: list[bytes] = []  # made when the first id grows old
        self._old = 0

    def __len__(self) -> int:
        return len(self._young) + self._old

    def __contains__(self, text: str) -> bool:
        digest = hash(text)
        return digest in self._young or (self._old > 0 and self._is_old(digest))

    def add_all(self, texts: Sequence[str]) -> bool:
        """True and all are in; or False and nothing has changed, because one was known or is there twice."""
        digests = set(map(hash, texts))
        young = self._young
        if len(digests) != len(texts) or not young.isdisjoint(digests):
            return False
        if self._old:
            buckets, packed = self._buckets, _packed
            for digest in digests:
                if packed(digest) in buckets[digest & _BUCKETS - 1]:
                    return False
        young |= digests
        if len(young) > self._young_most:
            self.age(MOVED_FOR_EACH * len(digests))
        return True

    def age(self, most: int) -> None:
        """Move so many of the young ones to the old, or as many as there are."""
        if not self._buckets:
            self._buckets = [_EMPTY] * _BUCKETS
        young, buckets, packed = self._young, self._buckets, _packed
        count = min(most, len(young))
        for _ in range(count):
            digest = young.pop()
            buckets[digest & _BUCKETS - 1] += packed(digest)
        self._old += count

    def discard(self, texts: Iterable[str]) -> None:
        """Take these out; the ones that are not in are passed over."""
        for text in texts:
            digest = hash(text)
            if digest in self._young:
                self._young.remove(digest)
            elif self._old and self._is_old(digest):
                self._remove_old(digest)

    def clear(self) -> None:
        """Take all out, and give the memory back."""
        self._young = set()
        self._buckets = []
        self._old = 0

    def _is_old(self, digest: int) -> bool:
        # Eight bytes that are half of one digest and half of the next are as rare as two equal digests.
        return _packed(digest) in self._buckets[digest & _BUCKETS - 1]

    def _remove_old(self, digest: int) -> None:
        place, packed = digest & _BUCKETS - 1, _packed(digest)
        bucket = self._buckets[place]
        for start in range(0, len(bucket), _DIGEST_BYTES):
            if bucket.startswith(packed, start):
                self._buckets[place] = bucket[:start] + bucket[start + _DIGEST_BYTES :]
                self._old -= 1
                return
