"""Make small runs through the real tally, map and timeline, for the tests of this room."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

from harness.expectations import parse_expectation
from harness.measure.delivery_map import DeliveryMap
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import Summary, fold
from harness.measure.tally import RunTally
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import (
    Answer,
    Arrival,
    Decision,
    Failure,
    Outcome,
    Settlement,
    State,
    Waits,
)
from harness.report.document import RunFacts, build_document
from harness.segment.limits import BRIEF
from harness.throttle.evidence import EngineFacts, Evidence
from harness.throttle.expected import judge_expectations
from harness.throttle.verdict import judge
from harness.units import NS_PER_MS, NS_PER_S
from tests.measure.sends import START_NS, WALL_NS, a_request, an_item


def run_summary(
    *, items, rate_per_s, limit_per_s=500, seed=7, sources=("shop",), closed_loop=False
) -> Summary:
    """A steady rate with a 1.5-fold middle; sends over the limit are answered 429, then tried again."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        delivery_map = DeliveryMap.create(Path(folder, "delivery.map"), run_id="r1", fingerprint={})
        path = Path(folder, "timeline.ndjson")
        tally = RunTally(
            delivery_map=delivery_map, timeline=TimelineWriter(path), limits=BRIEF, closed_loop=closed_loop
        )
        tally.opened(START_NS - NS_PER_S)
        tally.started(START_NS, WALL_NS)
        in_second: dict[int, int] = {}
        due_ns, end_ns = 0, START_NS
        for index in range(items):
            busy = 0.3 < index / items < 0.6
            due_ns += round(NS_PER_S / rate_per_s / (1.5 if busy else 1) * chance.uniform(0.8, 1.2))
            arrival = Arrival(due_ns, an_item(index, source=sources[index % len(sources)]))
            tally.selected([arrival.item])
            tally.released([arrival])
            lag_ns = int(chance.expovariate(1 / 40_000))
            sent_ns = START_NS + due_ns + lag_ns
            second = sent_ns // NS_PER_S
            in_second[second] = in_second.get(second, 0) + 1
            refused = in_second[second] > limit_per_s
            took_ns = int(chance.lognormvariate(0.4, 0.5) * NS_PER_MS)
            tally.sending(a_request([arrival]), sent_ns)
            waits = Waits(lag_ns=lag_ns)
            if not closed_loop:
                tally.first_sent([waits], sent_ns)
            decision = (
                Decision(Outcome.RETRY, NS_PER_S, asked_wait_ns=None)
                if refused
                else Decision(Outcome.ACCEPTED)
            )
            tally.answered(
                a_request([arrival]), Answer(sent_ns, sent_ns + took_ns, 429 if refused else 200), decision
            )
            done_ns = sent_ns + took_ns
            if refused:
                again = a_request([arrival], 2)
                tally.sending(again, done_ns + 2 * NS_PER_MS)
                done_ns += 5 * NS_PER_MS
                broken = chance.random() < 0.01
                answer = (
                    Answer(done_ns - 3 * NS_PER_MS, done_ns, failure=Failure.CLOSED)
                    if broken
                    else Answer(done_ns - 3 * NS_PER_MS, done_ns, 200)
                )
                tally.answered(again, answer, Decision(Outcome.ABANDONED if broken else Outcome.ACCEPTED))
                state = State.ABANDONED if broken else State.ACCEPTED
                tally.settled(
                    [Settlement(arrival, state, waits, sent_ns, done_ns, 2, None if broken else 200)]
                )
            else:
                tally.settled([Settlement(arrival, State.ACCEPTED, waits, sent_ns, done_ns, 1, 200)])
            end_ns = max(end_ns, done_ns)
        tally.close(end_ns)
        summary = fold(Timeline(path), delivery_map, recorded=items)
        delivery_map.close()
    return summary


def clean_account(items):
    return Reconciliation("ledger", True, items, 0, 0, 0, 0, 0, 0, 0, 0, {}, {})


def facts(**changed) -> RunFacts:
    plain = RunFacts(
        run_id="20260102-030405-ab12",
        state="finished",
        plan={"speed": 1.0, "rate": None, "order": "person", "batch": "none", "exceed_limits": False},
        recording={"name": "recordings/otto-shop.ndjson", "items": 2_400},
        target="http://127.0.0.1:8765",
        started_wall_ns=WALL_NS,
        duration_ns=12_400_000_000,
        mock={"instance": "m1"},
        engine=EngineFacts(users_opened=16, users_limit=512),
        command="harness replay recordings/otto-shop.ndjson --rate 200/s",
        made_with={"harness": "0.1.0"},
    )
    return replace(plain, **changed)


def a_document(*, items=300, rate_per_s=50, reconciled=True, of=None, expect=(), **run):
    of = of or facts()
    summary = run_summary(items=items, rate_per_s=rate_per_s, **run)
    account = clean_account(items) if reconciled else None
    figures = build_document(of, summary, account)
    outcomes = judge_expectations(map(parse_expectation, expect), figures)
    return build_document(of, summary, account, judge(Evidence(summary, account, of.engine), outcomes))
