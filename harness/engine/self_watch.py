"""Watch the generator itself: its processor time beyond waiting awake, and whether the wall clock stepped.

Looked at a few times a second. The wall clock is compared with the monotonic one from look to look: what a
clock is slewed by between two of them is microseconds, a step is a step, also one that is taken back later.
"""

from collections.abc import Callable
from typing import Final

from harness.clock import Clock
from harness.units import NS_PER_MS, NS_PER_S

_READ_WITHIN_NS: Final = 5 * NS_PER_MS  # what lies between the readings of two clocks is no step


class SelfWatch:
    """Figures from `start` to the last `look`."""

    __slots__ = (
        "_clock",
        "_cpu_ns",
        "_offset_ns",
        "_second_busy_ns",
        "_second_ns",
        "_spun_ns",
        "_started_cpu_ns",
        "_started_ns",
        "_started_spun_ns",
        "busiest_second_share",
        "busy_ns",
        "clock_step_ns",
        "watched_ns",
    )

    def __init__(self, clock: Clock, cpu_ns: Callable[[], int], spun_ns: Callable[[], int]) -> None:
        """`cpu_ns` is the process's processor time; `spun_ns`, what of it went into waiting awake."""
        self._clock = clock
        self._cpu_ns = cpu_ns
        self._spun_ns = spun_ns
        self._started_ns: int | None = None
        self._started_cpu_ns = self._started_spun_ns = 0
        self._offset_ns = 0  # of the wall clock against the monotonic one
        self._second_ns = self._second_busy_ns = 0  # where the second at hand began
        self.watched_ns = 0
        self.busy_ns = 0  # processor time less the time spun
        self.busiest_second_share: float | None = None  # of one core; None in less than a second
        self.clock_step_ns = 0  # the largest step of the wall clock, below 0 for one back

    @property
    def busy_share(self) -> float | None:
        """How much of one core the generator used; None in less than a second."""
        return self.busy_ns / self.watched_ns if self.watched_ns >= NS_PER_S else None

    def start(self) -> None:
        """The run starts."""
        now_ns = self._clock.now_ns()
        self._offset_ns = self._clock.wall_ns() - now_ns
        self._started_ns = self._second_ns = now_ns
        self._started_cpu_ns, self._started_spun_ns = self._cpu_ns(), self._spun_ns()

    def look(self) -> None:
        """Take the figures; before the start there are none."""
        if self._started_ns is None:
            return
        now_ns, wall_ns, after_ns = self._clock.now_ns(), self._clock.wall_ns(), self._clock.now_ns()
        if after_ns - now_ns <= _READ_WITHIN_NS:
            step_ns = wall_ns - now_ns - self._offset_ns
            self._offset_ns += step_ns
            if abs(step_ns) > abs(self.clock_step_ns):
                self.clock_step_ns = step_ns
        self.watched_ns = now_ns - self._started_ns
        spun_ns = self._spun_ns() - self._started_spun_ns
        self.busy_ns = self._cpu_ns() - self._started_cpu_ns - spun_ns
        passed_ns = now_ns - self._second_ns
        if passed_ns >= NS_PER_S:
            share = (self.busy_ns - self._second_busy_ns) / passed_ns
            self.busiest_second_share = max(share, self.busiest_second_share or 0.0)
            self._second_ns, self._second_busy_ns = now_ns, self.busy_ns
