"""Write down what the engine tells of each item and each send, as it happens: the `model.Tally` of a run.

What enters: the calls of `model.Tally`, each with the instant it speaks of. What leaves: the state of
each item in the delivery map at once, a record in the timeline for each second, and with a trace a line
for each settled item. What always holds: a record is written under the second of the instants in it,
however late it is told; one told after its second was written makes a second record for that second, and
readers add them up. Memory grows with the seconds not yet flushed, the sends of one window and the labels
of sources, never with the number of items.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import call
from typing import Final, NamedTuple

from harness.measure.counters import Counters, Use
from harness.measure.delivery_map import DeliveryMap
from harness.measure.pauses import Pauses
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


class Snapshot(NamedTuple):
    """Where a run stands, for a progress display."""

    offered: int  # items whose due time has come
    sent: int  # requests
    accepted: int  # items
    throttled: int  # requests answered 429
    settled: int  # items
    in_flight: int  # requests
    lag_p99_ms: float | None  # schedule lag in the last whole second that sent anything
    sent_per_s: float  # requests, in the last whole second


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
        later: Callable[[Callable[[], None]], None] = call,
    ) -> None:
        """`later` puts off what need not be written down before the caller goes on: all but the map.

        `limits` are those a report compares with, kept or not; `closed_loop` when nothing is due.

        The tally closes the timeline and the trace, not the map.
        """
        self._map = delivery_map
        self._later = later
        self._timeline = timeline
        self._trace = trace
        self._limits = tuple(limits)
        self._closed_loop = closed_loop
        self._start_ns: int | None = None
        self._start_wall_ns = 0
        self._seconds: dict[int, Counters] = {}
        self._latest = 0
        self._at(0)
        self._pauses = Pauses()
        self._spacing = Spacing()
        self._requests_in_1s = SlidingCount(NS_PER_S)
        self._messages_in_1s = SlidingCount(NS_PER_S)
        self._windows: dict[tuple[int, str], SlidingCount] = {}
        self._windows_of: dict[tuple[str, str], tuple[tuple[int, str, bool, SlidingCount], ...]] = {}
        self._sources: set[str] = set()
        self._offered = self._sent = self._accepted = self._throttled = self._settled = self._in_flight = 0
        self._last_lag_p99_ms: float | None = None
        self._last_sent_per_s = 0.0
        timeline.append(
            {
                "format": FORMAT,
                "run_id": delivery_map.run_id,
                "closed_loop": closed_loop,
                "limits": [
                    {
                        "api": limit.api,
                        "name": limit.name,
                        "unit": limit.unit,
                        "scope": limit.scope,
                        "count": limit.count,
                        "window_ns": limit.window_ns,
                        "origin": limit.origin,
                    }
                    for limit in self._limits
                ],
            }
        )

    def started(self, now_ns: int, wall_ns: int) -> None:
        """See `model.Tally`; what was told before falls into the first second."""
        self._start_ns, self._start_wall_ns = now_ns, wall_ns
        self._second_start_ns, self._second_end_ns = now_ns, now_ns + NS_PER_S

    def selected(self, item: Item) -> None:
        """See `model.Tally`."""
        self._map.set_state(item.index, State.WAITING)
        second = self._second
        second.states["messages.selected" if item.api == "tracking" else "calls.selected"] += 1
        second.by_kind[item.kind] += 1
        source = item.source
        if source not in self._sources:
            if len(self._sources) < SOURCES_MOST:
                self._sources.add(source)
            else:
                source = OTHER_SOURCES
        second.by_source[source] += 1

    def filtered(self, item: Item, reason: str) -> None:
        """See `model.Tally`."""
        self._map.set_state(item.index, State.FILTERED)
        self._second.states["messages.filtered" if item.api == "tracking" else "calls.filtered"] += 1
        self._second.filtered[reason] += 1

    def released(self, arrival: Arrival) -> None:
        """See `model.Tally`; the item counts in the second in which it was due, whenever we came to it."""
        self._later(partial(self._count_released, arrival))

    def _count_released(self, arrival: Arrival) -> None:
        self._offered += 1
        due_ns = arrival.due_ns
        second = self._second if self._closed_loop else self._at_ns((self._start_ns or 0) + due_ns)
        second.offered_items += 1
        if arrival.item.api == "tracking":
            second.offered_messages += 1
        second.last_due_ns = max(second.last_due_ns, due_ns)
        self._spacing.due(due_ns, second)

    def sending(self, request: Request, now_ns: int) -> None:
        """See `model.Tally`; the map says IN_FLIGHT before the caller lets a byte leave."""
        arrivals = request.arrivals
        flags = SENT_AGAIN if request.attempt > 1 else 0
        for arrival in arrivals:
            self._map.set_state(arrival.item.index, State.IN_FLIGHT, flags)
        self._later(partial(self._count_sending, request, now_ns))

    def _count_sending(self, request: Request, now_ns: int) -> None:
        arrivals = request.arrivals
        second = self._at_ns(now_ns)
        api = request.api
        messages = len(arrivals) if api == "tracking" else 0
        second.sent += 1
        second.sent_messages += messages
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
        source = request.source
        for _, _, by_messages, window in self._windows_for(api, source):
            window.add(messages if by_messages else 1, now_ns)
        if self._pauses:
            self._pauses.send(_pause_scope(api, source), now_ns)

    def first_sent(self, arrival: Arrival, waits: Waits, now_ns: int) -> None:  # noqa: ARG002 - the protocol's
        """See `model.Tally`."""
        self._later(partial(self._count_waits, waits, now_ns))

    def _count_waits(self, waits: Waits, now_ns: int) -> None:
        second = self._at_ns(now_ns)
        second.schedule_lag.record(waits.lag_ns)
        self._spacing.sent(now_ns, second)
        if not (waits.lane_ns or waits.limit_ns or waits.batch_ns or waits.user_ns):
            second.unwaited += 1  # nearly every item: four zeros in one
            return
        second.lane_wait.record(waits.lane_ns)
        second.limit_wait.record(waits.limit_ns)
        second.batch_wait.record(waits.batch_ns)
        second.user_wait.record(waits.user_ns)

    def answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        """See `model.Tally`."""
        flags = MAYBE_RECEIVED if answer.maybe_received else 0
        if answer.status == THROTTLED_STATUS:
            flags |= THROTTLED
        if decision.outcome is Outcome.RETRY:
            for arrival in request.arrivals:
                self._map.set_state(arrival.item.index, State.WAITING_AGAIN, flags)
        elif flags:
            for arrival in request.arrivals:
                self._map.add_flags(arrival.item.index, flags)
        self._later(partial(self._count_answered, request, answer, decision))

    def _count_answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        done_ns = answer.done_ns
        second = self._at_ns(done_ns)
        status = answer.status
        self._in_flight -= 1
        name = "none" if status is None else str(status)
        second.by_status[name] += 1
        if request.attempt == 1:
            second.first_by_status[name] += 1
        took_ns = done_ns - answer.sent_ns
        if status is None:
            second.service_none.record(took_ns)
        elif 200 <= status < 300:
            second.service_2xx.record(took_ns)
        elif status == THROTTLED_STATUS:
            second.service_429.record(took_ns)
            second.throttled += 1
            self._throttled += 1
            for limit, scope, _, _ in self._windows_for(request.api, request.source):
                second.use(limit, scope, Use(0, 0, 1))
            if decision.asked_wait_ns is not None:
                self._pauses.ask(_pause_scope(request.api, request.source), decision.asked_wait_ns, done_ns)
        else:
            second.service_other.record(took_ns)
        if decision.outcome is Outcome.ACCEPTED:
            second.accepted += 1
            if request.api == "tracking":
                second.accepted_messages += len(request.arrivals)
            if self._start_ns is not None:
                second.last_accepted_ns = max(second.last_accepted_ns, done_ns - self._start_ns)

    def settled(self, settlement: Settlement) -> None:
        """See `model.Tally`; the response time is taken of items that had a final answer."""
        self._map.set_state(settlement.arrival.item.index, settlement.state)
        self._later(partial(self._count_settled, settlement))

    def _count_settled(self, settlement: Settlement) -> None:
        arrival, state = settlement.arrival, settlement.state
        second = self._at_ns(settlement.done_ns)
        second.states[_STATE_NAMES[arrival.item.api == "tracking", state]] += 1
        self._settled += 1
        if state is State.ACCEPTED:
            self._accepted += 1
        start_ns = self._start_ns
        if start_ns is None:
            return
        if state in _ANSWERED_STATES and not self._closed_loop:
            second.response.record(settlement.done_ns - start_ns - arrival.due_ns)
        if self._trace is not None:
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
        self._take_pauses(last)
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
            self._take_pauses(self._second)
            self._latest += 1
            self._at(self._latest)

    def _take_windows(self, second: Counters, until_ns: int) -> None:
        second.sent_in_1s = max(second.sent_in_1s, self._requests_in_1s.take(until_ns)[0])
        second.sent_messages_in_1s = max(second.sent_messages_in_1s, self._messages_in_1s.take(until_ns)[0])
        for (limit, scope), window in self._windows.items():
            peak, over_ns = window.take(until_ns)
            if peak or over_ns:
                second.use(limit, scope, Use(peak, over_ns, 0))

    def _take_pauses(self, second: Counters) -> None:
        pauses = self._pauses
        second.retry_after_asked += pauses.asked
        second.retry_after_honoured += pauses.honoured
        second.retry_after_violated += pauses.violated
        pauses.asked = pauses.honoured = pauses.violated = 0

    def _windows_for(self, api: str, source: str) -> tuple[tuple[int, str, bool, SlidingCount], ...]:
        windows = self._windows_of.get((api, source))
        if windows is None:
            found = []
            for place, limit in enumerate(self._limits):
                if limit.api == api:
                    scope = source if limit.scope == "source" else ""
                    window = self._windows.get((place, scope))
                    if window is None:
                        window = self._windows[place, scope] = SlidingCount(limit.window_ns, limit.count)
                    found.append((place, scope, limit.unit == "messages", window))
            windows = self._windows_of[api, source] = tuple(found)
        return windows

    def _write(self, number: int) -> None:
        form = self._seconds.pop(number).to_json()
        if form or number == self._latest:
            self._timeline.append({"second": number} | form)


_STATE_NAMES: Final = {
    (is_message, state): f"{'messages' if is_message else 'calls'}.{state.name.lower()}"
    for is_message in (True, False)
    for state in State
}


def _pause_scope(api: str, source: str) -> tuple[str, str]:
    return (api, source) if api == "tracking" else (api, "")
