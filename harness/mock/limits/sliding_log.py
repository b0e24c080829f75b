"""Count exactly: in no window [t, t + window) are more than `count` units of one scope admitted."""

from collections import deque
from collections.abc import Hashable
from itertools import repeat
from typing import Final

from harness.mock.limits.meter import Figures
from harness.mock.limits.shelf import SCOPES_MOST, Shelf


class SlidingLog:
    """A `Meter` that keeps the instant of every unit: at most `count` for each scope, 8 to 40 bytes each."""

    __slots__ = ("_shelf", "_states", "_window_ns", "capacity", "peak")

    def __init__(self, count: int, window_ns: int, scopes_most: int = SCOPES_MOST) -> None:
        self.capacity = count
        self._window_ns: Final = window_ns
        self._shelf: Final = Shelf[deque[int]](deque, self._is_idle, scopes_most)
        self._states: Final = self._shelf.states
        self.peak = 0

    def wait_ns(self, scope: Hashable, cost: int, now_ns: int) -> int:
        log = self._states.get(scope)
        if log is None:
            log = self._shelf.find(scope)
            if log is None:
                return 0
        gone_ns = now_ns - self._window_ns
        while log and log[0] <= gone_ns:
            log.popleft()
        if not log:
            return 0
        over = len(log) + cost - self.capacity
        # The last may lie ahead, when others queue, by less than a window from the first.
        if over <= 0:
            return max(0, log[-1] - now_ns)
        return log[min(over, len(log)) - 1] + self._window_ns - now_ns

    def charge(self, scope: Hashable, cost: int, now_ns: int, delay_ns: int = 0) -> None:
        log = self._states.get(scope)
        if log is None:
            log = self._shelf.claim(scope, now_ns)
        at_ns = now_ns + delay_ns
        # Nothing is admitted before the instant charged last, so what is gone by then counts no more.
        gone_ns = at_ns - self._window_ns
        while log and log[0] <= gone_ns:
            log.popleft()
        if cost == 1:
            log.append(at_ns)
        else:
            # A window's worth to each window: so what is too much for one keeps the rate.
            while cost > self.capacity:
                log.extend(repeat(at_ns, self.capacity))
                cost -= self.capacity
                at_ns += self._window_ns
            log.extend(repeat(at_ns, cost))
        if len(log) > self.peak:  # noqa: PLR1730 - max() costs twice as much, on every request
            self.peak = len(log)

    def take(self, scope: Hashable, cost: int, now_ns: int) -> bool:
        log = self._states.get(scope)
        if log is None:
            log = self._shelf.claim(scope, now_ns)
        gone_ns = now_ns - self._window_ns
        while log and log[0] <= gone_ns:
            log.popleft()
        used = len(log) + cost
        if used > self.capacity or (log and log[-1] > now_ns):
            return False
        if cost == 1:
            log.append(now_ns)
        else:
            log.extend(repeat(now_ns, cost))
        if used > self.peak:  # noqa: PLR1730 - as above
            self.peak = used
        return True

    def figures(self, scope: Hashable, now_ns: int) -> Figures:
        log = self._shelf.find(scope)
        used = 0 if log is None else self._used(log, now_ns)
        if log is None or not used:
            return Figures(0, self.capacity, 0, 0)
        # While it is over its capacity, the oldest units leaving give nothing back.
        first = log[max(0, used - self.capacity)]
        last_ns = log[-1] + self._window_ns - now_ns
        return Figures(used, max(0, self.capacity - used), first + self._window_ns - now_ns, last_ns)

    def fullest(self, now_ns: int) -> int:
        return max((self._used(log, now_ns) for log in self._shelf.live(now_ns)), default=0)

    def forget(self, scope: Hashable) -> None:
        self._shelf.forget(scope)

    @property
    def scopes(self) -> int:
        return len(self._states)

    @property
    def crowded(self) -> int:
        return self._shelf.crowded

    def _used(self, log: deque[int], now_ns: int) -> int:
        gone_ns = now_ns - self._window_ns
        while log and log[0] <= gone_ns:
            log.popleft()
        return len(log)

    def _is_idle(self, log: deque[int], now_ns: int) -> bool:
        return not log or log[-1] <= now_ns - self._window_ns
