"""A clock that can be frozen, advanced and scaled while the mock runs."""

from collections.abc import Callable
from typing import Final

from harness.clock import Clock
from harness.errors import UsageError
from harness.units import parse_instant_ns

SCALE_LEAST: Final = 0.001
SCALE_MOST: Final = 1_000.0

# Instants are kept as signed 64-bit ns in places, which end in 2262; the rest is for what then still runs by.
_LATEST_WALL_NS: Final = parse_instant_ns("2200-01-01T00:00:00Z")
_LATEST_NOW_NS: Final = 8_000_000_000_000_000_000


class SteeredClock:
    """Another clock, until it is steered; then it goes at its own pace.

    `now_ns` never goes back, whatever is done, and neither does `wall_ns` while the clock is steered.
    All of it belongs to one thread.
    """

    __slots__ = ("_factor", "_frozen", "_now_ns", "_on_change", "_ratio", "_real", "_since_ns", "_wall_ns")

    def __init__(self, real: Clock) -> None:
        self._real: Final = real
        self._on_change: Final[list[Callable[[], None]]] = []
        self._factor = 1.0
        self._frozen = False
        self._ratio: tuple[int, int] | None = None  # None: beside the real clock, at the same pace
        # With a ratio the two instants at which it began to hold; without one what is added to the real ones.
        self._now_ns = 0
        self._wall_ns = 0
        self._since_ns = 0  # the real instant at which the ratio began to hold

    def now_ns(self) -> int:
        if self._ratio is None:
            return self._real.now_ns() + self._now_ns
        return self._now_ns + self._elapsed_ns(self._ratio)

    def wall_ns(self) -> int:
        if self._ratio is None:
            return self._real.wall_ns() + self._wall_ns
        return self._wall_ns + self._elapsed_ns(self._ratio)

    @property
    def frozen(self) -> bool:
        """True while time moves by `advance` alone."""
        return self._frozen

    @property
    def factor(self) -> float:
        """How many seconds pass here in a real one, while the clock is not frozen."""
        return self._factor

    def freeze(self) -> None:
        """Stop. `scale(1)` lets it go on from where it stands, `reset` too."""
        self._hold((0, 1))
        self._frozen = True
        self._changed()

    def advance(self, by_ns: int) -> None:
        """Move both instants forward at once. Raises UsageError backwards, and beyond the year 2200."""
        if by_ns < 0:
            raise UsageError("a clock is advanced forwards only; give 0 or more")
        if self.wall_ns() + by_ns > _LATEST_WALL_NS or self.now_ns() + by_ns > _LATEST_NOW_NS:
            raise UsageError("the clock cannot be advanced beyond the year 2200; reset it, or give less")
        self._now_ns += by_ns
        self._wall_ns += by_ns
        self._changed()

    def scale(self, factor: float) -> None:
        """Go so many times as fast as the real clock, from now on, frozen or not.

        Raises UsageError for a factor that is not from 0.001 to 1,000.
        """
        if not SCALE_LEAST <= factor <= SCALE_MOST:
            raise UsageError(
                f"a clock cannot go {factor:g} times as fast; give {SCALE_LEAST:g} to {SCALE_MOST:,g}"
            )
        self._hold(float(factor).as_integer_ratio())
        self._frozen, self._factor = False, float(factor)
        if factor == 1:
            self._follow(self._wall_ns - self._real.wall_ns())
        self._changed()

    def reset(self) -> None:
        """Go with the real clock again.

        The wall clock is the real one from now on, so it steps: back after `advance`, forward after `freeze`.
        The monotonic clock goes on from where it stands, as nobody may see it go back.
        """
        self._hold((1, 1))
        self._frozen, self._factor = False, 1.0
        self._follow(0)
        self._changed()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have this called after each steering: what waits for an instant must look again."""
        self._on_change.append(callback)

    def real_delay_ns(self, mock_ns: int) -> int | None:
        """How long it really takes for so much to pass here, rounded up; None while frozen."""
        if mock_ns <= 0:
            return 0
        if self._ratio is None:
            return mock_ns
        here, there = self._ratio
        return -(-mock_ns * there // here) if here else None

    def _elapsed_ns(self, ratio: tuple[int, int]) -> int:
        # In whole numbers, so that a delay that `real_delay_ns` gave is never a nanosecond short.
        return (self._real.now_ns() - self._since_ns) * ratio[0] // ratio[1]

    def _hold(self, ratio: tuple[int, int]) -> None:
        """Go on from this very instant at another pace."""
        self._now_ns, self._wall_ns = self.now_ns(), self.wall_ns()
        self._since_ns = self._real.now_ns()
        self._ratio = ratio

    def _follow(self, ahead_ns: int) -> None:
        """Go beside the real clock: the wall this much ahead of it, the monotonic from where it was held."""
        self._now_ns -= self._since_ns
        self._wall_ns = ahead_ns
        self._ratio = None

    def _changed(self) -> None:
        for callback in self._on_change:
            callback()
