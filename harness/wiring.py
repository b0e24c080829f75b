"""Hand each room what it needs of the others: the one place where a replay's rooms are joined."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from harness.clock import Clock
from harness.copies import copy_of, key_as_read, message_of, rounds_of
from harness.engine.cores import usable_cores
from harness.engine.paperwork import MOST, Paperwork
from harness.how_far import status_of
from harness.live import Live, live_of
from harness.measure.busiest import Busiest
from harness.measure.delivery_map import DeliveryMap
from harness.measure.freshness import Freshness
from harness.measure.recent import RecentSeconds
from harness.measure.settling import SettlingTally
from harness.measure.tally import RunTally
from harness.measure.timeline import Record
from harness.measure.trace import TraceWriter
from harness.model import Arrival, Item, Sender
from harness.plan import Plan
from harness.prepare import MERGED_SOURCE, Aim
from harness.recording.kept import Prepare
from harness.recording.parser import See
from harness.recording.reader import Recording
from harness.report.document import RUNNING, RunFacts, build_document, write_json
from harness.report.progress import View
from harness.segment.message_ids import id_prefix, message_id
from harness.segment.profile_paths import with_person, with_space
from harness.send.connection import Connection, Wire
from harness.send.connections import Connections
from harness.send.encode import Encoder
from harness.send.encode_call import CallEncoder
from harness.send.guard import is_loopback
from harness.send.retry import Retrier, RetryPolicy
from harness.send.route import route_to
from harness.timetable import shifts_of
from harness.timing import DROP
from harness.transform.multiply import multiply
from harness.transform.reidentify import copied_id
from harness.transform.renew import Rounds, renewed
from harness.transform.select import Selection, why_filtered
from harness.transform.strip import strip
from harness.units import NS_PER_S, format_instant_ms
from harness.ways import Way, heads_of, selection_of

if TYPE_CHECKING:
    from harness.conclude import Result
    from harness.engine.run import Replay

_OUT_BEYOND: Final = {"All": False}  # no destination hears of a replay unless the user says so

Passes = Iterable[Iterable[Item]]


@dataclass(slots=True)
class Account:
    """What is written down while a run goes on."""

    delivery_map: DeliveryMap
    timeline: Path
    tally: RunTally
    paperwork: Paperwork
    message_id: Callable[[Item], str]
    prepare: Prepare | None = None  # for a recording that is kept in memory
    see: See | None = None  # for one that is not: hears of messages as they are read
    live: Live | None = None  # where the run is to be looked at while it goes on
    taken: int = 0  # items read, filtered ones included
    connections: int = 0  # made for users that serve several APIs; 0 when each has one
    busiest: Busiest = field(default_factory=Busiest)
    recent: RecentSeconds | None = None
    rounds: Rounds | None = None  # of a step of a search for capacity: each pass has people of its own
    ended_ns: int | None = None  # when the run was over and its timeline was closed
    left_over: bool = False  # an item was read for which the stages have no due time
    unused_ns: int = 0  # of the stages, when the recording ended first

    def ended(self, left: Item | None, unused_ns: int) -> None:
        """The stages or the items came to their end, as `schedule.rates.by_rate` tells it."""
        self.unused_ns = unused_ns
        if left is not None:
            self.left_over = True
            self.taken -= 1

    def close(self, now_ns: int) -> None:
        """Write the end of the timeline, once."""
        if self.ended_ns is None:
            self.ended_ns = now_ns
            self.paperwork.do_all()
            self.tally.close(now_ns)


@dataclass(slots=True)
class Run:
    """One replay from its preparation to its report."""

    plan: Plan
    recording: Recording
    aim: Aim
    account: Account
    replay: "Replay"
    clock: Clock
    shown_second: int = -1  # when it was last shown how far it is
    other_requests: int = 0  # sent by Locust users that are not ours
    _result: "Result | None" = None

    @property
    def result(self) -> "Result":
        """The end of the story; there once the run was concluded."""
        assert self._result is not None, "the run was not concluded"  # noqa: S101 - an order of our own code
        return self._result

    @result.setter
    def result(self, result: "Result") -> None:
        self._result = result


@contextmanager
def keep_account(plan: Plan, recording: Recording, aim: Aim, *, clock: Clock) -> Iterator[Account]:
    """Open what a run writes: the delivery map, the timeline, a trace where asked; and say that it runs."""
    prefix = id_prefix(aim.run_id)

    def fresh(item: Item) -> str:
        return message_id(prefix, item.index)

    def kept(item: Item) -> str:
        recorded_id = recording.message(item).get("messageId")
        return recorded_id if isinstance(recorded_id, str) and recorded_id else fresh(item)

    id_of = kept if plan.ids == "keep" else fresh
    delivery_map = DeliveryMap.create(
        aim.folder / "delivery.map", run_id=aim.run_id, fingerprint=recording.fingerprint()
    )
    timeline = aim.folder / "timeline.ndjson"
    paperwork = Paperwork(clock, most=0 if plan.closed_loop else MOST)
    live = live_of(plan, aim.run_id, aim.target.url)
    recent = RecentSeconds(timeline, None if live is None else partial(_heard, live, paperwork))
    tally_of = partial(SettlingTally, plan.step.settle_ns) if plan.step and plan.step.settle_ns else RunTally
    tally = tally_of(
        delivery_map=delivery_map,
        timeline=recent,
        limits=aim.limits,
        freshness=Freshness(key_as_read(plan))
        if "profile" in aim.ways and aim.ways["profile"].permit.is_mock
        else None,
        closed_loop=plan.closed_loop,
        trace=TraceWriter(aim.folder / "trace.ndjson", id_of) if plan.trace else None,
        later=paperwork.put,
    )
    facts = RunFacts(
        run_id=aim.run_id,
        state=RUNNING,
        plan=plan.as_json(),
        recording=recording.about(),
        target=aim.target.url,
        targets=aim.urls,
        proxies=aim.proxies,
    )
    write_json(aim.folder / "run.json", build_document(facts))
    account = Account(delivery_map, timeline, tally, paperwork, id_of)
    account.rounds, account.live, account.recent = rounds_of(plan), live, recent
    if live is not None:
        live.limits = lambda: recent.recent().by_limit
    try:
        yield account
    finally:
        account.close(clock.now_ns())
        delivery_map.close()


def read(
    plan: Plan, recording: Recording, account: Account | None = None, *, below_index: int | None = None
) -> Iterator[Iterable[Item]]:
    """The passes of the recording, each a stream of items; none begins at or above `below_index`."""
    first_index, number = 0, 0
    rounds = account.rounds if account else rounds_of(plan)
    while plan.loop is None or number < plan.loop:
        if below_index is not None and first_index * plan.multiply >= below_index:
            return
        # Where nothing is due, the order is that of reading.
        in_time = not plan.closed_loop
        open_pass = partial(
            recording.items,
            first_index=first_index,
            breathe=_breathe,
            in_time=in_time,
            whole=True,
        )
        if rounds is not None:
            yield renewed(open_pass(), rounds.begin(first_index))
        elif plan.multiply > 1:
            yield multiply(open_pass, shifts_of(plan))
        else:
            yield open_pass(
                prepare=account.prepare if account is not None else None,
                see=account.see if account is not None else None,
            )
        first_index += recording.counts.items
        number += 1


def transform(plan: Plan, passes: Passes, account: Account | None, aim: Aim) -> Iterator[Iterable[Item]]:
    """Leave out what is not replayed; with an account, count what is read."""
    selection: Selection = selection_of(plan, aim.ways)
    space = aim.ways["profile"].space if "profile" in aim.ways else None
    rounds = account.rounds if account else rounds_of(plan)

    def selected(items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if account is not None:
                account.taken += 1
                account.busiest.meet(item.keys)
            reason = why_filtered(item, selection)
            if reason is not None:
                if account is not None:
                    account.tally.filtered(item, reason)
                continue
            if item.api == "profile":
                path = _profile_path(plan, item, space, copy_of(plan, item, rounds))
                item = item._replace(path=path)  # noqa: PLW2901 - the same call
            yield item._replace(source=MERGED_SOURCE) if plan.merge_sources else item

    for items in passes:
        yield selected(items)


def _profile_path(plan: Plan, item: Item, space: str | None, copy: int) -> str:
    """The path of a Profile call as this run asks it: in its own space, of the copy's own person."""
    path = item.path if space is None else with_space(item.path, space)
    return with_person(path, lambda text: copied_id(text, copy, str(plan.seed))) if copy else path


