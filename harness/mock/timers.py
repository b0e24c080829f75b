"""Let things happen at an instant of a clock that may be frozen, advanced and scaled meanwhile."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final, Protocol

from harness.mock.steered import SteeredClock
from harness.units import NS_PER_MS

_MS_PER_S: Final = 1_000
_WORTH_SWEEPING: Final = 64  # called-off entries; below that they are simply waited for


class Handle(Protocol):
    """What an event loop gives for a call that is to come."""

    def cancel(self) -> None:
        """Call it off."""


CallLater = Callable[[float, Callable[[], None]], Handle]  # a delay in real seconds, and what to call then


class _Entry:
    """An act and its instant; without an act it was done, or called off."""

    __slots__ = ("act", "due_ns", "number")

    def __init__(self, due_ns: int, number: int, act: Callable[[], None]) -> None:
        self.due_ns: Final = due_ns
        self.number: Final = number
        self.act: Callable[[], None] | None = act

    def __lt__(self, other: "_Entry") -> bool:
        return (self.due_ns, self.number) < (other.due_ns, other.number)


class Timers:
    """Acts waiting for their instants, by due time and then in the order they were given.

    One real timer is armed, for the first of them. No act runs early, none runs inside `at` or inside a
    steering of the clock, and while the clock is frozen only what is due already runs.
    """

    __slots__ = ("_armed", "_armed_for_ns", "_call_later", "_called_off", "_clock", "_given", "_heap")

    def __init__(self, clock: SteeredClock, call_later: CallLater) -> None:
        self._clock: Final = clock
        self._call_later: Final = call_later
        self._heap: Final[list[_Entry]] = []
        self._given = 0
        self._called_off = 0  # of those in the heap
        self._armed: Handle | None = None
        self._armed_for_ns = 0
        clock.on_change(self._arm_anew)

    @property
    def waiting(self) -> int:
        """How many acts have neither run nor been called off."""
        return len(self._heap) - self._called_off

    def at(self, due_ns: int, act: Callable[[], None]) -> Callable[[], None]:
        """Run `act` once `due_ns` of the clock's monotonic time has come; answers what calls it off.

        Calling it off twice, or after the act ran, does nothing.
        """
        self._given += 1
        entry = _Entry(due_ns, self._given, act)
        heappush(self._heap, entry)
        if self._heap[0] is entry:
            self._arm()

        def call_off() -> None:
            if entry.act is not None:
                entry.act = None
                self._called_off += 1
                self._sweep()

        return call_off

    def _sweep(self) -> None:
        """Drop what was called off once it is most of the heap: in a frozen mock nothing else would."""
        if self._called_off >= _WORTH_SWEEPING and self._called_off * 2 > len(self._heap):
            self._heap[:] = [entry for entry in self._heap if entry.act is not None]
            heapify(self._heap)
            self._called_off = 0

    def _arm_anew(self) -> None:
        self._disarm()
        self._arm()

    def _arm(self) -> None:
        """Have a real timer for the first entry, unless it is there already, or time stands still."""
        while self._heap and self._heap[0].act is None:
            heappop(self._heap)
            self._called_off -= 1
        if not self._heap:
            return
        due_ns = self._heap[0].due_ns
        if self._armed is not None:
            if self._armed_for_ns <= due_ns:
                return
            self._disarm()
        delay_ns = self._clock.real_delay_ns(due_ns - self._clock.now_ns())
        if delay_ns is not None:
            # An event loop counts in milliseconds; one that rounds down would wake us for nothing.
            self._armed = self._call_later(-(-delay_ns // NS_PER_MS) / _MS_PER_S, self._wake)
            self._armed_for_ns = due_ns

    def _disarm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _wake(self) -> None:
        self._armed = None
        newest = self._given  # what acts give now is for the next time, or two of them could go on for ever
        now_ns = self._clock.now_ns()
        heap = self._heap
        try:
            while heap and heap[0].due_ns <= now_ns and heap[0].number <= newest:
                entry = heappop(heap)
                if entry.act is None:
                    self._called_off -= 1
                else:
                    act, entry.act = entry.act, None
                    act()
        finally:  # an act that fails must not hold up the others
            self._arm()
