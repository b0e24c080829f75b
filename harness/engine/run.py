"""One prepared run as Locust's users find it, at `environment.replay`.

It ties the dispatcher to gevent: a greenlet reads ahead, the pulse gives the dispatcher its turns, users join
when they are connected, and more are opened while an item waits for one. Everything it needs from other rooms
is handed to it as a function.
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import gevent
from gevent.event import Event

from harness.clock import Clock, cpu_ns
from harness.engine.batches import Batcher
from harness.engine.ceiling import Ceiling
from harness.engine.dispatcher import LOOK_AHEAD, Dispatcher
from harness.engine.on_limit import AT_THE_LIMIT, WAIT, TurningAway
from harness.engine.paperwork import SLICE_NS, Paperwork
from harness.engine.pulse import Pulse
from harness.engine.self_watch import SelfWatch
from harness.errors import BadLineError, TargetError
from harness.model import Arrival, Decide, Encode, Failure, Sender, Tally
from harness.units import NS_PER_S

if TYPE_CHECKING:
    from harness.engine.users import ReplayUser

USERS_AT_FIRST: Final = 16
USERS_AT_MOST: Final = 512
_TICK_S: Final = 0.25
_READ_AT_ONCE: Final = 4  # some 60 us: what is due meanwhile is late by so much
_READ_AT_ONCE_CLOSED: Final = 16
_COLLECT_AFTER: Final = 10_000  # objects, half a millisecond; at Python's 700 each batch sets it off
_AHEAD_OF_EACH_USER: Final = 4  # requests' worth that are read, where nothing is due
_LONG_SLICE_NS: Final = 2_000_000  # where nothing is due, nothing is late
_CONNECT_PAUSE_S: Final = 0.1
_TARGET_READY_WITHIN_NS: Final = 5 * NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What of the plan the engine needs."""

    users: int | None = None  # None: as many as it takes
    batch: str | int = "none"  # none, recorded, or a count
    batch_wait_ns: int = NS_PER_S
    ordered: bool = True
    on_limit: str = WAIT
    closed_loop: bool = False
    duration_ns: int | None = None
    late_after_ns: int | None = None  # later than this by our own doing: dropped; None: sent all the same
    stop_timeout_ns: int = 10 * NS_PER_S
    backlog: int = 200_000
    backlog_bytes: int = 64 << 20
    spins: bool = False  # wait awake for what is due next


