"""Decide what leaves when: the engine without sockets, greenlets or a clock of its own.

What enters: arrivals in order of due time (`feed`), free users (`join`), answers (`answered`), and the
instant (`advance`). What leaves: loads handed to users (`Carrier.carry`) and every step told to the tally. An
item goes through these stages, and each wait between two of them is measured apart:

    fed -> due: released -> its lane is free: ready -> its batch closes: queued -> ceiling and user: sent

What always holds: an arrival is never released before it is due; releasing never waits for an answer; items
of one person are never in two requests at once; all that is fed is settled, or pending when the run stopped.
"""

from collections import deque
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

from harness.engine.backlog import Backlog
from harness.engine.batches import Batcher
from harness.engine.ceiling import Ceiling
from harness.engine.jobs import Carrier, Job, Load, waits_of
from harness.engine.lanes import Lanes
from harness.engine.lateness import take_late
from harness.engine.queues import Held, Queue, Retries
from harness.engine.waiting import Standing, standing_of
from harness.model import (
    Answer,
    Arrival,
    Decide,
    Decision,
    Failure,
    Outcome,
    Request,
    Settlement,
    State,
    Tally,
)

LOOK_AHEAD: Final = 4_000  # arrivals read before they are due

_settlement: Final = partial(tuple.__new__, Settlement)  # the constructor itself takes twice as long
_STATE_OF: Final = {
    Outcome.ACCEPTED: State.ACCEPTED,
    Outcome.REJECTED: State.REJECTED,
    Outcome.ABANDONED: State.ABANDONED,
}


