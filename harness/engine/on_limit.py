"""Turn items away at the ceiling instead of letting them wait: `--on-limit drop` and `--on-limit stop`.

It speaks of the ceiling alone. A pause that a 429 asked for is waited out in either case, and what was sent
once is not turned away: it waits for its next attempt like any other.
"""

from collections.abc import Callable
from typing import Any, Final

from harness.engine.dispatcher import Dispatcher
from harness.model import State

WAIT: Final = "wait"
DROP: Final = "drop"
STOP: Final = "stop"
AT_THE_LIMIT: Final = "the ceiling"  # what a run is stopped by


class TurningAway(Dispatcher):
    """A dispatcher whose queues never wait for the ceiling; one that lets them wait pays nothing for it."""

    def __init__(self, *, policy: str, stop: Callable[[], None], **options: Any) -> None:
        """`stop` is called, once, when the policy is `stop` and an item would have to wait."""
        super().__init__(**options)
        self._policy = policy
        self._stop_run = stop

    def advance(self, now_ns: int) -> int | None:
        """See `Dispatcher.advance`; what the ceiling holds at its end is turned away."""
        next_ns = super().advance(now_ns)
        while self._turn_away(now_ns):
            # A person whose item was dropped goes on with the next one.
            next_ns = super().advance(now_ns)
        return next_ns

    def _turn_away(self, now_ns: int) -> bool:
        held = [
            queue for queue in self._queues.values() if queue and self._ceiling.is_full(queue.head, now_ns)
        ]
        loads = [load for queue in held for load in queue.fresh()]
        if not loads or self.stopped:
            return False
        if self._policy == STOP:
            self._stop_run()
            return False
        for queue in held:
            queue.shed(now_ns)
        self._queued -= len(loads)
        for load in loads:
            self._settle(load, load.jobs, State.DROPPED, now_ns)
        return True
