"""Remember ids for ever in little memory: 64-bit digests, the young ones in sets, the old ones packed.

What always holds: an id that was added is known until it is taken out. Two ids in ten million share a digest
with a chance of 3 in a million. A set answers for a whole batch at once, at 75 bytes an id; so sets hold the
young alone, two generations of them. The older one moves, some ids with each call, to buckets of packed
digests, at 8 to 10 bytes an id. A table of flags tells, for a whole batch at once, which few have to be
looked for there.
"""

from collections.abc import Iterable, Sequence
from itertools import compress
from struct import Struct
from typing import Final

GENERATION: Final = 1 << 20
_BUCKETS: Final = 1 << 17
_FLAGS: Final = 1 << 25  # bytes, which the system gives as they are used
_DIGEST_BYTES: Final = 8

_packed: Final = Struct("q").pack
_flag_of: Final = (_FLAGS - 1).__and__


class IdSet:
    """A set of texts that keeps their digests alone: Python's own hashes, which nobody can foresee."""

    __slots__ = ("_ageing", "_buckets", "_flags", "_generation", "_old", "_young")

    def __init__(self, generation: int = GENERATION) -> None:
        """`generation`: so many ids are young before they begin to age."""
        self._generation: Final = generation
        self._young: set[int] = set()
        self._ageing: set[int] = set()
        self._buckets: list[bytearray] = []  # made when the first id grows old
        self._flags = bytearray()  # and so are these
        self._old = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._ageing) + self._old

    def __contains__(self, text: str) -> bool:
        digest = hash(text)
        return digest in self._young or digest in self._ageing or self._is_old(digest)

    def add_all(self, texts: Sequence[str]) -> bool:
        """True and all are in; or False and nothing has changed, because one was known or is there twice."""
        digests = set(map(hash, texts))
        young, ageing = self._young, self._ageing
        if len(digests) != len(texts) or not (young.isdisjoint(digests) and ageing.isdisjoint(digests)):
            return False
        if self._old:
            buckets, packed = self._buckets, _packed
            for digest in compress(digests, map(self._flags.__getitem__, map(_flag_of, digests))):
                if packed(digest) in buckets[digest & _BUCKETS - 1]:
                    return False
        young |= digests
        # The older generation is gone before the younger one is full.
        if len(young) * 2 > self._generation:
            self._age(2 * len(digests) + 1)
        return True

    def discard(self, texts: Iterable[str]) -> None:
        """Take these out; the ones that are not in are passed over."""
        for text in texts:
            digest = hash(text)
            self._young.discard(digest)
            self._ageing.discard(digest)
            if self._is_old(digest):
                self._remove_old(digest)

    def clear(self) -> None:
        """Take all out, and give the memory back."""
        self._young, self._ageing, self._old = set(), set(), 0
        self._buckets, self._flags = [], bytearray()

    def _age(self, count: int) -> None:
        if not self._ageing and len(self._young) > self._generation:
            self._young, self._ageing = set(), self._young
        if not self._ageing:
            return
        if not self._buckets:
            self._buckets = [bytearray() for _ in range(_BUCKETS)]
            self._flags = bytearray(_FLAGS)
        ageing, buckets, flags, packed = self._ageing, self._buckets, self._flags, _packed
        count = min(count, len(ageing))
        for _ in range(count):
            digest = ageing.pop()
            buckets[digest & _BUCKETS - 1] += packed(digest)
            flags[digest & _FLAGS - 1] = 1
        self._old += count

    def _is_old(self, digest: int) -> bool:
        # Eight bytes across the border of two digests are as rarely a third as two digests are equal.
        return self._old > 0 and _packed(digest) in self._buckets[digest & _BUCKETS - 1]

    def _remove_old(self, digest: int) -> None:
        # Its flag stays: another may share it, and it costs no more than a look into the bucket.
        bucket, packed = self._buckets[digest & _BUCKETS - 1], _packed(digest)
        for start in range(0, len(bucket), _DIGEST_BYTES):
            if bucket.startswith(packed, start):
                del bucket[start : start + _DIGEST_BYTES]
                self._old -= 1
                return
