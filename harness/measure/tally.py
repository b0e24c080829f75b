"""Write down what the engine tells of each item and each send, as it happens: the `model.Tally` of a run.

What enters: the calls of `model.Tally`, each with the instant it speaks of. What leaves: the state of
each item in the delivery map at once, a record in the timeline for each second, and with a trace a line
for each settled item. What always holds: a record is written under the second of the instants in it,
however late it is told; one told after its second was written makes a second record for that second, and
readers add them up. Memory grows with the seconds not yet flushed, the sends of one window and the labels
of sources, never with the number of items.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from operator import call
from typing import Final

from harness.measure.api_part import joined
from harness.measure.calls import Calls
from harness.measure.counters import BATCH_STEP_BYTES, Counters, Use
from harness.measure.delivery_map import DeliveryMap
from harness.measure.freshness import Freshness
from harness.measure.limit_windows import LimitWindows
from harness.measure.pauses import Pauses
from harness.measure.snapshot import Snapshot
from harness.measure.spacing import Spacing
from harness.measure.timeline import FORMAT, TimelineWriter
from harness.measure.trace import TraceWriter
from harness.measure.window import SlidingCount
from harness.model import (
    MAYBE_RECEIVED,
    SENT_AGAIN,
    THROTTLED,
    Answer,
    Arrival,
    Decision,
    Item,
    Limit,
    Outcome,
    Request,
    Settlement,
    State,
    Waits,
)
from harness.units import NS_PER_MS, NS_PER_S

SOURCES_MOST: Final = 1_000  # labels come from a recording; more than so many are counted together
OTHER_SOURCES: Final = "(others)"
THROTTLED_STATUS: Final = 429

_ANSWERED_STATES: Final = frozenset({State.ACCEPTED, State.REJECTED})


class RunTally:
    """Implements `model.Tally`. `flush` it about once a second, and `close` it once."""

    def __init__(
        self,
        *,
        delivery_map: DeliveryMap,
        timeline: TimelineWriter,
        limits: Sequence[Limit] = (),
        closed_loop: bool = False,
        trace: TraceWriter | None = None,
        freshness: Freshness | None = None,
        later: Callable[[Callable[[], None]], None] = call,
    ) -> None:
        """`later` puts off what need not be written down before the caller goes on: all but the map.

        `limits` are those a report compares with, kept or not; `closed_loop` when nothing is due;
        `freshness` where the time until a profile can be read is to be measured.

        The tally closes the timeline and the trace, not the map.
        """
        self._map = delivery_map
        self._later = later
        self._timeline = timeline
        self._trace = trace
        self._limits = tuple(limits)
        self._closed_loop = closed_loop
        self.calls = Calls(freshness)
        self._start_ns: int | None = None
        self._start_wall_ns = 0
        self._seconds: dict[int, Counters] = {}
        self._latest = 0
        self._at(0)
        self._pauses = Pauses()
        self._spacing = Spacing()
        self._requests_in_1s = SlidingCount(NS_PER_S)
        self._messages_in_1s = SlidingCount(NS_PER_S)
        self._windows = LimitWindows(self._limits)
        self._sources: set[str] = set()
        self._offered = self._sent = self._accepted = self._throttled = self._settled = self._in_flight = 0
        self._last_lag_p99_ms: float | None = None
        self._last_sent_per_s = 0.0
        timeline.append(
            {
                "format": FORMAT,
                "run_id": delivery_map.run_id,
                "closed_loop": closed_loop,
                "limits": [asdict(limit) for limit in self._limits],
            }
        )

    def started(self, now_ns: int, wall_ns: int) -> None:
        """See `model.Tally`; what was told before falls into the first second."""
        self._start_ns, self._start_wall_ns = now_ns, wall_ns
        self._second_start_ns, self._second_end_ns = now_ns, now_ns + NS_PER_S
        self._later(partial(self._timeline.append, {"second": 0, "started_wall_ns": wall_ns}))
        self.calls.started()

    def selected(self, items: Sequence[Item]) -> None:
        """See `model.Tally`."""
        self._map.set_states([item.index for item in items], State.WAITING)
        second = self._second
        states, by_kind, by_source = second.states, second.by_kind, second.by_source
        for item in items:
            states["messages.selected" if item.api == "tracking" else "calls.selected"] += 1
            by_kind[item.kind] += 1
            by_source[self._counted_source(item.source)] += 1
            if item.api != "tracking":
                self.calls.selected(item)

    def _counted_source(self, source: str) -> str:
        if source not in self._sources:
            if len(self._sources) >= SOURCES_MOST:
                return OTHER_SOURCES
            self._sources.add(source)
        return source

    def filtered(self, item: Item, reason: str) -> None:
        """See `model.Tally`."""
        self._map.set_state(item.index, State.FILTERED)
        self._second.states["messages.filtered" if item.api == "tracking" else "calls.filtered"] += 1
        self._second.filtered[reason] += 1

    def released(self, arrivals: Sequence[Arrival]) -> None:
        """See `model.Tally`; an item counts in the second in which it was due, whenever we came to it."""
        self._later(partial(self._count_released, arrivals))

    def _count_released(self, arrivals: Sequence[Arrival]) -> None:
        self._offered += len(arrivals)
        start_ns, second = self._start_ns or 0, self._second
        for due_ns, item in arrivals:
            if not self._closed_loop:
                second = self._at_ns(start_ns + due_ns)
                self._spacing.due(due_ns, second)
            second.offered_items += 1
            if item.api == "tracking":
                second.offered_messages += 1
            else:
                second.offered_calls[item.api] += 1
            if due_ns > second.last_due_ns:  # noqa: PLR1730 - see `_count_sending`
                second.last_due_ns = due_ns

    def sending(self, request: Request, now_ns: int) -> None:
        """See `model.Tally`; the map says IN_FLIGHT before the caller lets a byte leave."""
        arrivals = request.arrivals
        flags = SENT_AGAIN if request.attempt > 1 else 0
        self._map.set_states([arrival.item.index for arrival in arrivals], State.IN_FLIGHT, flags)
        self._later(partial(self._count_sending, request, now_ns))

    def _count_sending(self, request: Request, now_ns: int) -> None:
        arrivals = request.arrivals
        second = self._at_ns(now_ns)
        api = request.api
        messages = len(arrivals) if api == "tracking" else 0
        second.sent += 1
        second.sent_messages += messages
        if messages > 1:
            size_bytes = len(request.body)
            second.batch_bytes[str(size_bytes // BATCH_STEP_BYTES)] += 1
            second.biggest_batch_bytes = max(second.biggest_batch_bytes, size_bytes)
        second.by_api[api] += 1
        if request.attempt == 1:
            second.first_sent += 1
            second.first_sent_items += len(arrivals)
        # Compared rather than max(): this runs before every send, and each call shows.
        if self._start_ns is not None and now_ns - self._start_ns > second.last_sent_ns:
            second.last_sent_ns = now_ns - self._start_ns
        self._sent += 1
        self._in_flight = in_flight = self._in_flight + 1
        if in_flight > second.in_flight:  # noqa: PLR1730 - see above
            second.in_flight = in_flight
        self._requests_in_1s.add(1, now_ns)
        self._messages_in_1s.add(messages, now_ns)
        for _, _, by_messages, window in self._windows.of(request):
            window.add(messages if by_messages else 1, now_ns)
        if self._pauses:
            self._pauses.send(self._windows.scope_of(request), now_ns)
        if request.attempt > 1:
            self._pauses.send_again(arrivals[0].item.index, now_ns)

    def first_sent(self, waits: Sequence[Waits], now_ns: int) -> None:
        """See `model.Tally`."""
        self._later(partial(self._count_waits, waits, now_ns))

    def _count_waits(self, waits: Sequence[Waits], now_ns: int) -> None:
        second = self._at_ns(now_ns)
        for lane_ns, limit_ns, batch_ns, user_ns, lag_ns in waits:
            second.schedule_lag.record(lag_ns)
            self._spacing.sent(now_ns, second)
            if not (lane_ns or limit_ns or batch_ns or user_ns):
                second.unwaited += 1  # nearly every item: four zeros in one
                continue
            second.lane_wait.record(lane_ns)
            second.limit_wait.record(limit_ns)
            second.batch_wait.record(batch_ns)
            second.user_wait.record(user_ns)

    def answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        """See `model.Tally`."""
        flags = MAYBE_RECEIVED if answer.maybe_received else 0
        if answer.status == THROTTLED_STATUS:
            flags |= THROTTLED
        if decision.outcome is Outcome.RETRY:
            indexes = [arrival.item.index for arrival in request.arrivals]
            self._map.set_states(indexes, State.WAITING_AGAIN, flags)
        elif flags:
            for arrival in request.arrivals:
                self._map.add_flags(arrival.item.index, flags)
        self._later(partial(self._count_answered, request, answer, decision))

    def _count_answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        done_ns = answer.done_ns
        second = self._at_ns(done_ns)
        part = (
            second
            if request.api == "tracking"
            else self.calls.answered(request, answer, self._number(done_ns))
        )
        status = answer.status
        self._in_flight -= 1
        name = "none" if status is None else str(status)
        part.by_status[name] += 1
        if request.attempt == 1:
            part.first_by_status[name] += 1
        took_ns = done_ns - answer.sent_ns
        if status is None:
            part.service_none.record(took_ns)
            second.failures[str(answer.failure)] += 1
        elif 200 <= status < 300:
            part.service_2xx.record(took_ns)
        elif status == THROTTLED_STATUS:
            part.service_429.record(took_ns)
            part.throttled += 1
            self._throttled += 1
            for limit, scope, _, _ in self._windows.of(request):
                second.use(limit, scope, Use(0, 0, 1))
            if decision.asked_wait_ns is not None:
                self._pauses.ask(self._windows.scope_of(request), decision.asked_wait_ns, done_ns)
        else:
            part.service_other.record(took_ns)
            if decision.asked_wait_ns is not None and decision.outcome is Outcome.RETRY:
                self._pauses.ask_one(request.arrivals[0].item.index, decision.asked_wait_ns, done_ns)
        if decision.outcome is Outcome.ACCEPTED:
            part.accepted += 1
            if part is second:
                second.accepted_messages += len(request.arrivals)
                if self.calls.watches:
                    self.calls.accepted(request.arrivals, done_ns)
            if self._start_ns is not None:
                second.last_accepted_ns = max(second.last_accepted_ns, done_ns - self._start_ns)

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """See `model.Tally`; the response time is taken of items that had a final answer."""
        indexes = [settlement.arrival.item.index for settlement in settlements]
        self._map.set_states(indexes, settlements[0].state)
        self._later(partial(self._count_settled, settlements))

    def _count_settled(self, settlements: Sequence[Settlement]) -> None:
        first, count = settlements[0], len(settlements)
        state, done_ns = first.state, first.done_ns
        second = self._at_ns(done_ns)
        for settlement in settlements:
            second.states[_STATE_NAMES[settlement.arrival.item.api == "tracking", state]] += 1
        self._settled += count
        if state is State.ACCEPTED:
            self._accepted += count
        start_ns = self._start_ns
        if start_ns is None:
            return
        if state in _ANSWERED_STATES and not self._closed_loop:
            api = first.arrival.item.api  # a request is of one API
            part = second if api == "tracking" else self.calls.part(api, self._number(done_ns))
            for settlement in settlements:
                part.response.record(done_ns - start_ns - settlement.arrival.due_ns)
        if self._trace is not None:
            for settlement in settlements:
                self._trace.write(
                    settlement,
                    start_ns=start_ns,
                    start_wall_ns=self._start_wall_ns,
                    closed_loop=self._closed_loop,
                )

    def opened(self, now_ns: int) -> None:
        """See `model.Tally`."""
        self._at_ns(now_ns).opened += 1

    def flush(self, now_ns: int) -> None:
        """Write the seconds that have passed, after what was put off. Raises TimelineError, TraceError."""
        self._later(partial(self._flush, now_ns))

    def _flush(self, now_ns: int) -> None:
        self._at_ns(now_ns)
        for number in sorted(self._seconds):
            if number < self._latest:
                self._write(number)
        if self._trace is not None:
            self._trace.flush()

    def close(self, now_ns: int) -> None:
        """Write everything, then the end mark; no call may follow. Raises TimelineError, TraceError."""
        last = self._at_ns(now_ns)
        self._take_windows(last, now_ns)
        self._pauses.end()
        self._pauses.take(last, self._start_ns or 0)
        for number in sorted(self._seconds):
            self._write(number)
        start_ns = now_ns if self._start_ns is None else self._start_ns
        self._timeline.append({"second": self._latest, "closed_after_ns": now_ns - start_ns})
        self._timeline.close()
        if self._trace is not None:
            self._trace.close()

    def snapshot(self) -> Snapshot:
        """Where the run stands; rate and lag are those of the last whole second."""
        return Snapshot(
            self._offered,
            self._sent,
            self._accepted,
            self._throttled,
            self._settled,
            self._in_flight,
            self._last_lag_p99_ms,
            self._last_sent_per_s,
        )

    def _at_ns(self, instant_ns: int) -> Counters:
        # The second hit last is hit again nearly always; a dictionary is asked only across a border.
        if self._second_start_ns <= instant_ns < self._second_end_ns:
            return self._second
        start_ns = self._start_ns
        if start_ns is None or instant_ns < start_ns:
            return self._at(0)
        number = (instant_ns - start_ns) // NS_PER_S
        if number > self._latest:
            self._pass_to(number)
        return self._at(number)

    def _at(self, number: int) -> Counters:
        second = self._seconds.get(number)
        if second is None:
            second = self._seconds[number] = Counters()
        if number == self._latest:
            start_ns = self._start_ns
            self._second = second
            # Before the start no instant is inside: each is asked for, and belongs to the first second.
            self._second_start_ns = 0 if start_ns is None else start_ns + number * NS_PER_S
            self._second_end_ns = 0 if start_ns is None else self._second_start_ns + NS_PER_S
        return second

    def _pass_to(self, number: int) -> None:
        passed = self._second
        self._last_sent_per_s = float(passed.sent) if number == self._latest + 1 else 0.0
        lag_ns = passed.schedule_lag.percentile_ns(0.99)
        if lag_ns is not None:
            self._last_lag_p99_ms = lag_ns / NS_PER_MS
        while self._latest < number:
            self._take_windows(self._at(self._latest), self._second_end_ns)
            self._pauses.take(self._second, self._start_ns or 0)
            self._latest += 1
            self._at(self._latest)

    def _take_windows(self, second: Counters, until_ns: int) -> None:
        second.sent_in_1s = max(second.sent_in_1s, self._requests_in_1s.take(until_ns)[0])
        second.sent_messages_in_1s = max(second.sent_messages_in_1s, self._messages_in_1s.take(until_ns)[0])
        for limit, scope, _, window in self._windows:
            peak, over_ns = window.take(until_ns)
            if peak or over_ns:
                second.use(limit, scope, Use(peak, over_ns, 0))

    def _number(self, instant_ns: int) -> int:
        start_ns = self._start_ns
        return 0 if start_ns is None or instant_ns < start_ns else (instant_ns - start_ns) // NS_PER_S

    def _write(self, number: int) -> None:
        form = joined(self._seconds.pop(number), self.calls.take(number))
        if form or number == self._latest:
            self._timeline.append({"second": number} | form)


_STATE_NAMES: Final = {
    (is_message, state): f"{'messages' if is_message else 'calls'}.{state.name.lower()}"
    for is_message in (True, False)
    for state in State
}
