"""Put off what nobody waits for until the loop has a moment: figures, the trace, Locust's statistics.

A burst of arrivals keeps its shape only when nothing else is done meanwhile, and an event of Locust costs as
much as half a send. What is put off is bounded: beyond the bound the oldest piece is done at once.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from harness.clock import Clock

CALM_NS: Final = 400_000  # nothing is due for so long: a slice of other work delays nobody
SLICE_NS: Final = 200_000
MOST: Final = 5_000


class Paperwork:
    """Calls to be made when there is time."""

    def __init__(self, clock: Clock, *, most: int = MOST) -> None:
        """`most` pieces are put off; 0 where nothing is ever due, and what is at hand is cheaper done."""
        self._clock = clock
        self._most = most
        self._pieces: deque[Callable[[], None]] = deque()

    def put(self, piece: Callable[[], None]) -> None:
        """Do this later."""
        self._pieces.append(piece)
        if len(self._pieces) > self._most:
            self._pieces.popleft()()

    def do_some(self, now_ns: int) -> None:
        """Work for a slice."""
        ends_ns = now_ns + SLICE_NS
        while self._pieces and now_ns < ends_ns:
            self._pieces.popleft()()
            now_ns = self._clock.now_ns()

    def do_all(self) -> None:
        """Work until nothing is left."""
        while self._pieces:
            self._pieces.popleft()()

    def __len__(self) -> int:
        return len(self._pieces)