def prepare_run(
    plan: Plan,
    recording: Recording,
    aim: Aim,
    account: Account,
    arrivals: Iterator[Arrival],
    *,
    clock: Clock,
    chance: Random,
    view: View,
) -> Run:
    """Everything joined and nothing sent."""
    from harness.engine.ceiling import Ceiling
    from harness.engine.pulse import may_spin
    from harness.engine.run import Replay, Settings

    tally = account.tally
    encoder = Encoder(
        read=message_of(plan, recording, account.rounds),
        strip=strip,
        message_id=account.message_id,
        timestamp=None if plan.timestamps == "keep" else lambda arrival: _moved(run, arrival),
        sent_at=lambda: format_instant_ms(clock.wall_ns()),
        integrations=_integrations(plan, aim),
        batch=plan.batch != "none",
        version=version("segment-harness"),
        calls=CallEncoder(
            read=message_of(plan, recording, account.rounds), version=version("segment-harness")
        ),
    )
    if plan.ids == "fresh":
        account.prepare, account.see = encoder.common, encoder.take

    def wire_of(way: Way) -> Wire:
        return Wire(
            route=route_to(way.target, way.permit, now_ns=clock.now_ns),
            heads=heads_of(way),
            now_ns=clock.now_ns,
            opened=tally.opened,
            refused=lambda error: replay.fail(error),  # noqa: PLW0108 - it is made below
            target=way.target,
            connect_timeout_ns=plan.connect_timeout,
            answer_timeout_ns=plan.answer_timeout,
            wall_ns=clock.wall_ns,
        )

    wires = {api: wire_of(way) for api, way in aim.ways.items()}

    def connection() -> Sender:
        if set(wires) == {"tracking"}:  # a user of messages alone is spared the choice
            return Connection(wires["tracking"])
        return Connections({api: partial(_call_connection, account, wire) for api, wire in wires.items()})

    policy = RetryPolicy(mode="none" if plan.retry == "none" else "obey", total_ns=plan.retry_for)
    replay = Replay(
        Settings(
            users=plan.users,
            batch=plan.batch,
            batch_wait_ns=plan.batch_wait,
            ordered=plan.order == "person",
            on_limit=plan.on_limit,
            closed_loop=plan.closed_loop,
            duration_ns=plan.duration,
            late_after_ns=plan.late_after if plan.late == DROP else None,
            stop_timeout_ns=plan.stop_timeout,
            backlog=plan.backlog,
            backlog_bytes=plan.backlog_bytes,
            spins=may_spin(plan.pace, is_local=is_target_local(aim), cores=usable_cores()),
        ),
        arrivals=arrivals,
        tally=tally,
        paperwork=account.paperwork,
        decide=Retrier(policy, chance, clock.wall_ns),
        encode=encoder,
        prepare=encoder.prepare,
        measure=encoder.measure,
        connection=connection,
        ceiling=Ceiling(aim.limits, chance=chance, lifted=plan.exceed_limits, batch=plan.batch != "none"),
        clock=clock,
        on_tick=lambda now_ns: _tick(run, view, now_ns),
    )
    run = Run(plan, recording, aim, account, replay, clock)
    return run


