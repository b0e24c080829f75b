"""Count by the clock's own windows: at most `count` units in each, and so up to twice that across an edge."""

from collections.abc import Hashable
from typing import Final

from harness.mock.limits.meter import Figures
from harness.mock.limits.shelf import SCOPES_MOST, Shelf


class Tab:
    """What one scope has used, and in which window; what is over its count is carried into the next."""

    __slots__ = ("used", "window")

    def __init__(self) -> None:
        self.window = 0  # since the epoch
        self.used = 0


class FixedWindow:
    """A `Meter` whose windows begin at whole multiples of their length since `epoch_ns`.

    `epoch_ns` is the instant, on the clock of the calls, that was the start of 1970 in UTC: so windows of a
    minute begin with the minutes of the wall clock, as those of common gateways do.
    """

    __slots__ = ("_epoch_ns", "_shelf", "_window_ns", "capacity", "peak")

    def __init__(self, count: int, window_ns: int, epoch_ns: int, scopes_most: int = SCOPES_MOST) -> None:
        self.capacity = count
        self._window_ns: Final = window_ns
        self._epoch_ns: Final = epoch_ns
        self._shelf: Final = Shelf[Tab](Tab, self._is_idle, scopes_most)
        self.peak = 0

    def wait_ns(self, scope: Hashable, cost: int, now_ns: int) -> int:
        tab = self._shelf.find(scope)
        if tab is None:
            return 0
        # What costs more than a window holds needs one in which nothing is used.
        over = tab.used + min(cost, self.capacity) - self.capacity
        window = tab.window + max(0, -(-over // self.capacity))
        return max(0, self._starts_ns(window) - now_ns)

    def charge(self, scope: Hashable, cost: int, now_ns: int, delay_ns: int = 0) -> None:
        tab = self._shelf.claim(scope, now_ns)
        window = self._window_at(now_ns + delay_ns)
        tab.used = self._used(tab, window) + cost
        tab.window = window
        self.peak = max(self.peak, tab.used)

    def take(self, scope: Hashable, cost: int, now_ns: int) -> bool:
        if self.wait_ns(scope, cost, now_ns):
            return False
        self.charge(scope, cost, now_ns)
        return True

    def figures(self, scope: Hashable, now_ns: int) -> Figures:
        tab = self._shelf.find(scope)
        window = self._window_at(now_ns)
        used = 0 if tab is None else self._used(tab, window)
        if tab is None or not used:
            return Figures(0, self.capacity, 0, 0)
        window = max(window, tab.window)
        free_ns = self._starts_ns(window + -(-used // self.capacity)) - now_ns
        more_ns = self._starts_ns(window + max(1, used // self.capacity)) - now_ns
        return Figures(used, max(0, self.capacity - used), more_ns, free_ns)

    def fullest(self, now_ns: int) -> int:
        window = self._window_at(now_ns)
        return max((self._used(tab, window) for tab in self._shelf.live(now_ns)), default=0)

    def forget(self, scope: Hashable) -> None:
        self._shelf.forget(scope)

    @property
    def scopes(self) -> int:
        return len(self._shelf.states)

    @property
    def crowded(self) -> int:
        return self._shelf.crowded

    def _window_at(self, at_ns: int) -> int:
        return (at_ns - self._epoch_ns) // self._window_ns

    def _starts_ns(self, window: int) -> int:
        return window * self._window_ns + self._epoch_ns

    def _used(self, tab: Tab, window: int) -> int:
        """Used in this window: what was used up to the tab's, less a count for each window since."""
        return max(0, tab.used - max(0, window - tab.window) * self.capacity)

    def _is_idle(self, tab: Tab, now_ns: int) -> bool:
        return not self._used(tab, self._window_at(now_ns))
