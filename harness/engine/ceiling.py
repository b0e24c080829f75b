"""Hold what our client allows itself: an exact sliding window for each limit, and pauses after a 429.

A request counts from its first byte until one window after its answer, so that the receiver never sees more
than the limit in any window however long the way took; counting sends alone, 1.4 to 2.6 % were refused by
jitter. Where several limits apply the tightest decides. A paused scope wakes a little later than asked and
then drains at the limit's rate with jitter, so that no herd wakes.
"""

import random
from collections import deque
from collections.abc import Sequence
from typing import Final

from harness.engine.jobs import Load
from harness.model import Limit

_WAKE_JITTER_SHARE: Final = 0.1
_WAKE_JITTER_MOST_NS: Final = 500_000_000


class Window:
    """One limit in one scope."""

    __slots__ = ("_done", "_in_flight", "_in_window", "limit")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._in_flight = 0
        self._in_window = 0
        self._done: deque[tuple[int, int]] = deque()  # (when it stops counting, units)

    def _expire(self, now_ns: int) -> None:
        done = self._done
        while done and done[0][0] <= now_ns:
            self._in_window -= done.popleft()[1]

    def opens_at(self, units: int, now_ns: int) -> int | None:
        """`now_ns` when it admits at once, a later instant, or None when only an answer can make room."""
        self._expire(now_ns)
        # A request larger than the whole limit goes when the window is empty, or it would never go.
        room = max(0, self.limit.count - units)
        used = self._in_flight + self._in_window
        if used <= room:
            return now_ns
        if self._in_flight > room:
            return None
        for expires_ns, done_units in self._done:
            used -= done_units
            if used <= room:
                return expires_ns
        return None

    def begin(self, units: int) -> None:
        self._in_flight += units

    def end(self, units: int, now_ns: int) -> None:
        self._in_flight -= units
        self._in_window += units
        self._done.append((now_ns + self.limit.window_ns, units))


class Ceiling:
    """All windows and pauses of a run."""

    def __init__(self, limits: Sequence[Limit], *, chance: random.Random, lifted: bool = False) -> None:
        self._documented = tuple(limits)
        self._kept: tuple[Limit, ...] = () if lifted else self._documented
        self._in_force = {
            api: min(
                (limit for limit in self._documented if limit.api == api),
                key=lambda limit: limit.count / limit.window_ns,
            )
            for api in {limit.api for limit in self._documented}
        }
        self._chance = chance
        self._windows: dict[tuple[str, str], tuple[Window, ...]] = {}
        self._shared: dict[Limit, Window] = {}
        self._paused_until_ns: dict[tuple[str, str], int] = {}
        self._drip_ns: dict[tuple[str, str], int] = {}  # after a pause: no send before this instant
        self.pauses = 0

    def opens_at(self, load: Load, now_ns: int) -> int | None:
        """When the load may leave: now, later, or None when that hangs on an answer."""
        scope = (load.api, load.source)
        opens_ns = now_ns
        if self._paused_until_ns or self._drip_ns:
            paused = self._scope_of_pause(scope)
            opens_ns = max(opens_ns, self._paused_until_ns.get(paused, 0), self._drip_ns.get(paused, 0))
        for window in self._windows_of(scope):
            window_opens_ns = window.opens_at(_units(window.limit, load), now_ns)
            if window_opens_ns is None:
                return None
            opens_ns = max(opens_ns, window_opens_ns)
        return opens_ns

    def begin(self, load: Load, now_ns: int) -> None:
        """The first byte of the load leaves."""
        scope = (load.api, load.source)
        for window in self._windows_of(scope):
            window.begin(_units(window.limit, load))
        if self._drip_ns:
            paused = self._scope_of_pause(scope)
            if paused in self._drip_ns:
                self._drip_ns[paused] = now_ns + self._gap_ns(load.api)

    def end(self, load: Load, now_ns: int) -> None:
        """The load was answered, or given up."""
        for window in self._windows_of((load.api, load.source)):
            window.end(_units(window.limit, load), now_ns)

    def pause(self, load: Load, until_ns: int, now_ns: int) -> None:
        """A 429 came: everything under the limit in force waits until then, and a little jitter."""
        scope = self._scope_of_pause((load.api, load.source))
        jitter_ns = min(_WAKE_JITTER_MOST_NS, int((until_ns - now_ns) * _WAKE_JITTER_SHARE))
        until_ns += self._chance.randrange(jitter_ns + 1)
        if until_ns > self._paused_until_ns.get(scope, 0):
            self._paused_until_ns[scope] = until_ns
        self._drip_ns.setdefault(scope, 0)
        self.pauses += 1

    def dry(self, api: str, source: str, now_ns: int) -> None:
        """Nothing waits in this scope any more: the drip after a pause ends."""
        if not self._drip_ns:
            return
        scope = self._scope_of_pause((api, source))
        if self._paused_until_ns.get(scope, 0) <= now_ns:
            self._drip_ns.pop(scope, None)
            self._paused_until_ns.pop(scope, None)

    def _windows_of(self, scope: tuple[str, str]) -> tuple[Window, ...]:
        windows = self._windows.get(scope)
        if windows is None:
            api = scope[0]
            windows = self._windows[scope] = tuple(
                Window(limit) if limit.scope == "source" else self._shared.setdefault(limit, Window(limit))
                for limit in self._kept
                if limit.api == api
            )
        return windows

    def _scope_of_pause(self, scope: tuple[str, str]) -> tuple[str, str]:
        limit = self._in_force.get(scope[0])
        return scope if limit is None or limit.scope == "source" else (scope[0], "")

    def _gap_ns(self, api: str) -> int:
        limit = self._in_force.get(api)
        if limit is None:
            return 0
        return int(limit.window_ns / limit.count * self._chance.uniform(0.5, 1.5))


def _units(limit: Limit, load: Load) -> int:
    return len(load.jobs) if limit.unit == "messages" else 1