class Replay:
    """A run from its first read to the instant nothing is left to do. `over` is set then."""

    def __init__(
        self,
        settings: Settings,
        *,
        arrivals: Iterator[Arrival],
        tally: Tally,
        paperwork: Paperwork,
        decide: Decide,
        encode: Encode,
        prepare: Callable[[Arrival], None],
        measure: Callable[[Arrival], int],
        connection: Callable[[], Sender],
        ceiling: Ceiling,
        clock: Clock,
        on_tick: Callable[[int], None],
    ) -> None:
        self.settings = settings
        self.encode = encode
        self.connection = connection
        self.clock = clock
        self.over = Event()
        self.paperwork = paperwork
        self.error: BaseException | None = None
        self.stopped_by: str | None = None
        self.started_ns: int | None = None
        self.started_wall_ns: int | None = None
        self.read_all = False
        self.users_opened = 0
        self.only_locust_listens = False
        self.spun_ns = 0
        self.stopped_idle_ns: int | None = None  # `idle_ns` when it was stopped
        self.self_watch = SelfWatch(clock, cpu_ns, self._spun_so_far_ns)
        at_the_limit = (
            Dispatcher
            if settings.on_limit == WAIT
            else partial(TurningAway, policy=settings.on_limit, stop=lambda: self.stop(AT_THE_LIMIT))
        )
        self.dispatcher = at_the_limit(
            tally=tally,
            decide=decide,
            ceiling=ceiling,
            batcher=Batcher(mode=settings.batch, wait_ns=settings.batch_wait_ns, measure=measure),
            ordered=settings.ordered,
            closed_loop=settings.closed_loop,
            late_after_ns=settings.late_after_ns,
            backlog=settings.backlog,
            backlog_bytes=settings.backlog_bytes,
            look_ahead=_look_ahead(settings),
        )
        self._arrivals = arrivals
        self._prepare = prepare
        self._tally = tally
        self._on_tick = on_tick
        self._environment: Any = None
        self._users: list[ReplayUser] = []
        self._spawned = False
        self._growing = False
        self._primed = False
        self._started = False
        self._began_ns = 0
        self._pulse: Pulse | None = None
        self._greenlets: list[Any] = []
        self._gc_threshold = gc.get_threshold()

    def begin(self, environment: Any) -> None:
        """Start to read ahead; the clock starts when all users are connected."""
        self._environment = environment
        environment.events.spawning_complete.add_listener(self._on_spawned)
        self._began_ns = self.clock.now_ns()
        self._pulse = Pulse(
            self._beat,
            lambda: self.dispatcher.dirty,
            self.paperwork,
            self.clock,
            self.fail,
            spins=self.settings.spins,
        )
        self._greenlets = [gevent.spawn(self._guarded, self._read), gevent.spawn(self._guarded, self._tick)]
        listeners = environment.events.request._handlers  # noqa: SLF001 - Locust has no other way to ask
        self.only_locust_listens = len(listeners) == 1  # its own statistics are always there
        gc.collect()
        gc.freeze()
        self._gc_threshold = gc.get_threshold()
        gc.set_threshold(_COLLECT_AFTER, *self._gc_threshold[1:])

    def end(self) -> None:
        """Release the loop; the run is over."""
        self._environment.events.spawning_complete.remove_listener(self._on_spawned)
        gevent.killall(self._greenlets)
        if self._pulse is not None:
            self._pulse.close()
            self.spun_ns = self._pulse.spun_ns
            self.self_watch.look()
            self._pulse = None
        for user in self._users:
            user.sender.close()
        self.paperwork.do_all()
        gc.set_threshold(*self._gc_threshold)
        gc.unfreeze()

    def enrol(self, user: "ReplayUser") -> None:
        """A user was made; the run does not start before it is connected."""
        self._users.append(user)
        self.users_opened += 1

    def serve(self, user: "ReplayUser") -> None:
        """The life of a user: connect, join, work until the run is over or Locust takes it away."""
        if not self._connected(user):
            return
        self.dispatcher.join(user)
        self._wake()
        try:
            self._start_when_ready()
            user.work(self.over)
        finally:
            if not self.over.is_set():
                self.dispatcher.leave(user)
                self._users.remove(user)

    def stop(self, reason: str) -> None:
        """Read and send no more; what is in flight has `stop_timeout` to be answered."""
        if self.stopped_by is not None or self.over.is_set():
            return
        self.stopped_by = reason
        self.stopped_idle_ns = self.idle_ns
        self.dispatcher.stop(self.clock.now_ns())
        if self.dispatcher.finished:
            self.over.set()
        else:
            timeout_s = self.settings.stop_timeout_ns / NS_PER_S
            self._greenlets.append(gevent.spawn_later(timeout_s, self.cut))

    def cut(self) -> None:
        """Stop at once: what is in flight stays pending."""
        self.stop("cut")
        for user in self._users:
            user.sender.close()
        self.over.set()

    def fail(self, error: BaseException) -> None:
        """Something that no item can answer for went wrong: settle what is in flight, then raise it."""
        if self.error is None:
            self.error = error
        if self._started:
            self.stop("error")
        else:
            self.cut()

    @property
    def users_most(self) -> int:
        """As many users as this run may open."""
        return self.settings.users or USERS_AT_MOST

    @property
    def idle_ns(self) -> int | None:
        """How long until anything is due; None where that is not known."""
        next_ns = None if self._pulse is None else self._pulse.next_ns
        return None if next_ns is None else next_ns - self.clock.now_ns()

    def _spun_so_far_ns(self) -> int:
        return self.spun_ns if self._pulse is None else self._pulse.spun_ns

    def _beat(self, now_ns: int) -> int | None:
        next_ns = self.dispatcher.advance(now_ns)
        if self.dispatcher.finished and (self._started or self.dispatcher.stopped):
            self.over.set()
        elif self.dispatcher.users_short:
            self._grow(self.dispatcher.users_short)
        return next_ns

    def _wake(self) -> None:
        if self._pulse is not None:
            self._pulse.wake()

    def _connected(self, user: "ReplayUser") -> bool:
        while not self.over.is_set():
            outcome: list[Failure | None] = []
            done = Event()

            def heard(
                failure: Failure | None, outcome: list[Failure | None] = outcome, done: Event = done
            ) -> None:
                outcome.append(failure)
                done.set()

            user.sender.connect(heard)
            done.wait()
            if outcome[0] is None:
                return True
            if not self._started and self.clock.now_ns() - self._began_ns > _TARGET_READY_WITHIN_NS:
                self.fail(TargetError(f"the target does not answer: {outcome[0].value}; nothing was sent"))
                return False
            gevent.sleep(_CONNECT_PAUSE_S)
        return False

    def _start_when_ready(self) -> None:
        if self._started or not (self._primed and self._spawned) or self.dispatcher.users < len(self._users):
            return
        self._started = True
        now_ns, wall_ns = self.clock.now_ns(), self.clock.wall_ns()
        self.started_ns, self.started_wall_ns = now_ns, wall_ns
        self._tally.started(now_ns, wall_ns)
        self.self_watch.start()
        self.dispatcher.start(now_ns)
        self._wake()
        if self.settings.duration_ns is not None:
            after_s = self.settings.duration_ns / NS_PER_S
            self._greenlets.append(gevent.spawn_later(after_s, self.stop, "duration"))

    def _on_spawned(self, user_count: int) -> None:  # noqa: ARG002 - Locust's event names it
        self._spawned = True
        self._start_when_ready()

    def _grow(self, short: int) -> None:
        room = USERS_AT_MOST - len(self._users)
        if self.settings.users is not None or self.settings.closed_loop or self._growing or room <= 0:
            return
        self._growing = True
        count = min(short, room, len(self._users))
        self._greenlets.append(gevent.spawn(self._guarded, self._open_users, count))

    def _open_users(self, count: int) -> None:
        user_class = type(self._users[0]).__name__
        for _ in range(count):
            self._environment.runner.spawn_users({user_class: 1})
            if self._pulse is None:
                return
            self._pulse.next_pass()  # one by one, so that what is due meanwhile leaves on time
        gevent.sleep(_TICK_S / 10)
        self._growing = False
        self.dispatcher.dirty = True
        self._wake()

    def _read(self) -> None:
        """Feed the dispatcher in slices; between two of them the loop polls."""
        pulse = self._pulse
        if pulse is None:
            return
        more = True
        while more:
            now_ns = self.clock.now_ns()
            if not self.dispatcher.wants_more(now_ns):
                self._prime()
                pulse.keep_awake(False)
                if self.dispatcher.stopped:
                    return
                gevent.sleep(0.001)
                continue
            if self._started and not self.dispatcher.runs_dry and not pulse.is_calm(now_ns):
                pulse.keep_awake(False)
                pulse.next_pass()
                continue
            pulse.keep_awake(True)
            slice_ends_ns = now_ns + (SLICE_NS if not self.settings.closed_loop else _LONG_SLICE_NS)
            while more and self.clock.now_ns() < slice_ends_ns and self.dispatcher.wants_more(now_ns):
                more = self._read_some()
            pulse.next_pass()
        pulse.keep_awake(False)
        self.dispatcher.exhaust()
        self._wake()
        self._prime()

    def _read_some(self) -> bool:
        """Feed the next arrivals; False when they were the last."""
        at_once = _READ_AT_ONCE_CLOSED if self.settings.closed_loop else _READ_AT_ONCE
        some: list[Arrival] = []
        more = True
        try:
            for arrival in islice(self._arrivals, at_once):
                some.append(arrival)  # noqa: PERF402 - what came before an error stays
            self.read_all = len(some) < at_once
            more = not self.read_all
        except BadLineError as error:
            # What stands before it is replayed: how far we read ahead must not decide what is sent.
            self.error = error
            more = False
        for arrival in some:
            self._prepare(arrival)
        if some:
            self.dispatcher.feed(some)
        return more

    def _prime(self) -> None:
        if not self._primed:
            self._primed = True
            self._start_when_ready()

    def _tick(self) -> None:
        while True:
            gevent.sleep(_TICK_S)
            self._on_tick(self.clock.now_ns())
            self.self_watch.look()

    def _guarded(self, work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except Exception as error:  # noqa: BLE001 - a greenlet has no caller; the run is told and raises it
            self.fail(error)


def _look_ahead(settings: Settings) -> int:
    """How many items are read before their turn: what is not touched again soon costs twice to keep."""
    if not settings.closed_loop:
        return LOOK_AHEAD
    items = settings.batch if isinstance(settings.batch, int) else 1
    return min(LOOK_AHEAD, _AHEAD_OF_EACH_USER * items * (settings.users or USERS_AT_FIRST))