class Dispatcher:
    """The state of one run."""

    def __init__(
        self,
        *,
        tally: Tally,
        decide: Decide,
        ceiling: Ceiling,
        batcher: Batcher,
        ordered: bool = True,
        closed_loop: bool = False,
        late_after_ns: int | None = None,
        backlog: int = 200_000,
        backlog_bytes: int = 64 << 20,
        look_ahead: int = LOOK_AHEAD,
    ) -> None:
        self._tally = tally
        self._decide = decide
        self._ceiling = ceiling
        self._batcher = batcher
        self._lanes = Lanes() if ordered else None
        self._closed_loop = closed_loop
        self._late_after_ns = late_after_ns
        self._look_ahead = min(look_ahead, backlog)
        self._most_waiting = backlog
        self._start_ns: int | None = None
        self._ahead: deque[Arrival] = deque()
        self._exhausted = False
        self._stopped = False
        self._unfinished: set[Job] = set()
        self._queues: dict[tuple[str, ...], Queue] = {}
        self._queued = 0
        self._retries = Retries()
        self._free: list[Carrier] = []
        self.users = 0
        self._gone: set[Carrier] = set()
        self._in_flight_loads = 0
        self._in_flight_items = 0
        self.backlog = Backlog(items=backlog, kept_bytes=backlog_bytes)
        self.dirty = False  # something changed since the last `advance`
        self.users_short = 0  # loads that the ceiling would let go but no user can carry
        self.held_by_ceiling = 0  # items that waited for it
        self.pending = 0

    def wants_more(self, now_ns: int) -> bool:
        """True while the reader should go on; False counts as the backlog's fault when it is."""
        if self._stopped or self._exhausted:
            return False
        full = self.backlog.is_full(self._waiting + len(self._ahead))
        if full and self._unfinished:
            self.backlog.stand(now_ns)
        elif not full:
            fullest = max(self._queues, key=lambda scope: len(self._queues[scope]), default=("", ""))
            self.backlog.go_on(now_ns, fullest[1])
        return not full and len(self._ahead) < self._look_ahead

    @property
    def runs_dry(self) -> bool:
        """True when so little is read ahead that reading can wait no longer."""
        return len(self._ahead) < self._look_ahead // 2

    def feed(self, arrivals: Sequence[Arrival]) -> None:
        """Take the next arrivals, one at least."""
        self._tally.selected([arrival.item for arrival in arrivals])
        self.backlog.keep(arrivals)
        self._ahead.extend(arrivals)
        self.dirty = True

    def exhaust(self) -> None:
        """No arrival will follow."""
        self._exhausted = True
        self.dirty = True

    def join(self, carrier: Carrier) -> None:
        """A user is connected and free."""
        self.users += 1
        self._free.append(carrier)
        self.dirty = True

    def leave(self, carrier: Carrier) -> None:
        """A user goes; what it carries it still brings to an end."""
        self.users -= 1
        if carrier in self._free:
            self._free.remove(carrier)
        else:
            self._gone.add(carrier)

    def departing(self, load: Load, request: Request, now_ns: int) -> None:
        """The bytes of the load are about to leave."""
        first = load.attempts.sends == 0
        load.attempts.sends += 1
        if first:
            load.attempts.first_sent_ns = now_ns
        self._tally.sending(request, now_ns)
        if first:
            if load.limit_ns:
                self.held_by_ceiling += len(load.jobs)
            for job in load.jobs:
                job.sent_ns = now_ns
            if not self._closed_loop:
                offset_ns = now_ns - (self._start_ns or 0)
                waits = [waits_of(job, load, offset_ns) for job in load.jobs]
                for job, waited in zip(load.jobs, waits, strict=True):
                    job.waits = waited
                self._tally.first_sent(waits, now_ns)

    def answered(self, carrier: Carrier, load: Load, request: Request, answer: Answer) -> None:
        """An attempt ended; the user is free again."""
        now_ns = answer.done_ns
        load.leaving = False
        self._in_flight_loads -= 1
        self._in_flight_items -= len(load.jobs)
        self._set_free(carrier)
        self._ceiling.end(load, now_ns)
        load.status = answer.status
        attempts = load.attempts
        if answer.failure is Failure.STOPPED:
            decision = Decision(Outcome.RETRY)
        else:
            decision = self._decide(answer, attempts, now_ns)
        self._tally.answered(request, answer, decision)
        ready_ns = now_ns + decision.wait_ns
        if decision.pauses_scope:
            self._ceiling.pause(load, ready_ns, now_ns)
        if decision.outcome is not Outcome.RETRY:
            self._settle(load, load.jobs, _STATE_OF[decision.outcome], now_ns)
            return
        if decision.counted:
            attempts.counted += 1
        else:
            attempts.asked_waits += 1
        if self._stopped:
            self.pending += len(load.jobs)
            self._unfinished.difference_update(load.jobs)
            return
        self._retries.push(load, ready_ns)

    def start(self, now_ns: int) -> None:
        """Due times count from here."""
        self._start_ns = now_ns
        self.dirty = True

    def advance(self, now_ns: int) -> int | None:
        """Do all that is due; answers the next instant at which something will be, if that is known."""
        self.dirty = False
        if self._start_ns is None or self._stopped:
            return None
        self._release(now_ns)
        self._requeue(now_ns)
        self._close_batches(now_ns)
        self._dispatch(now_ns)
        return self._next_ns()

    def stop(self, now_ns: int) -> None:
        """Read no more and send no more; what is in flight may still be answered."""
        if self._stopped:
            return
        self._stopped = True
        self._cancel(self._ahead, now_ns)
        self._batcher.close_all()
        self._ahead.clear()
        self._retries.clear()
        self._queues.clear()
        self._queued = 0
        self._give_up([job for job in self._unfinished if job.load is None or not job.load.leaving], now_ns)

    def give_back(self, carrier: Carrier, load: Load, now_ns: int) -> None:
        """The run stopped before the bytes of this load left; the user did not send them."""
        load.leaving = False
        self._in_flight_loads -= 1
        self._in_flight_items -= len(load.jobs)
        self._set_free(carrier)
        self._ceiling.end(load, now_ns)
        self._give_up(load.jobs, now_ns)

    def standing(self, now_ns: int) -> Standing:
        """What waits now, and for what."""
        return standing_of(
            self._queues.values(),
            self._retries,
            self._ceiling,
            now_ns,
            waiting=self._waiting,
            in_batches=self._batcher.items,
            ahead=self._ahead,
            start_ns=self._start_ns or 0,
        )

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def finished(self) -> bool:
        """True when nothing is left to do."""
        if self._stopped:
            return self._in_flight_loads == 0
        return self._exhausted and not self._ahead and not self._unfinished

    @property
    def _waiting(self) -> int:
        return len(self._unfinished) - self._in_flight_items

    def _release(self, now_ns: int) -> None:
        ahead, start_ns = self._ahead, self._start_ns or 0
        released: list[Arrival] = []
        if self._closed_loop:
            while ahead and self._queued < self.users and self._waiting < self._most_waiting:
                released.append(ahead[0])
                self._admit(ahead.popleft(), now_ns)
        else:
            horizon_ns = now_ns - start_ns
            while ahead and ahead[0].due_ns <= horizon_ns:
                released.append(ahead[0])
                self._admit(ahead.popleft(), now_ns)
        if released:
            self._tally.released(released)

    def _admit(self, arrival: Arrival, now_ns: int) -> None:
        job = Job(arrival, now_ns, now_ns - (self._start_ns or 0) if self._closed_loop else None)
        self._unfinished.add(job)
        self._batcher.expect(job)
        if self._lanes is not None:
            self._lanes.enter(job)
        if not job.blockers or self._batcher.may_join(job):
            self._ready(job, now_ns)

    def _ready(self, job: Job, now_ns: int) -> None:
        ready = [job]
        while ready:
            job = ready.pop()
            # The load that it was to share may have closed since.
            if job.is_placed() or (job.blockers and not self._batcher.may_join(job)):
                continue
            closed = self._batcher.add(job)
            if job.load is not None:
                job.ready_ns = now_ns
                if job.waiters:  # later items of this person, which may share its request
                    ready.extend(waiter for waiter in job.waiters if self._batcher.may_join(waiter))
            for load in closed:
                self._queue(load, now_ns)

    def _queue(self, load: Load, now_ns: int) -> None:
        for job in load.jobs:
            job.batch_ns = now_ns - job.ready_ns
        self._push(load, now_ns)

    def _push(self, load: Load, now_ns: int) -> None:
        scope = self._ceiling.scope_of(load)
        queue = self._queues.get(scope)
        if queue is None:
            queue = self._queues[scope] = Queue()
        queue.push(load, now_ns)
        self._queued += 1

    def _requeue(self, now_ns: int) -> None:
        for load in self._retries.pop_ready(now_ns):
            self._push(load, now_ns)

    def _close_batches(self, now_ns: int) -> None:
        ahead = self._ahead[0] if self._ahead else None
        closed = self._batcher.close_whole(ahead) if ahead is not None or self._exhausted else []
        if self._closed_loop and ahead is None and self._exhausted:
            closed += self._batcher.close_all()
        closed += self._batcher.close_due(now_ns - (self._start_ns or 0))
        for load in closed:
            self._queue(load, now_ns)

    def _dispatch(self, now_ns: int) -> None:
        self.users_short = 0
        while True:
            best: Queue | None = None
            for queue in self._queues.values():
                if not queue:
                    continue
                opens_ns = self._ceiling.opens_at(queue.head, now_ns)
                if opens_ns is None or opens_ns > now_ns:
                    queue.hold(Held.LIMIT, now_ns, opens_ns)
                elif not self._free:
                    queue.hold(Held.USER, now_ns)
                    self.users_short += len(queue)
                elif best is None or queue.turn < best.turn:
                    best = queue
            if best is None:
                return
            load = best.pop(now_ns)
            self._queued -= 1
            late = take_late(load, now_ns - (self._start_ns or 0), self._late_after_ns)
            if late:
                self._settle(load, late, State.DROPPED, now_ns)
            if load.jobs:
                self._ceiling.begin(load, now_ns)
            if not best:
                self._ceiling.dry(load, now_ns)
            if load.jobs:
                load.leaving = True
                self._in_flight_loads += 1
                self._in_flight_items += len(load.jobs)
                self._free.pop().carry(load)

    def _next_ns(self) -> int | None:
        start_ns = self._start_ns or 0
        instants = [queue.opens_ns for queue in self._queues.values() if queue and queue.opens_ns is not None]
        if self._ahead and not self._closed_loop:
            instants.append(start_ns + self._ahead[0].due_ns)
        if self._retries.next_ns is not None:
            instants.append(self._retries.next_ns)
        if self._batcher.next_close_ns is not None:
            instants.append(start_ns + self._batcher.next_close_ns)
        return min(instants, default=None)

    def _set_free(self, carrier: Carrier) -> None:
        if carrier in self._gone:
            self._gone.discard(carrier)
        else:
            self._free.append(carrier)
        self.dirty = True

    def _give_up(self, jobs: Collection[Job], now_ns: int) -> None:
        """The run stopped: what was never sent is cancelled, the rest stays pending."""
        self._unfinished.difference_update(jobs)
        unsent = [job.arrival for job in jobs if job.sent_ns is None]
        self._cancel(unsent, now_ns)
        self.pending += len(jobs) - len(unsent)

    def _cancel(self, arrivals: Collection[Arrival], now_ns: int) -> None:
        if arrivals:
            self._tally.settled(
                [Settlement(arrival, State.CANCELLED, None, None, now_ns, 0, None) for arrival in arrivals]
            )

    def _settle(self, load: Load, jobs: Collection[Job], state: State, now_ns: int) -> None:
        sends, status = load.attempts.sends, load.status
        self._unfinished.difference_update(jobs)
        self.backlog.drop([job.arrival for job in jobs])
        self._tally.settled(
            [_settlement((j.arrival, state, j.waits, j.sent_ns, now_ns, sends, status)) for j in jobs]
        )
        if self._lanes is not None:
            for job in jobs:
                for waiter in self._lanes.leave(job):
                    if not self._stopped and (not waiter.blockers or self._batcher.may_join(waiter)):
                        self._ready(waiter, now_ns)
        for job in jobs:
            job.load = None  # no cycle is left for the garbage collector

    def __repr__(self) -> str:
        return (
            f"<Dispatcher {len(self._ahead)} ahead, {len(self._unfinished)} unfinished, "
            f"{self._queued} queued, {self._in_flight_loads} in flight, {self._retries.items} items to retry>"
        )
