"""Write down what a receiver saw of somebody else's traffic, in the form of a run's timeline.

What enters: calls in the order of their arrival. What leaves: a timeline that folds like any run's, and the
figures that only a receiver has. What always holds: each message met is accepted, rejected, abandoned or
pending in the end, and once. Memory is bounded: by what was turned away and is not back, by people, by the
sends of one window and by labels of sources, each with its own bound.

A call's second counts from the first arrival. A message that was turned away is *out* until it comes again;
what is still out at the end was rejected where its last status is final, else abandoned, or pending when the
end was ours and not the sender's.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Final, NamedTuple

from harness.measure.api_part import ApiPart, joined
from harness.measure.counters import Counters, Use
from harness.measure.expected_values import ExpectedFigures, ExpectedValues
from harness.measure.histogram import Histogram
from harness.measure.limit_windows import LimitWindows
from harness.measure.observed import Observed, Retries, sizes
from harness.measure.open_tries import OpenTries, OpenTry, Return
from harness.measure.person_order import PersonOrder
from harness.measure.summary import figures
from harness.measure.timeline import FORMAT, TimelineWriter
from harness.measure.window import SlidingCount
from harness.model import Limit, Request
from harness.seen import SeenCall, SeenMessage
from harness.segment.sizes import BATCH_BYTES, MESSAGE_BYTES
from harness.units import NS_PER_S

SAMPLES_MOST: Final = 20
SOURCES_MOST: Final = 1_000
OTHER_SOURCES: Final = "(others)"

_TRACKING: Final = "tracking"
_APIS: Final = frozenset({_TRACKING, "profile", "config"})
_THROTTLED: Final = 429
_RECEIVED: Final = frozenset({"stored", "duplicates", "discarded"})


class Judges(NamedTuple):
    """What answers mean to a sender; handed in, as it is the wire's to know."""

    is_retried: Callable[[int | None], bool]  # whether a status asks for another try; None: no answer
    asked_wait_ns: Callable[[str | None, int], int | None]  # a Retry-After, and when it was told


