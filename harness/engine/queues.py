"""Hold closed loads until the ceiling and a user let them go, and know which of the two they waited for.

At any instant a queue that is not empty is held by the ceiling or by the lack of a free user, for all its
loads alike. So one running total for each cause is enough: what a load waited is the difference of the totals
between its coming and its going.
"""

import heapq
import itertools
from collections.abc import Iterator
from enum import Enum
from typing import Final

from harness.engine.jobs import Load


class Held(Enum):
    """What keeps the loads of a queue from leaving."""

    NOTHING = 0
    LIMIT = 1
    USER = 2


_LOOKED_AT: Final = 1_000
_sequence = itertools.count()


class Queue:
    """The closed loads of one scope: retries first, then by due time.

    Between scopes the one whose turn was longest ago is next: a backlog holds up nobody else.
    """

    __slots__ = ("_heap", "_held", "_limit_ns", "_since_ns", "_user_ns", "came", "opens_ns", "turn")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, int, int, Load]] = []
        self._held = Held.NOTHING
        self._since_ns = 0
        self._limit_ns = 0
        self._user_ns = 0
        self.opens_ns: int | None = None
        self.turn = 0  # when a load last left, in loads of all queues
        self.came = 0  # loads that ever came here, each once

    def push(self, load: Load, now_ns: int) -> None:
        self._settle(now_ns)
        rank = 0 if load.attempts.sends else 1
        self.came += rank
        entry = (rank, load.oldest_due_ns, next(_sequence), self._limit_ns, self._user_ns, load)
        heapq.heappush(self._heap, entry)

    def pop(self, now_ns: int) -> Load:
        """The head, with what it waited for written on it."""
        self._settle(now_ns)
        *_, limit_ns, user_ns, load = heapq.heappop(self._heap)
        self.turn = next(_sequence)
        load.limit_ns = self._limit_ns - limit_ns
        load.user_ns = self._user_ns - user_ns
        if self._held is Held.LIMIT and self.opens_ns is not None and self.opens_ns < now_ns:
            # What passed since the ceiling opened for this load is our own lateness. For those behind it the
            # same time is the ceiling's: their turn comes at an instant of its own.
            load.limit_ns = max(0, load.limit_ns - (now_ns - self.opens_ns))
        if not self._heap:
            self._held = Held.NOTHING
        return load

    @property
    def head(self) -> Load:
        return self._heap[0][-1]

    @property
    def items(self) -> int:
        """How many items are in its loads; of a very long queue a good guess, by its first loads."""
        looked_at = self._heap[:_LOOKED_AT]
        items = sum(len(entry[-1].jobs) for entry in looked_at)
        return items if len(looked_at) == len(self._heap) else items * len(self._heap) // len(looked_at)

    @property
    def held(self) -> Held:
        return self._held

    def hold(self, held: Held, now_ns: int, opens_ns: int | None = None) -> None:
        """From now on the queue waits for this; `opens_ns` is when the ceiling opens, where that is known."""
        self._settle(now_ns)
        self._held = held
        self.opens_ns = opens_ns if held is Held.LIMIT else None

    def fresh(self) -> list[Load]:
        """Its loads that were never sent."""
        return [entry[-1] for entry in self._heap if not entry[-1].attempts.sends]

    def shed(self, now_ns: int) -> None:
        """Let go of the loads that were never sent; nothing is told of them here."""
        self._settle(now_ns)
        self._heap = [entry for entry in self._heap if entry[-1].attempts.sends]
        heapq.heapify(self._heap)
        if not self._heap:
            self._held = Held.NOTHING

    def _settle(self, now_ns: int) -> None:
        if self._held is Held.LIMIT:
            self._limit_ns += now_ns - self._since_ns
        elif self._held is Held.USER:
            self._user_ns += now_ns - self._since_ns
        self._since_ns = now_ns

    def __len__(self) -> int:
        return len(self._heap)

    def __repr__(self) -> str:
        return f"<Queue {len(self._heap)} loads, held by {self._held.name.lower()}>"


class Retries:
    """The loads that wait for the time of their next attempt."""

    __slots__ = ("_heap", "items")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Load]] = []
        self.items = 0  # in its loads

    def push(self, load: Load, ready_ns: int) -> None:
        heapq.heappush(self._heap, (ready_ns, next(_sequence), load))
        self.items += len(load.jobs)

    def pop_ready(self, now_ns: int) -> Iterator[Load]:
        """Those whose time has come."""
        while self._heap and self._heap[0][0] <= now_ns:
            load = heapq.heappop(self._heap)[2]
            self.items -= len(load.jobs)
            yield load

    @property
    def next_ns(self) -> int | None:
        """When the next of them is ready."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> None:
        self._heap.clear()
        self.items = 0
