"""Fakes named by behaviour, and a bench that steps a dispatcher through time without a loop or a socket."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from harness.engine.batches import Batcher
from harness.engine.ceiling import Ceiling
from harness.engine.dispatcher import Dispatcher
from harness.engine.jobs import Load
from harness.model import (
    Answer,
    Arrival,
    Attempts,
    Decide,
    Decision,
    Item,
    Limit,
    Outcome,
    Place,
    Request,
    Settlement,
    State,
    Waits,
)
from harness.units import NS_PER_MS, NS_PER_S

MS = NS_PER_MS
S = NS_PER_S


def item(
    index: int,
    *,
    keys: Iterable[str] = (),
    source: str = "web",
    group: object = None,
    raw: bytes | None = None,
    at_ns: int | None = None,
    api: str = "tracking",
    kind: str = "track",
    path: str = "",
) -> Item:
    place = Place("a.ndjson", index + 1, 0, 100, -1, raw)
    return Item(index, api, kind, source, at_ns, 0, tuple(keys), group, place, path)


def arrival(index: int, due_ns: int, **item_fields: Any) -> Arrival:
    return Arrival(due_ns, item(index, **item_fields))


def limit(count: int, *, unit: str = "requests", scope: str = "source", window_ns: int = S) -> Limit:
    return Limit("tracking", f"{count}", count, window_ns, unit, scope, "a test")


class NotingTally:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.sends: list[tuple[int, tuple[int, ...]]] = []  # (instant, indexes)
        self.waits: dict[int, Waits] = {}
        self.settlements: dict[int, Settlement] = {}
        self.statuses: list[int | None] = []

    def started(self, now_ns: int, wall_ns: int) -> None: ...

    def selected(self, items: Sequence[Item]) -> None:
        self.order += [f"selected {item.index}" for item in items]

    def filtered(self, item: Item, reason: str) -> None: ...

    def released(self, arrivals: Sequence[Arrival]) -> None:
        self.order += [f"released {arrival.item.index}" for arrival in arrivals]

    def sending(self, request: Request, now_ns: int) -> None:
        self.sends.append((now_ns, tuple(each.item.index for each in request.arrivals)))

    def first_sent(self, waits: Sequence[Waits], now_ns: int) -> None:
        _, indexes = self.sends[-1]
        self.waits.update(zip(indexes, waits, strict=True))

    def answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        self.statuses.append(answer.status)

    def settled(self, settlements: Sequence[Settlement]) -> None:
        for settlement in settlements:
            index = settlement.arrival.item.index
            assert index not in self.settlements, f"item {index} settled twice"
            self.settlements[index] = settlement
        assert len({(settlement.state, settlement.done_ns) for settlement in settlements}) == 1

    def opened(self, now_ns: int) -> None: ...

    def states(self) -> dict[int, State]:
        return {index: settlement.state for index, settlement in sorted(self.settlements.items())}


class ObeysRetryAfter:
    """A small retry table: 2xx accepted, 400 rejected, 429 and 500 again after a wait, ten tries at most."""

    def __init__(self, back_off_ns: int = 100 * MS) -> None:
        self.back_off_ns = back_off_ns

    def __call__(self, answer: Answer, attempts: Attempts, now_ns: int) -> Decision:
        if answer.status is not None and answer.status < 300:
            return Decision(Outcome.ACCEPTED)
        if answer.status == 400:
            return Decision(Outcome.REJECTED)
        if attempts.counted + 1 >= 10:
            return Decision(Outcome.ABANDONED)
        if answer.retry_after is not None:
            wait_ns = int(answer.retry_after) * S
            return Decision(Outcome.RETRY, wait_ns, pauses_scope=answer.status == 429, asked_wait_ns=wait_ns)
        return Decision(Outcome.RETRY, self.back_off_ns, counted=True, pauses_scope=answer.status == 429)


Script = Callable[[Load, int], Answer]


def answers_after(service_ns: int, status: int = 200) -> Script:
    def script(load: Load, now_ns: int) -> Answer:
        return Answer(now_ns, now_ns + service_ns, status)

    return script


class Bench:
    """Users that answer as the script says, and time that jumps to whatever is next."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        users: int = 16,
        limits: Iterable[Limit] = (),
        batch: str | int = "none",
        batch_wait_ns: int = S,
        message_bytes: int = 100,
        ordered: bool = True,
        closed_loop: bool = False,
        backlog: int = 200_000,
        look_ahead: int = 4_000,
        decide: Decide | None = None,
        late_ns: int = 0,
        dispatcher: Callable[..., Dispatcher] = Dispatcher,
        late_after_ns: int | None = None,
    ) -> None:
        self.tally = NotingTally()
        self.now_ns = 1_000 * S
        self.script = script or answers_after(1 * MS)
        self.late_ns = late_ns
        self.in_flight_persons: list[set[str]] = []
        self._answers: list[tuple[int, int, Load, Request, Answer, set[str]]] = []
        self._sequence = itertools.count()
        self.dispatcher = dispatcher(
            tally=self.tally,
            decide=decide or ObeysRetryAfter(),
            ceiling=Ceiling(tuple(limits), chance=random.Random(7)),
            batcher=Batcher(mode=batch, wait_ns=batch_wait_ns, measure=lambda _: message_bytes),
            ordered=ordered,
            closed_loop=closed_loop,
            late_after_ns=late_after_ns,
            backlog=backlog,
            look_ahead=look_ahead,
        )
        for _ in range(users):
            self.dispatcher.join(self)

    def carry(self, load: Load) -> None:
        request = Request(load.api, load.source, "POST", "/", (), b"", load.arrivals, load.attempts.sends + 1)
        self.dispatcher.departing(load, request, self.now_ns)
        answer = self.script(load, self.now_ns)
        keys = {key for each in load.arrivals for key in each.item.keys}
        assert not any(keys & other for other in self.in_flight_persons), "a person in two requests at once"
        self.in_flight_persons.append(keys)
        heapq.heappush(self._answers, (answer.done_ns, next(self._sequence), load, request, answer, keys))

    def run(self, arrivals: Iterable[Arrival], *, until_ns: int | None = None) -> NotingTally:
        """Feed all arrivals as the dispatcher asks for them, and jump through time until nothing is left."""
        start_ns = self.now_ns
        feed = iter(arrivals)
        self.dispatcher.start(start_ns)
        fed_all = False
        for _ in range(1_000_000):
            while not fed_all and self.dispatcher.wants_more(self.now_ns):
                each = next(feed, None)
                if each is None:
                    fed_all = True
                    self.dispatcher.exhaust()
                else:
                    self.dispatcher.feed([each])
            next_ns = self.dispatcher.advance(self.now_ns)
            if self.dispatcher.finished:
                return self.tally
            instants = [
                at for at in (next_ns, self._answers[0][0] if self._answers else None) if at is not None
            ]
            if not instants:
                raise AssertionError(f"stuck: {self.dispatcher!r}")
            self.now_ns = max(self.now_ns, min(instants)) + self.late_ns
            if until_ns is not None and self.now_ns - start_ns > until_ns:
                return self.tally
            self.answer_due()
        raise AssertionError("endless")

    def answer_due(self) -> None:
        while self._answers and self._answers[0][0] <= self.now_ns:
            _, _, load, request, answer, keys = heapq.heappop(self._answers)
            self.in_flight_persons.remove(keys)
            self.dispatcher.answered(self, load, request, answer)

    def answer_all(self) -> None:
        while self._answers:
            self.now_ns = max(self.now_ns, self._answers[0][0])
            self.answer_due()