def _call_connection(account: Account, wire: Wire) -> Connection:
    account.connections += 1
    return Connection(wire)


def _heard(live: Live, paperwork: Paperwork, record: Record) -> None:
    paperwork.put(partial(live.running.hear, record))


def _tick(run: Run, view: View, now_ns: int) -> None:
    run.account.tally.flush(now_ns)
    live, started_ns = run.account.live, run.replay.started_ns
    if live is not None and started_ns is not None:
        later = run.account.paperwork.put
        later(partial(live.look, now_ns - started_ns, run.replay.stop, later))
    second = 0 if started_ns is None else (now_ns - started_ns) // NS_PER_S
    if second != run.shown_second:
        run.shown_second = second
        # Drawing has time until nothing is due.
        run.account.paperwork.put(lambda: view.show(status_of(run, now_ns)))


def _moved(run: Run, arrival: Arrival) -> str:
    """A recorded timestamp moved to this run: as late before its due time as it was before its receipt."""
    start_wall_ns = run.replay.started_wall_ns or 0
    return format_instant_ms(start_wall_ns + arrival.due_ns - arrival.item.lateness_ns)


def is_target_local(aim: Aim) -> bool:
    """Whether the target runs on this machine, and so on the same cores."""
    return aim.is_bundled or any(is_loopback(way.target.host) for way in aim.ways.values())


def _integrations(plan: Plan, aim: Aim) -> dict[str, object] | None:
    if isinstance(plan.integrations, dict):
        return plan.integrations
    if plan.integrations == "recorded" or not aim.permit.beyond:
        return None
    return dict(_OUT_BEYOND)


def _breathe() -> None:
    gevent = sys.modules.get("gevent")
    if gevent is not None:
        gevent.sleep(0)