class Observation:
    """Takes calls, writes seconds. `flush` it now and then, and `close` it once."""

    def __init__(
        self,
        timeline: TimelineWriter,
        *,
        run_id: str,
        limits: Sequence[Limit],
        judges: Judges,
        expected: ExpectedValues | None = None,
    ) -> None:
        self._timeline = timeline
        self._judges = judges
        self._expected = expected
        self._windows = LimitWindows(limits)
        self._requests_in_1s = SlidingCount(NS_PER_S)
        self._messages_in_1s = SlidingCount(NS_PER_S)
        self._open = OpenTries()
        self._order = PersonOrder()
        self._second = Counters()
        self._parts: defaultdict[str, ApiPart] = defaultdict(ApiPart)
        self._number = 0
        self._sources: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._discarded: Counter[str] = Counter()
        self._samples: defaultdict[str, list[str]] = defaultdict(list)
        self._waits, self._bodies = Histogram(), Histogram()
        self._messages, self._carried = Histogram(), Histogram()
        self._tries_most = 0
        self.first_ns: int | None = None  # arrivals, since 1970
        self.last_ns = 0
        self.sent_in_last_second = 0
        timeline.append(
            {
                "format": FORMAT,
                "run_id": run_id,
                "closed_loop": False,
                "limits": [asdict(limit) for limit in limits],
            }
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """What was met so far: `sent`, `accepted`, `throttled`, `messages` and more."""
        return self._counts

    @property
    def out(self) -> int:
        """Messages that were turned away and are not back."""
        return len(self._open)

    def take(self, call: SeenCall) -> None:
        """One call that came; of those that no API answers the number alone is kept."""
        if call.api not in _APIS:
            self._counts["elsewhere"] += 1
            return
        if self.first_ns is None:
            self.first_ns = self.last_ns = call.at_ns
        if call.at_ns < self.last_ns:
            self._counts["clock_steps"] += 1
        now_ns = self.last_ns = max(call.at_ns, self.last_ns)
        self._pass_to(now_ns)
        source = self._counted_source(call.source)
        request = Request(call.api, source, call.method, call.path, (), b"", (), 1)
        self._count_request(call, request, now_ns)
        returns = [self._take_message(call, message, source, now_ns) for message in call.messages]
        is_retry = self._count_returns(call, [found for found in returns if found is not None])
        self._count_answer(call, request, now_ns, is_retry=is_retry)

    def flush(self, now_ns: int) -> None:
        """Write the seconds that are over at this instant, since 1970. Raises TimelineError."""
        if self.first_ns is not None and now_ns > self.last_ns:
            self._pass_to(now_ns)

    def close(
        self, now_ns: int, *, sender_ended: bool, unreadable: int = 0, expected: ExpectedFigures | None = None
    ) -> Observed:
        """Write the end; no call may follow. Raises TimelineError."""
        first_ns = now_ns if self.first_ns is None else self.first_ns
        now_ns = max(now_ns, self.last_ns)
        if self.first_ns is not None:
            self._pass_to(now_ns)
        for last in self._open:
            self._end(last, "abandoned" if sender_ended else "pending")
            self._counts["stored_unconfirmed"] += last.stored
        self._take_windows(now_ns)
        self._write()
        self._timeline.append({"second": self._number, "closed_after_ns": now_ns - first_ns})
        self._timeline.close()
        return self._observed(unreadable, expected)

    def _count_request(self, call: SeenCall, request: Request, now_ns: int) -> None:
        second, messages = self._second, len(call.messages)
        second.sent += 1
        second.sent_messages += messages
        second.by_api[call.api] += 1
        second.last_sent_ns = now_ns - (self.first_ns or 0)
        self._counts["sent"] += 1
        self._requests_in_1s.add(1, now_ns)
        self._messages_in_1s.add(messages, now_ns)
        for _, _, by_messages, window in self._windows.of(request):
            window.add(messages if by_messages else 1, now_ns)
        if call.api == _TRACKING:
            self._carried.record(messages)
            if call.body_bytes is not None:
                self._bodies.record(call.body_bytes)
                bound = BATCH_BYTES if call.path.endswith(("/batch", "/import")) else MESSAGE_BYTES
                self._counts["requests_too_large"] += call.body_bytes > bound
            else:
                self._counts["requests_too_large"] += 1

    def _take_message(self, call: SeenCall, message: SeenMessage, source: str, now_ns: int) -> Return | None:
        """Count a message; answers how it came again, when it was out."""
        self._counts["messages"] += 1
        self._messages.record(message.size_bytes)
        self._counts["messages_too_large"] += message.size_bytes > MESSAGE_BYTES
        back = self._open.returned(message.identity, now_ns)
        was_stored = back is not None and back[0].stored
        accepted = call.status is not None and 200 <= call.status < 300
        if back is None and not message.known:
            self._select(message, source)
        if message.known and back is None:
            self._counts["again_though_accepted"] += 1
        if message.class_ == "duplicates":
            self._sampled("duplicates", message, explained=back is not None)
        elif message.class_ == "discarded":
            self._discarded[message.reason or ""] += 1
        elif message.class_ != "stored":
            self._refused[f"{message.class_}: {message.reason}" if message.reason else message.class_] += 1
        self._counts["unique"] += message.stored
        if message.stored or message.class_ == "discarded":
            self._arrived(message, retried=back is not None)
        if accepted:
            if back is not None or not message.known:
                self._second.states["messages.accepted"] += 1
                self._second.accepted_messages += 1
                self._counts["accepted"] += 1
        elif back is not None or not message.known:
            asked_ns = self._judges.asked_wait_ns(call.retry_after, now_ns)
            last = OpenTry(
                now_ns, asked_ns, self._judges.is_retried(call.status), was_stored or message.stored
            )
            forgotten = self._open.turned_away(message.identity, last)
            if forgotten is not None:
                self._end(forgotten, "abandoned")
        return None if back is None else back[1]

    def _select(self, message: SeenMessage, source: str) -> None:
        second = self._second
        second.states["messages.selected"] += 1
        second.by_kind[message.kind or "(none)"] += 1
        second.by_source[source] += 1
        second.first_sent_items += 1

    def _arrived(self, message: SeenMessage, *, retried: bool) -> None:
        """A message is here that was not before: what order and expectations are judged by."""
        explained = self._order.met(message.people, message.stamp_ms, retried=retried)
        if explained is not None:
            self._sampled("out_of_order", message, explained=explained)
        if self._expected is not None and not self._expected.met(message.value):
            self._sampled("unexpected", message, explained=False)

    def _sampled(self, name: str, message: SeenMessage, *, explained: bool) -> None:
        self._counts[name] += 1
        if explained:
            self._counts[f"{name}_explained"] += 1
        elif message.id is not None and len(self._samples[name]) < SAMPLES_MOST:
            self._samples[name].append(message.id)

    def _count_returns(self, call: SeenCall, returns: Sequence[Return]) -> bool:
        """Whether a call is a retry, by its own word or by what it holds."""
        marked = bool(call.tries)
        self._tries_most = max(self._tries_most, call.tries or 0)
        if not marked and not returns:
            self._second.first_sent += 1
            return False
        self._counts["retries"] += 1
        self._counts["unmarked"] += not marked
        self._counts["marked_alone"] += not returns and call.api == _TRACKING
        self._counts["returned"] += len(returns)
        if not returns:
            return True
        # A batch may gather what was turned away at different times: its youngest part waited least.
        self._waits.record(min(found.waited_ns for found in returns))
        judged = [found.too_early for found in returns if found.too_early is not None]
        if judged:
            self._second.retry_after_violated += any(judged)
            self._second.retry_after_honoured += not any(judged)
        return True

    def _count_answer(self, call: SeenCall, request: Request, now_ns: int, *, is_retry: bool) -> None:
        second = self._second
        part = second if call.api == _TRACKING else self._parts[call.api]
        name = "none" if call.status is None else str(call.status)
        part.by_status[name] += 1
        if not is_retry:
            part.first_by_status[name] += 1
        if call.retry_after is not None and self._judges.is_retried(call.status):
            second.retry_after_asked += 1
        if call.status is not None and 200 <= call.status < 300:
            part.accepted += 1
            second.last_accepted_ns = now_ns - (self.first_ns or 0)
            if isinstance(part, ApiPart) and call.method == "GET":
                part.read += 1
        elif call.status == _THROTTLED:
            part.throttled += 1
            self._counts["throttled"] += 1
            for limit, scope, _, _ in self._windows.of(request):
                second.use(limit, scope, Use(0, 0, 1))

    def _end(self, last: OpenTry, open_state: str) -> None:
        state = open_state if last.may_return else "rejected"
        if state != "pending":  # which is what is left of the selected
            self._second.states[f"messages.{state}"] += 1

    def _counted_source(self, source: str) -> str:
        if source not in self._sources:
            if len(self._sources) >= SOURCES_MOST:
                return OTHER_SOURCES
            self._sources.add(source)
        return source

    def _pass_to(self, now_ns: int) -> None:
        number = (now_ns - (self.first_ns or 0)) // NS_PER_S
        if number > self._number:
            end_ns = (self.first_ns or 0) + (self._number + 1) * NS_PER_S
            self.sent_in_last_second = self._second.sent if number == self._number + 1 else 0
            self._take_windows(end_ns)
            self._write()
            self._number = number

    def _take_windows(self, until_ns: int) -> None:
        second = self._second
        second.sent_in_1s = self._requests_in_1s.take(until_ns)[0]
        second.sent_messages_in_1s = self._messages_in_1s.take(until_ns)[0]
        for limit, scope, _, window in self._windows:
            peak, over_ns = window.take(until_ns)
            if peak or over_ns:
                second.use(limit, scope, Use(peak, over_ns, 0))

    def _write(self) -> None:
        form = joined(self._second, self._parts)
        if form:
            self._timeline.append({"second": self._number} | form)
        self._second, self._parts = Counters(), defaultdict(ApiPart)

    def _observed(self, unreadable: int, expected: ExpectedFigures | None) -> Observed:
        counts = self._counts
        return Observed(
            calls_elsewhere=counts["elsewhere"],
            unreadable_requests=unreadable,
            retries=Retries(
                requests=counts["retries"],
                unmarked=counts["unmarked"],
                marked_alone=counts["marked_alone"],
                tries_most=self._tries_most,
                messages=counts["returned"],
                again_though_accepted=counts["again_though_accepted"],
                wait_ms=figures(self._waits),
            ),
            request_bytes=sizes(self._bodies),
            message_bytes=sizes(self._messages),
            messages_per_request=sizes(self._carried),
            requests_too_large=counts["requests_too_large"],
            messages_too_large=counts["messages_too_large"],
            people=self._order.people,
            people_forgotten=self._order.forgotten,
            order_judged=self._order.judged,
            tries_forgotten=self._open.forgotten,
            refused=dict(self._refused),
            clock_steps=counts["clock_steps"],
            unique=counts["unique"],
            duplicates=counts["duplicates"],
            duplicates_explained=counts["duplicates_explained"],
            out_of_order=counts["out_of_order"],
            out_of_order_explained=counts["out_of_order_explained"],
            stored_unconfirmed=counts["stored_unconfirmed"],
            discarded=dict(self._discarded),
            samples={name: tuple(ids) for name, ids in self._samples.items() if ids},
            expected=expected,
        )
