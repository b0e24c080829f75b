"""Count requests, messages and throttled requests of each of the last seconds, for the live page's chart."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from harness.units import NS_PER_S

KEPT_S: Final = 120


class Rates:
    """The last seconds in which anything came: the second, requests, messages, throttled.

    The clock may be set back; then the seconds that are to come have counts already, and are shown when they
    come again.
    """

    __slots__ = ("_counts", "_second", "seconds")

    def __init__(self) -> None:
        self.seconds: Final[deque[list[int]]] = deque(maxlen=KEPT_S)  # in the order in which they came
        self.reset()

    def note(self, wall_ns: int, messages: int, throttled: int) -> None:
        """One request came with so many messages; `throttled` is 1 when a limit turned it away."""
        second = wall_ns // NS_PER_S
        if second != self._second:
            self._begin(second)
        counts = self._counts
        counts[1] += 1
        counts[2] += messages
        counts[3] += throttled

    def last(self, wall_ns: int) -> list[list[int]]:
        """The seconds that are not over two minutes old, oldest first."""
        now = wall_ns // NS_PER_S
        return sorted(counts for counts in self.seconds if now - KEPT_S < counts[0] <= now)

    def reset(self) -> None:
        """Forget them all."""
        self.seconds.clear()
        self._second = -1
        self._counts: list[int] = []

    def _begin(self, second: int) -> None:
        self._second = second
        for counts in reversed(self.seconds):
            if counts[0] == second:
                self._counts = counts
                return
        self._counts = [second, 0, 0, 0]
        self.seconds.append(self._counts)


def summed(parts: Iterable[list[list[int]]]) -> list[list[int]]:
    """The seconds of several counts as one, oldest first."""
    together: dict[int, list[int]] = {}
    for part in parts:
        for second, *counts in part:
            known = together.get(second, [0] * len(counts))
            together[second] = [a + b for a, b in zip(known, counts, strict=True)]
    return [[second, *together[second]] for second in sorted(together)]
