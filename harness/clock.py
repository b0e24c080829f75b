"""Tell the time: the one file that touches the `time` module."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two instants of one moment: for arithmetic, and for people."""

    def now_ns(self) -> int:
        """Nanoseconds on a monotonic clock whose zero means nothing."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970 in UTC; may step."""


class SystemClock:
    """The machine's own clocks."""

    __slots__ = ()

    now_ns = staticmethod(time.monotonic_ns)
    wall_ns = staticmethod(time.time_ns)


class ManualClock:
    """A clock that stands still until it is told to move; tests and scaled limiters steer it."""

    __slots__ = ("_now_ns", "_wall_ns")

    def __init__(self, now_ns: int = 0, wall_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns
        self._wall_ns = wall_ns

    def now_ns(self) -> int:
        return self._now_ns

    def wall_ns(self) -> int:
        return self._wall_ns

    def advance(self, by_ns: int) -> int:
        """Move both clocks forward by `by_ns` and answer the new monotonic instant."""
        self._now_ns += by_ns
        self._wall_ns += by_ns
        return self._now_ns


def cpu_ns() -> int:
    """Nanoseconds of processor time that this process has used."""
    return time.process_time_ns()
