"""Give the dispatcher its turn in every pass of gevent's loop, and wake the loop when it has something to do.

The turn is a `prepare` watcher: it runs just before the loop polls, whatever else is ready, so arrivals leave
on time even under a flood of answers, and answers are read at once. Whatever can wait is done in turns in
which nothing is due for a while. A pulse that spins keeps the loop awake for the last moment before something
is due: waking up takes a tenth of a millisecond, and a core that is free can do without.
"""

from collections.abc import Callable
from typing import Any, Final

from gevent import get_hub

from harness.clock import Clock
from harness.engine.alarm import best_alarm
from harness.engine.paperwork import CALM_NS, Paperwork

_SPIN_NS: Final = 200_000  # longer than an alarm is late
_IDLE_TURN_NS: Final = 20_000  # a longer turn did something else besides


def may_spin(pace: str, *, is_local: bool, cores: int) -> bool:
    """Whether to wait awake: as asked; for `auto` where a core is left beside this process and its target."""
    return pace == "spin" or (pace == "auto" and cores > 1 + is_local)


class Pulse:
    """Calls `beat(now_ns)` in every pass in which it is due or asked for.

    `beat` answers the next instant at which it is due, None when that is not known.
    """

    def __init__(
        self,
        beat: Callable[[int], int | None],
        is_dirty: Callable[[], bool],
        paperwork: Paperwork,
        clock: Clock,
        failed: Callable[[BaseException], None],
        *,
        spins: bool = False,
    ) -> None:
        self._beat = beat
        self._is_dirty = is_dirty
        self._paperwork = paperwork
        self._clock = clock
        self._failed = failed
        self._spins = spins
        self.spun_ns = 0  # passed in waiting awake, at least
        self._spinning_since_ns = 0  # 0 while it does not
        self._next_ns: int | None = None
        self._reading = False
        self._loop: Any = get_hub().loop
        self._alarm = best_alarm(self._loop, lambda: None, clock)
        self._idle: Any = self._loop.idle()
        self._prepare: Any = self._loop.prepare()
        self._prepare.start(self._pass)

    @property
    def next_ns(self) -> int | None:
        """The next instant at which something is due, where that is known."""
        return self._next_ns

    def is_calm(self, now_ns: int) -> bool:
        """True when nothing is due for a while."""
        return self._next_ns is None or self._next_ns - now_ns > CALM_NS

    def keep_awake(self, awake: bool) -> None:  # noqa: FBT001 - a switch
        """While awake the loop polls without blocking; for a reader that is behind."""
        self._reading = awake
        self._set_idle()

    def wake(self) -> None:
        """Let the next turn come at once: something changed outside of a turn."""
        if not self._idle.active:
            self._idle.start(lambda: None)

    def next_pass(self) -> None:
        """Let the calling greenlet go on in the next pass of the loop, after it has polled."""
        watcher: Any = self._loop.check()
        try:
            get_hub().wait(watcher)
        finally:
            watcher.close()

    def close(self) -> None:
        for watcher in (self._prepare, self._idle):
            watcher.stop()
            watcher.close()
        self._alarm.close()

    def _pass(self) -> None:
        now_ns = self._clock.now_ns()
        if self._spinning_since_ns:
            self.spun_ns += min(_IDLE_TURN_NS, now_ns - self._spinning_since_ns)
        try:
            if self._is_dirty() or (self._next_ns is not None and now_ns >= self._next_ns):
                self._next_ns = self._beat(now_ns)
                # A beat may free a user at once (one that has no room for a connection, say).
                while self._is_dirty():
                    self._next_ns = self._beat(self._clock.now_ns())
            if self._paperwork and self.is_calm(self._clock.now_ns()):
                self._paperwork.do_some(now_ns)
        except BaseException as error:  # noqa: BLE001 - a watcher has no caller; the run is told and raises it
            self._failed(error)
            self._next_ns = None
        self._wait()

    def _wait(self) -> None:
        """Let the loop sleep until something is due, or shortly before."""
        next_ns = self._next_ns
        self._spinning_since_ns = 0
        if next_ns is not None:
            if self._spins:
                now_ns = self._clock.now_ns()
                if next_ns - now_ns <= _SPIN_NS:
                    self._spinning_since_ns = now_ns
                next_ns -= _SPIN_NS
            if not self._spinning_since_ns:
                self._alarm.set(next_ns)
        self._set_idle()

    def _set_idle(self) -> None:
        awake = self._reading or bool(self._spinning_since_ns)
        awake = awake or (bool(self._paperwork) and self.is_calm(self._clock.now_ns()))
        if awake and not self._idle.active:
            self._idle.start(lambda: None)
        elif not awake and self._idle.active:
            self._idle.stop()
