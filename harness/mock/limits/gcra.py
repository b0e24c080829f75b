"""Count by a bucket that empties evenly: at most `burst + rate * t` units in any interval of length t."""

from collections.abc import Hashable
from typing import Final

from harness.mock.limits.meter import Figures
from harness.mock.limits.shelf import SCOPES_MOST, Shelf


class Bucket:
    """What one scope has used."""

    __slots__ = ("empty_at",)

    def __init__(self) -> None:
        self.empty_at = 0  # an instant times `count`


class Gcra:
    """A `Meter`: the generic cell rate algorithm, with a rate of `count` a window and room for `burst`.

    A unit takes `window_ns / count` to leave, which need not be whole: instants are kept times `count`, so
    that all sums are exact.
    """

    __slots__ = ("_scale", "_shelf", "_unit", "capacity", "peak")

    def __init__(self, count: int, window_ns: int, burst: int, scopes_most: int = SCOPES_MOST) -> None:
        self.capacity = burst
        self._scale: Final = count
        self._unit: Final = window_ns  # scaled ns that one unit takes
        self._shelf: Final = Shelf[Bucket](Bucket, self._is_idle, scopes_most)
        self.peak = 0

    def wait_ns(self, scope: Hashable, cost: int, now_ns: int) -> int:
        bucket = self._shelf.find(scope)
        if bucket is None:
            return 0
        # What costs more than the bucket holds needs an empty one.
        room = self._unit * max(0, self.capacity - cost)
        return max(0, -(-(bucket.empty_at - room) // self._scale) - now_ns)

    def charge(self, scope: Hashable, cost: int, now_ns: int, delay_ns: int = 0) -> None:
        bucket = self._shelf.claim(scope, now_ns)
        at_ns = now_ns + delay_ns
        bucket.empty_at = max(bucket.empty_at, at_ns * self._scale) + cost * self._unit
        self.peak = max(self.peak, self._used(bucket, at_ns))

    def take(self, scope: Hashable, cost: int, now_ns: int) -> bool:
        if self.wait_ns(scope, cost, now_ns):
            return False
        self.charge(scope, cost, now_ns)
        return True

    def figures(self, scope: Hashable, now_ns: int) -> Figures:
        bucket = self._shelf.find(scope)
        used = 0 if bucket is None else self._used(bucket, now_ns)
        if bucket is None or not used:
            return Figures(0, self.capacity, 0, 0)
        free_ns = -(-bucket.empty_at // self._scale) - now_ns
        remaining = max(0, self.capacity - used)
        more = bucket.empty_at - self._unit * (self.capacity - remaining - 1)
        return Figures(used, remaining, -(-more // self._scale) - now_ns, free_ns)

    def fullest(self, now_ns: int) -> int:
        return max((self._used(bucket, now_ns) for bucket in self._shelf.live(now_ns)), default=0)

    def forget(self, scope: Hashable) -> None:
        self._shelf.forget(scope)

    @property
    def scopes(self) -> int:
        return len(self._shelf.states)

    @property
    def crowded(self) -> int:
        return self._shelf.crowded

    def _used(self, bucket: Bucket, now_ns: int) -> int:
        """Units in the bucket, a begun one as a whole: it takes room until it has left."""
        return max(0, -((now_ns * self._scale - bucket.empty_at) // self._unit))

    def _is_idle(self, bucket: Bucket, now_ns: int) -> bool:
        return bucket.empty_at <= now_ns * self._scale
