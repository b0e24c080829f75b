"""Put items that stand a little out of order into the order of their instants, in flat memory."""

from collections import deque
from heapq import heappop, heappush
from typing import Final

from harness.model import Item

WINDOW_ITEMS: Final = 10_000


class Window:
    """Holds up to `size` items and gives back the earliest; equal instants keep their reading order.

    Two shelves: what comes in order is queued, which costs nothing to keep sorted; what does not is a heap.
    An item earlier than one already given back has come too late to be sorted: `put` says so.
    """

    __slots__ = ("_given_ns", "_queue", "_size", "_strays", "resorted")

    def __init__(self, size: int = WINDOW_ITEMS) -> None:
        self._size = size
        self._queue: deque[tuple[int, int, Item]] = deque()
        self._strays: list[tuple[int, int, Item]] = []
        self._given_ns: int | None = None
        self.resorted = 0  # items that came after a later one and found their place

    @property
    def full(self) -> bool:
        return len(self._queue) + len(self._strays) >= self._size

    def put(self, key_ns: int, item: Item) -> bool:
        """Take an item in; False, and not taken, when its place has passed."""
        if self._given_ns is not None and key_ns < self._given_ns:
            return False
        queue = self._queue
        if not queue or key_ns >= queue[-1][0]:
            queue.append((key_ns, item.index, item))
        else:
            heappush(self._strays, (key_ns, item.index, item))
            self.resorted += 1
        return True

    def take(self) -> Item | None:
        """The earliest item; None when there is none."""
        queue, strays = self._queue, self._strays
        if strays and (not queue or strays[0] < queue[0]):
            entry = heappop(strays)
        elif queue:
            entry = queue.popleft()
        else:
            return None
        self._given_ns = entry[0]
        return entry[2]
