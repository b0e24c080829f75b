"""What becomes of an item that the ceiling would hold, and of those of other scopes."""

from collections import Counter
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.on_limit import DROP, STOP, TurningAway
from harness.model import Answer, Limit, State
from tests.engine.fakes import MS, Bench, S, answers_after, arrival, limit

TRAITS = "/v1/spaces/s/collections/users/profiles/user_id:u/traits"
PROFILE = Limit("profile", "2/s", 2, S, "requests", "space", "a test")


def no_stop():
    raise AssertionError("nothing was to be stopped")


def dropping(**options):
    return Bench(dispatcher=partial(TurningAway, policy=DROP, stop=no_stop), **options)


def read(index, due_ns, **fields):
    return arrival(index, due_ns, api="profile", kind="GET", path=TRAITS, source="server", **fields)


def test_what_the_ceiling_would_hold_is_dropped_and_nothing_waits():
    bench = dropping(limits=[limit(3)])
    tally = bench.run(arrival(i, i * 10 * MS) for i in range(10))
    assert "0 unfinished, 0 queued" in repr(bench.dispatcher)
    assert Counter(tally.states().values()) == {State.ACCEPTED: 3, State.DROPPED: 7}
    assert [indexes for _, indexes in tally.sends] == [(0,), (1,), (2,)]
    dropped = [tally.settlements[i] for i in range(3, 10)]
    assert all(each.sent_ns is None and each.attempts == 0 and each.waits is None for each in dropped)
    assert all(waits.limit_ns == 0 for waits in tally.waits.values())


def test_a_batch_that_the_ceiling_would_hold_is_dropped_whole():
    tally = dropping(limits=[limit(1)], batch=4).run(arrival(i, 0) for i in range(10))
    assert Counter(tally.states().values()) == {State.ACCEPTED: 4, State.DROPPED: 6}


def test_a_dropped_item_lets_its_person_go_on():
    arrivals = [arrival(0, 0), arrival(1, 1 * MS, keys=["u:ann"]), arrival(2, 1_200 * MS, keys=["u:ann"])]
    tally = dropping(limits=[limit(1)]).run(arrivals)
    assert tally.states() == {0: State.ACCEPTED, 1: State.DROPPED, 2: State.ACCEPTED}


def test_what_was_sent_once_waits_for_its_next_attempt_and_is_never_dropped():
    seen = []

    def first_fails(load, now_ns):
        seen.append(load.arrivals[0].item.index)
        return Answer(now_ns, now_ns + MS, 500 if len(seen) == 1 else 200)

    tally = dropping(limits=[limit(1)], script=first_fails).run([arrival(0, 0), arrival(1, 500 * MS)])
    assert tally.states() == {0: State.ACCEPTED, 1: State.DROPPED}
    assert tally.settlements[0].attempts == 2


def test_a_pause_that_a_429_asked_for_is_waited_out_and_not_dropped():
    def throttles_the_first(load, now_ns):
        throttled = load.arrivals[0].item.index == 0 and not load.attempts.sends > 1
        return Answer(now_ns, now_ns + MS, 429 if throttled else 200, retry_after="2" if throttled else None)

    tally = dropping(limits=[limit(100)], script=throttles_the_first).run(
        [arrival(0, 0), arrival(1, 50 * MS), arrival(2, 60 * MS)]
    )
    assert set(tally.states().values()) == {State.ACCEPTED}
    assert tally.sends[1][0] - tally.sends[0][0] >= 2 * S


def test_stop_is_called_at_the_first_item_that_would_wait():
    stops = []
    bench = Bench(
        limits=[limit(2)],
        dispatcher=partial(
            TurningAway,
            policy=STOP,
            stop=lambda: (stops.append(bench.now_ns), bench.dispatcher.stop(bench.now_ns)),
        ),
    )
    tally = bench.run(arrival(i, i * 10 * MS) for i in range(6))
    assert [at - 1_000 * S for at in stops] == [20 * MS]
    bench.answer_all()
    assert Counter(tally.states().values()) == {State.ACCEPTED: 2, State.CANCELLED: 4}


def test_a_run_that_asks_for_less_than_the_limit_notices_nothing():
    bench = Bench(limits=[limit(5)], dispatcher=partial(TurningAway, policy=STOP, stop=no_stop))
    tally = bench.run(arrival(i, i * 300 * MS) for i in range(12))
    assert set(tally.states().values()) == {State.ACCEPTED}


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40),
    count=st.integers(1, 4),
    batch=st.sampled_from(["none", 3]),
)
def test_under_any_mix_every_item_ends_and_none_waited_for_the_ceiling(gaps, count, batch):
    due_ns, arrivals = 0, []
    for index, (gap_ms, is_read, person) in enumerate(gaps):
        due_ns += gap_ms * MS
        arrivals.append(read(index, due_ns) if is_read else arrival(index, due_ns, keys=[f"u:{person}"]))
    bench = dropping(limits=[limit(count), PROFILE], batch=batch, script=answers_after(20 * MS))
    bench.in_flight_persons = []
    tally = bench.run(arrivals)
    assert set(tally.states().values()) <= {State.ACCEPTED, State.DROPPED}
    assert len(tally.states()) == len(gaps)
    assert all(waits.limit_ns == 0 for waits in tally.waits.values())


@pytest.mark.parametrize("throttled", ["profile", "tracking"])
def test_a_429_pauses_its_scope_and_lets_the_others_run(throttled):
    def script(load, now_ns):
        first = load.api == throttled and now_ns == 1_000 * S
        return Answer(now_ns, now_ns + MS, 429 if first else 200, retry_after="30" if first else None)

    arrivals = [(read if i % 2 else arrival)(i, i // 2 * 600 * MS) for i in range(20)]
    tally = Bench(limits=[limit(100), PROFILE], script=script).run(arrivals)
    others = [waits for i, waits in tally.waits.items() if (i % 2 == 1) is (throttled == "tracking")]
    assert len(others) == 10
    assert all(waits.limit_ns == 0 for waits in others)
    later = [at for at, indexes in tally.sends if (indexes[0] % 2 == 1) is (throttled == "profile")][1:]
    assert min(later) >= 1_030 * S
    # No herd: the backlog of ten drains one by one, not at once.
    assert len(set(later)) == len(later)


def test_a_call_never_shares_a_batch_with_messages_or_with_another_call():
    tally = Bench(batch=10).run([arrival(0, 0), read(1, 0), read(2, 0), arrival(3, 0)])
    assert sorted(indexes for _, indexes in tally.sends) == [(0, 3), (1,), (2,)]
