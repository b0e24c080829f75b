"""Stay shut for a while after a refusal, whatever the account below would admit by then."""

from collections.abc import Hashable
from typing import Final

from harness.mock.limits.meter import Figures, Meter
from harness.mock.limits.shelf import SCOPES_MOST, Shelf


class Closing:
    """A `Meter` over another. `shut` is told of each refusal; asking alone shuts nothing."""

    __slots__ = ("_below", "_closed_ns", "_shelf", "capacity")

    def __init__(self, below: Meter, closed_ns: int, scopes_most: int = SCOPES_MOST) -> None:
        self._below: Final = below
        self._closed_ns: Final = closed_ns
        self._shelf: Final = Shelf[list[int]](lambda: [0], _is_open, scopes_most)  # until when it is shut
        self.capacity = below.capacity

    @property
    def peak(self) -> int:
        return self._below.peak

    def shut(self, scope: Hashable, wait_ns: int, now_ns: int) -> int:
        """This scope was refused: shut it, unless it is, and answer how long it will be refused."""
        until = self._shelf.claim(scope, now_ns)
        if until[0] <= now_ns:
            until[0] = now_ns + max(wait_ns, self._closed_ns)
        return max(wait_ns, until[0] - now_ns)

    def wait_ns(self, scope: Hashable, cost: int, now_ns: int) -> int:
        return max(self._below.wait_ns(scope, cost, now_ns), self._shut_ns(scope, now_ns))

    def charge(self, scope: Hashable, cost: int, now_ns: int, delay_ns: int = 0) -> None:
        self._below.charge(scope, cost, now_ns, delay_ns)

    def take(self, scope: Hashable, cost: int, now_ns: int) -> bool:
        return not self._shut_ns(scope, now_ns) and self._below.take(scope, cost, now_ns)

    def figures(self, scope: Hashable, now_ns: int) -> Figures:
        figures, shut_ns = self._below.figures(scope, now_ns), self._shut_ns(scope, now_ns)
        if not shut_ns:
            return figures
        return Figures(figures.used, 0, max(figures.more_ns, shut_ns), max(figures.free_ns, shut_ns))

    def fullest(self, now_ns: int) -> int:
        return self._below.fullest(now_ns)

    def forget(self, scope: Hashable) -> None:
        self._below.forget(scope)
        self._shelf.forget(scope)

    @property
    def scopes(self) -> int:
        return self._below.scopes

    @property
    def crowded(self) -> int:
        return self._below.crowded + self._shelf.crowded

    def _shut_ns(self, scope: Hashable, now_ns: int) -> int:
        until = self._shelf.find(scope)
        return 0 if until is None else max(0, until[0] - now_ns)


def _is_open(until: list[int], now_ns: int) -> bool:
    return until[0] <= now_ns
