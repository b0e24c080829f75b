"""`--late drop`: what is late by our own doing is dropped, and nothing else is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.jobs import Job, Load
from harness.engine.lateness import take_late
from harness.model import State
from tests.engine.fakes import MS, Bench, S, answers_after, arrival, limit


def a_load(*due_ms, limit_ms=0, lane_ms=0, batch_ms=0, sends=0):
    load = Load("tracking", "web")
    for index, due in enumerate(due_ms):
        job = Job(arrival(index, due * MS), 0)
        job.ready_ns = lane_ms * MS
        job.batch_ns = batch_ms * MS
        load.add(job, 0)
    load.limit_ns = limit_ms * MS
    load.attempts.sends = sends
    return load


@pytest.mark.parametrize(
    ("held", "late"),
    [
        ({}, True),
        ({"limit_ms": 600}, False),
        ({"lane_ms": 600}, False),
        ({"batch_ms": 600}, False),
        ({"limit_ms": 200, "lane_ms": 200, "batch_ms": 99}, True),
        ({"sends": 1}, False),
    ],
)
def test_only_lag_and_user_wait_make_an_item_late(held, late):
    load = a_load(0, **held)
    taken = take_late(load, 1_500 * MS, 1_000 * MS)
    assert bool(taken) == late
    assert len(load.jobs) == 1 - len(taken)


def test_late_is_later_than_so_much_and_none_drops_nothing():
    assert take_late(a_load(0), S, S) == []
    assert len(take_late(a_load(0), S + 1, S)) == 1
    assert take_late(a_load(0), 99 * S, None) == []


def test_a_batch_leaves_without_its_late_items():
    load = a_load(0, 900, 100)
    assert [job.arrival.due_ns // MS for job in take_late(load, 1_500 * MS, S)] == [0, 100]
    assert [job.arrival.due_ns // MS for job in load.jobs] == [900]


def test_with_too_few_users_the_late_are_dropped_and_the_rest_leaves_in_time():
    bench = Bench(script=answers_after(400 * MS), users=1, late_after_ns=S)
    tally = bench.run(arrival(i, i * 100 * MS) for i in range(40))
    states = tally.states()
    assert set(states.values()) == {State.ACCEPTED, State.DROPPED}
    assert all(tally.settlements[i].sent_ns is None for i in states if states[i] is State.DROPPED)
    assert all(wait.user_ns + wait.lag_ns <= S for wait in tally.waits.values())
    assert len(states) == 40
    assert bench.dispatcher.backlog.stops == 0


def test_what_the_ceiling_held_is_sent_however_late():
    bench = Bench(limits=[limit(2)], users=9, late_after_ns=100 * MS)
    tally = bench.run(arrival(i, 0) for i in range(10))
    assert set(tally.states().values()) == {State.ACCEPTED}
    assert tally.waits[9].limit_ns > 3 * S


def test_what_is_dropped_takes_no_room_below_the_ceiling():
    bench = Bench(script=answers_after(400 * MS), users=1, late_after_ns=S, limits=[limit(5)])
    tally = bench.run(arrival(i, i * 50 * MS) for i in range(60))
    assert sum(state is State.DROPPED for state in tally.states().values()) > 20
    assert all(wait.limit_ns == 0 for wait in tally.waits.values())


def test_a_person_goes_on_behind_a_dropped_item():
    bench = Bench(script=answers_after(3 * S), users=1, late_after_ns=S)
    tally = bench.run(
        [
            arrival(0, 0, keys=["u:bob"]),
            arrival(1, 10 * MS, keys=["u:ann"]),
            arrival(2, 2_900 * MS, keys=["u:ann"]),
        ]
    )
    assert tally.states() == {0: State.ACCEPTED, 1: State.DROPPED, 2: State.ACCEPTED}


@settings(max_examples=40, deadline=None)
@given(
    due_ms=st.lists(st.integers(0, 3_000), min_size=1, max_size=40).map(sorted),
    users=st.integers(1, 3),
    service_ms=st.integers(1, 900),
    batch=st.sampled_from(["none", 4]),
    people=st.integers(1, 5),
    refuses=st.booleans(),
)
def test_every_item_is_settled_once_under_any_mix(due_ms, users, service_ms, batch, people, refuses):
    bench = Bench(
        script=answers_after(service_ms * MS, 400 if refuses else 200), users=users, batch=batch,
        batch_wait_ns=50 * MS, late_after_ns=300 * MS, limits=[limit(30)],
    )  # fmt: skip
    tally = bench.run(arrival(i, due * MS, keys=[f"u:{i % people}"]) for i, due in enumerate(due_ms))
    assert sorted(tally.settlements) == list(range(len(due_ms)))
    sent = {index for _, indexes in tally.sends for index in indexes}
    assert sent == {index for index, state in tally.states().items() if state is not State.DROPPED}
