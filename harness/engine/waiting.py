"""Say what waits in the engine and for what, and how long the ceiling needs for it; asked once a second.

Nothing is counted for it but the loads that came to each queue, so it costs as much as there are queues.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from harness.engine.ceiling import Ceiling
from harness.engine.queues import Held, Queue, Retries
from harness.model import Arrival, Waiting

DUE: Final = "due"
CEILING: Final = "ceiling"
PAUSE: Final = "pause"
RETRY: Final = "retry"
USER: Final = "user"


class Backed(NamedTuple):
    """What stands before one limit in one scope, in its own units; or drains after a pause."""

    waiting: float
    came: float  # since the start, what waits included
    each_ns: float  # how long the limit needs for one, on average
    opens_ns: int  # how long until it lets anything go


class Standing(NamedTuple):
    """Where the engine stands."""

    waiting: Waiting
    backed: tuple[Backed, ...]
    next_is: str | None  # what happens next: DUE, CEILING, PAUSE, RETRY; None when that hangs on an answer
    next_in_ns: int | None
    oldest_ns: int  # since the first of what waits for a limit or a user was due
    ahead: int  # items that were read and are not due
    ahead_ends_ns: int | None  # how long until the last of them is due


def needs_ns(backed: Iterable[Backed], due_share: float | None) -> int:
    """How long the ceiling takes for all that waits and all that is still to come.

    `due_share` of all items were due so far; the rest is taken to be of the same kinds. None: nothing is
    known of the rest, and it is left out.
    """
    to_come = (1 - due_share) / due_share if due_share else 0.0
    return max(
        (round(one.opens_ns + (one.waiting + one.came * to_come) * one.each_ns) for one in backed), default=0
    )


def standing_of(
    queues: Iterable[Queue],
    retries: Retries,
    ceiling: Ceiling,
    now_ns: int,
    *,
    waiting: int,
    in_batches: int,
    ahead: Sequence[Arrival],
    start_ns: int,
) -> Standing:
    """Put it together; `waiting` is how many items wait, `in_batches` how many of them in open loads."""
    counts = dict.fromkeys((CEILING, PAUSE, USER), 0)
    backed: dict[Hashable, Backed] = {}
    instants = []
    oldest_ns = 0
    for queue in queues:
        if not queue or queue.held is Held.NOTHING:
            continue
        held = _held(queue, ceiling, now_ns)
        counts[held] += queue.items
        if queue.opens_ns is not None:
            instants.append((queue.opens_ns, held))
        oldest_ns = max(oldest_ns, now_ns - start_ns - queue.head.oldest_due_ns)
        if held != USER:
            _put(backed, queue, ceiling, now_ns)
    if retries.next_ns is not None:
        instants.append((retries.next_ns, RETRY))
    if ahead:
        instants.append((start_ns + ahead[0].due_ns, DUE))
    next_ns, next_is = min(instants, default=(None, None))
    queued = sum(counts.values())
    return Standing(
        Waiting(
            **counts,
            person=max(0, waiting - queued - retries.items - in_batches),
            retry=retries.items,
            batch=in_batches,
        ),
        tuple(backed.values()),
        next_is,
        None if next_ns is None else max(0, next_ns - now_ns),
        oldest_ns,
        len(ahead),
        start_ns + ahead[-1].due_ns - now_ns if ahead else None,
    )


def _held(queue: Queue, ceiling: Ceiling, now_ns: int) -> str:
    if queue.held is Held.USER:
        return USER
    pause = ceiling.pause_of(queue.head)
    if pause is None or (pause.until_ns <= now_ns and ceiling.is_full(queue.head, now_ns)):
        return CEILING
    return PAUSE


def _put(backed: dict[Hashable, Backed], queue: Queue, ceiling: Ceiling, now_ns: int) -> None:
    """Add a queue to each limit that holds it: several queues may stand before one limit."""
    opens_ns = max(0, (queue.opens_ns or now_ns) - now_ns)
    pause = ceiling.pause_of(queue.head)
    holding: list[tuple[Hashable, float, int]] = [] if pause is None else [(pause, pause.gap_ns, len(queue))]
    for window in ceiling.windows_of(queue.head):
        limit = window.limit
        units = queue.items if limit.unit == "messages" else len(queue)
        holding.append((window, limit.window_ns / limit.count, units))
    for key, each_ns, units in holding:
        before = backed.get(key, Backed(0, 0, each_ns, opens_ns))
        backed[key] = Backed(
            before.waiting + units,
            before.came + queue.came * units / len(queue),
            before.each_ns,
            max(before.opens_ns, opens_ns),
        )
