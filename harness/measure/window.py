"""Count sends in an exact sliding window: the most at once, and how long they were over a limit."""

from collections import deque

from harness.units import NS_PER_S


class SlidingCount:
    """The units sent in the last `window_ns`, as the sender sees them.

    A send at t counts in [t, t + window). `peak` and `over_ns` hold what happened since they were last taken,
    so that a second's record can carry them; memory is what one window holds.
    """

    __slots__ = ("_held", "_limit", "_over_since_ns", "_sends", "_window_ns", "over_ns", "peak")

    def __init__(self, window_ns: int, limit: int | None = None) -> None:
        self._window_ns = window_ns
        self._limit = limit
        self._sends: deque[tuple[int, int]] = deque()
        self._held = 0
        self._over_since_ns: int | None = None
        self.peak = 0
        self.over_ns = 0

    def add(self, units: int, now_ns: int) -> None:
        """`units` leave at `now_ns`, which never runs backwards."""
        sends = self._sends
        if sends and sends[0][0] + self._window_ns <= now_ns:
            self._expire(now_ns)
        sends.append((now_ns, units))
        self._held = held = self._held + units
        if held > self.peak:  # noqa: PLR1730 - a call of max() costs as much as all the rest
            self.peak = held
        if self._limit is not None and held > self._limit and self._over_since_ns is None:
            self._over_since_ns = now_ns

    def take(self, now_ns: int) -> tuple[int, int]:
        """`(peak, over_ns)` from the last take, a second ago or so, to `now_ns`; both start again.

        A window of more than a second begins the next one with what it holds: a full minute is full also in
        a second that sends nothing. In one of a second that would tell of the second before.
        """
        self._expire(now_ns)
        if self._over_since_ns is not None:
            self.over_ns += now_ns - self._over_since_ns
            self._over_since_ns = now_ns
        taken = self.peak, self.over_ns
        self.peak = self._held if self._window_ns > NS_PER_S else 0
        self.over_ns = 0
        return taken

    def _expire(self, now_ns: int) -> None:
        sends = self._sends
        while sends and sends[0][0] + self._window_ns <= now_ns:
            sent_ns, units = sends.popleft()
            self._held -= units
            if self._over_since_ns is not None and self._limit is not None and self._held <= self._limit:
                self.over_ns += sent_ns + self._window_ns - self._over_since_ns
                self._over_since_ns = None
