"""Hold what our client allows itself: an exact sliding window for each limit, and pauses after a 429.

A request counts from its first byte until one window after its answer, so that the receiver never sees more
than the limit in any window however long the way took; counting sends alone, 1.4 to 2.6 % were refused by
jitter. Where several limits apply the tightest decides. A paused scope wakes a little later than asked and
then drains at the limit's rate with jitter, so that no herd wakes.

Two requests are in one scope when every limit counts them together: the API and the source, and where a limit
speaks of a space or an endpoint, these as well. Each scope has a queue of its own, so that one that is held
never stands before one that is not.
"""

import random
from collections import deque
from collections.abc import Sequence
from typing import Final

from harness.engine.jobs import Load
from harness.model import Limit
from harness.segment.endpoints import BATCH_PATH, single_path
from harness.segment.limit_scope import hangs_on_path, label_under
from harness.segment.sizes import MESSAGE_BYTES

Scope = tuple[str, ...]  # API, source, and what else its limits ask for

_WAKE_JITTER_SHARE: Final = 0.1
_WAKE_JITTER_MOST_NS: Final = 500_000_000
_ELSEWHERE: Final = "-"  # the label of what a limit does not speak of


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


class Pause:
    """What a 429 asked of everything under one limit in one scope."""

    __slots__ = ("drips_ns", "gap_ns", "until_ns")

    def __init__(self, gap_ns: int) -> None:
        self.gap_ns = gap_ns  # between two sends while the backlog drains
        self.until_ns = 0
        self.drips_ns: int | None = None  # no send before this instant; None when it does not drain


class Ceiling:
    """All windows and pauses of a run."""

    def __init__(
        self, limits: Sequence[Limit], *, chance: random.Random, lifted: bool = False, batch: bool = False
    ) -> None:
        """`limits` are the documented ones, of which none is kept when `lifted`; `batch`: messages go so."""
        self._documented = {
            api: tuple(limit for limit in limits if limit.api == api)
            for api in {limit.api for limit in limits}
        }
        self._lifted = lifted
        self._batch = batch
        self._by_path = {
            api for api, documented in self._documented.items() if any(map(hangs_on_path, documented))
        }
        self._chance = chance
        self._windows: dict[Scope, tuple[Window, ...]] = {}
        self._window_under: dict[tuple[Limit, str], Window] = {}
        self._pauses: dict[Scope, Pause] = {}
        self._pause_under: dict[object, Pause] = {}
        self.pauses = 0

    def scope_of(self, load: Load) -> Scope:
        """What this load is held and paused together with."""
        scope = load.scope
        if scope is None:
            scope = load.scope = (load.api, load.source, *self._labels_by_path(load))
        return scope

    def opens_at(self, load: Load, now_ns: int) -> int | None:
        """When the load may leave: now, later, or None when that hangs on an answer."""
        scope = self.scope_of(load)
        opens_ns = now_ns
        if self._pauses:
            pause = self._pauses.get(scope) or self._pause_of(scope, load)
            opens_ns = max(opens_ns, pause.until_ns, pause.drips_ns or 0)
        for window in self._windows_of(scope, load):
            window_opens_ns = window.opens_at(_units(window.limit, load), now_ns)
            if window_opens_ns is None:
                return None
            opens_ns = max(opens_ns, window_opens_ns)
        return opens_ns

    def is_full(self, load: Load, now_ns: int) -> bool:
        """Whether a limit keeps the load from leaving now; a pause that a 429 asked for is none."""
        windows = self._windows_of(self.scope_of(load), load)
        return any(window.opens_at(_units(window.limit, load), now_ns) != now_ns for window in windows)

    def pause_of(self, load: Load) -> Pause | None:
        """The pause that the load is under, as long as it lasts and its backlog drains."""
        pause = self._pauses.get(self.scope_of(load))
        return None if pause is None or pause.drips_ns is None else pause

    def windows_of(self, load: Load) -> tuple[Window, ...]:
        """The windows that the load would count in; loads that count together have the same."""
        return self._windows_of(self.scope_of(load), load)

    def begin(self, load: Load, now_ns: int) -> None:
        """The first byte of the load leaves."""
        scope = self.scope_of(load)
        for window in self._windows_of(scope, load):
            window.begin(_units(window.limit, load))
        pause = self._pauses.get(scope)
        if pause is not None and pause.drips_ns is not None:
            pause.drips_ns = now_ns + int(pause.gap_ns * self._chance.uniform(0.5, 1.5))

    def end(self, load: Load, now_ns: int) -> None:
        """The load was answered, or given up."""
        for window in self._windows_of(self.scope_of(load), load):
            window.end(_units(window.limit, load), now_ns)

    def pause(self, load: Load, until_ns: int, now_ns: int) -> None:
        """A 429 came: everything under the limit in force waits until then, and a little jitter."""
        pause = self._pause_of(self.scope_of(load), load)
        jitter_ns = min(_WAKE_JITTER_MOST_NS, int((until_ns - now_ns) * _WAKE_JITTER_SHARE))
        until_ns += self._chance.randrange(jitter_ns + 1)
        pause.until_ns = max(pause.until_ns, until_ns)
        if pause.drips_ns is None:
            pause.drips_ns = 0
        self.pauses += 1

    def dry(self, load: Load, now_ns: int) -> None:
        """Nothing waits in this load's scope any more: the drip after a pause ends."""
        pause = self._pauses.get(self.scope_of(load)) if self._pauses else None
        if pause is not None and pause.until_ns <= now_ns:
            pause.drips_ns, pause.until_ns = None, 0

    def _windows_of(self, scope: Scope, load: Load) -> tuple[Window, ...]:
        windows = self._windows.get(scope)
        if windows is None:
            found = [] if self._lifted else self._labelled(load)
            windows = self._windows[scope] = tuple(
                self._window_under.setdefault((limit, label), Window(limit)) for limit, label in found
            )
        return windows

    def _pause_of(self, scope: Scope, load: Load) -> Pause:
        pause = self._pauses.get(scope)
        if pause is None:
            # The limit in force is the tightest that applies: it is taken for the one that was exceeded.
            labelled = self._labelled(load)
            tightest = min(labelled, key=lambda pair: pair[0].count / pair[0].window_ns, default=None)
            gap_ns = 0 if tightest is None else tightest[0].window_ns // tightest[0].count
            key: object = scope if tightest is None else tightest
            pause = self._pauses[scope] = self._pause_under.setdefault(key, Pause(gap_ns))
        return pause

    def _labelled(self, load: Load) -> list[tuple[Limit, str]]:
        path = self._path_of(load) if load.api in self._by_path else ""
        documented = self._documented.get(load.api, ())
        labelled = ((limit, label_under(limit, load.source, path)) for limit in documented)
        return [(limit, label) for limit, label in labelled if label is not None]

    def _labels_by_path(self, load: Load) -> list[str]:
        if load.api not in self._by_path:
            return []
        path = self._path_of(load)
        labels = (label_under(limit, "", path) for limit in self._documented[load.api])
        return [_ELSEWHERE if label is None else label for label in labels]

    def _path_of(self, load: Load) -> str:
        item = load.jobs[0].arrival.item
        if item.path:
            return item.path
        alone = len(load.jobs) == 1 and (not self._batch or load.bytes >= MESSAGE_BYTES)
        return single_path(item.kind) if alone else BATCH_PATH


def _units(limit: Limit, load: Load) -> int:
    return len(load.jobs) if limit.unit == "messages" else 1
