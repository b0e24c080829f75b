"""Fill batches after the lanes: one open load a scope, closed by count, size, age, or when it is whole.

A scope is an API and a source; when recorded batches are kept, it is one recorded batch. `--batch none` has
no open loads: every job is a load of its own.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Final

from harness.engine.jobs import Job, Load
from harness.model import Arrival, Item
from harness.segment.sizes import BATCH_MESSAGES, MESSAGE_BYTES, OWN_BATCH_BYTES

NONE: Final = "none"
RECORDED: Final = "recorded"

Scope = tuple[str, str, Hashable]


class Batcher:
    """Jobs in, closed loads out."""

    def __init__(self, *, mode: str | int, wait_ns: int, measure: Callable[[Arrival], int]) -> None:
        self._mode = mode
        self._most = min(mode, BATCH_MESSAGES) if isinstance(mode, int) else BATCH_MESSAGES
        self._wait_ns = wait_ns
        self._measure = measure
        self._open: dict[Scope, Load] = {}
        self._expected: Counter[Scope] = Counter()  # recorded batches: released, not yet in their load

    def expect(self, job: Job) -> None:
        """The job was released; its recorded batch is not whole before it joins."""
        if self._mode == RECORDED and job.arrival.item.group is not None:
            self._expected[self._scope(job.arrival.item)] += 1

    def add(self, job: Job) -> list[Load]:
        """Put a ready job into a load; answers the loads that this closed.

        A job whose earlier items are in the open load, but which does not fit there, closes it and stays
        without a load: it waits for the answer like any other.
        """
        item = job.arrival.item
        if self._mode == NONE or item.api != "tracking" or (self._mode == RECORDED and item.group is None):
            return [_alone(job, 0)]
        scope = self._scope(item)
        load = self._open.get(scope)
        body_bytes = self._measure(job.arrival)
        closed = []
        fits = body_bytes <= MESSAGE_BYTES
        if load is not None and (load.bytes + body_bytes > OWN_BATCH_BYTES or (job.blockers and not fits)):
            closed.append(self._close(scope))
            load = None
            if job.blockers:
                return closed
        self._joined(scope)
        if not fits:
            return [*closed, _alone(job, body_bytes)]
        if load is None:
            load = self._open[scope] = Load(item.api, item.source)
        load.add(job, body_bytes)
        if len(load.jobs) >= self._most:
            closed.append(self._close(scope))
        return closed

    def may_join(self, job: Job) -> bool:
        """True when its person's unfinished earlier items are all in the open load this job would join."""
        load = self._open.get(self._scope(job.arrival.item))
        return load is not None and all(blocker.load is load for blocker in job.blockers)

    def close_due(self, offset_ns: int) -> list[Load]:
        """Close what is old enough at this offset from the start."""
        return self._close_where(lambda _, load: load.oldest_due_ns + self._wait_ns <= offset_ns)

    def close_whole(self, ahead: Arrival | None) -> list[Load]:
        """Close the recorded batches of which no more can come; `ahead` is the next arrival to be released.

        The items of a recorded batch share their instant, so the batch is whole once the next arrival is due
        later and belongs elsewhere, and none of its released items still waits in a lane.
        """
        if self._mode != RECORDED or not self._open:
            return []
        ahead_scope = None if ahead is None else self._scope(ahead.item)

        def is_whole(scope: Scope, load: Load) -> bool:
            if self._expected[scope] or scope == ahead_scope:
                return False
            return ahead is None or ahead.due_ns != load.oldest_due_ns

        return self._close_where(is_whole)

    def close_all(self) -> list[Load]:
        """Close every open load."""
        return self._close_where(lambda _scope, _load: True)

    @property
    def next_close_ns(self) -> int | None:
        """The offset at which the next open load is old enough."""
        if not self._open:
            return None
        return min(load.oldest_due_ns for load in self._open.values()) + self._wait_ns

    @property
    def items(self) -> int:
        """How many items are in open loads."""
        return sum(len(load.jobs) for load in self._open.values())

    def _scope(self, item: Item) -> Scope:
        return (item.api, item.source, item.group if self._mode == RECORDED else None)

    def _joined(self, scope: Scope) -> None:
        if self._mode == RECORDED:
            self._expected[scope] -= 1
            if self._expected[scope] <= 0:
                del self._expected[scope]

    def _close(self, scope: Scope) -> Load:
        load = self._open.pop(scope)
        load.closed = True
        return load

    def _close_where(self, closes: Callable[[Scope, Load], bool]) -> list[Load]:
        return [self._close(scope) for scope, load in tuple(self._open.items()) if closes(scope, load)]


def _alone(job: Job, body_bytes: int) -> Load:
    load = Load(job.arrival.item.api, job.arrival.item.source)
    load.add(job, body_bytes)
    load.closed = True
    return load
