import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.jobs import Load
from harness.model import Answer, State
from tests.engine.fakes import MS, Bench, S, answers_after, arrival, limit


def test_items_leave_when_they_are_due_whatever_the_answers_take():
    bench = Bench(script=answers_after(700 * MS), users=200)
    tally = bench.run(arrival(i, i * 10 * MS) for i in range(100))
    start_ns = 1_000 * S
    assert [(at - start_ns, indexes) for at, indexes in tally.sends] == [
        (i * 10 * MS, (i,)) for i in range(100)
    ]
    assert all(waits.lag_ns == 0 for waits in tally.waits.values())


def test_slow_answers_do_not_delay_later_arrivals():
    def first_one_hangs(load: Load, now_ns: int) -> Answer:
        slow = load.arrivals[0].item.index == 0
        return Answer(now_ns, now_ns + (14 * S if slow else MS), 200)

    tally = Bench(script=first_one_hangs, users=2).run(arrival(i, i * 10 * MS) for i in range(50))
    assert tally.sends[-1][0] == 1_000 * S + 490 * MS


def test_an_item_is_released_once_and_never_before_its_due_time():
    bench = Bench()
    bench.dispatcher.start(bench.now_ns)
    bench.dispatcher.feed([arrival(0, 5 * MS)])
    assert bench.dispatcher.advance(bench.now_ns + 5 * MS - 1) == bench.now_ns + 5 * MS
    assert bench.tally.sends == []
    bench.dispatcher.advance(bench.now_ns + 5 * MS)
    bench.dispatcher.advance(bench.now_ns + 6 * MS)
    assert bench.tally.order == ["selected 0", "released 0"]


def test_a_person_is_never_in_two_requests_at_once_and_the_wait_is_called_lane_wait():
    tally = Bench(script=answers_after(30 * MS)).run(
        arrival(i, i * 10 * MS, keys=["u:ann"]) for i in range(4)
    )
    assert [indexes for _, indexes in tally.sends] == [(0,), (1,), (2,), (3,)]
    assert [tally.waits[i].lane_ns // MS for i in range(4)] == [0, 20, 40, 60]
    assert all(waits.lag_ns == 0 and waits.user_ns == 0 for waits in tally.waits.values())


def test_order_carries_over_a_link_between_two_ids():
    # a, then a+u, then u: the last never shares an id with the first, and still comes after it.
    tally = Bench(script=answers_after(50 * MS)).run(
        [
            arrival(0, 0, keys=["a:1"]),
            arrival(1, 1 * MS, keys=["u:ann", "a:1"]),
            arrival(2, 2 * MS, keys=["u:ann"]),
            arrival(3, 2 * MS, keys=["u:bob"]),
        ]
    )
    assert [indexes[0] for _, indexes in tally.sends] == [0, 3, 1, 2]


def test_without_order_each_item_goes_when_it_is_due():
    bench = Bench(script=answers_after(30 * MS), ordered=False)
    bench.in_flight_persons = NeverMinds()
    tally = bench.run(arrival(i, 0, keys=["u:ann"]) for i in range(4))
    assert {at for at, _ in tally.sends} == {1_000 * S}


def test_with_too_few_users_the_wait_is_called_user_wait():
    tally = Bench(script=answers_after(10 * MS), users=1).run(arrival(i, 0) for i in range(3))
    assert [tally.waits[i].user_ns // MS for i in range(3)] == [0, 10, 20]
    assert [tally.waits[i].lag_ns for i in range(3)] == [0, 0, 0]


def test_the_ceiling_holds_the_limit_in_every_window_and_the_wait_is_called_limit_wait():
    bench = Bench(limits=[limit(10)], script=answers_after(1 * MS), users=100)
    tally = bench.run(arrival(i, i * MS) for i in range(50))
    instants = [at for at, _ in tally.sends]
    for at in instants:
        assert sum(at <= other < at + S for other in instants) <= 10
    assert tally.waits[10].limit_ns == 1_001 * MS - 10 * MS
    assert tally.waits[10].user_ns == 0
    assert tally.waits[10].lag_ns == 0


def test_our_own_lateness_is_lag_and_not_blamed_on_the_ceiling():
    bench = Bench(limits=[limit(1)], script=answers_after(1 * MS), late_ns=2 * MS)
    tally = bench.run([arrival(0, 0), arrival(1, 0)])
    assert tally.waits[1].limit_ns == 1_001 * MS
    assert tally.waits[1].lag_ns == 2 * MS


@settings(max_examples=60, deadline=None)
@given(
    plan=st.lists(
        st.tuples(
            st.integers(0, 300),
            st.lists(st.sampled_from(["u:1", "u:2", "a:1", "a:2", "a:3"]), max_size=2, unique=True),
            st.sampled_from([200, 200, 200, 400, 429, 500]),
            st.integers(1, 80),
        ),
        max_size=40,
    ),
    users=st.integers(1, 5),
    batch=st.sampled_from(["none", 1, 3, 100]),
)
def test_waits_add_up_everything_settles_and_a_person_keeps_its_order(plan, users, batch):
    answers = [(status, service) for _, _, status, service in plan]
    told = iter(answers)

    def script(load: Load, now_ns: int) -> Answer:
        status, service_ms = next(told, (200, 1))
        return Answer(now_ns, now_ns + service_ms * MS, status)

    due = sorted(offset for offset, *_ in plan)
    arrivals = [arrival(i, due[i] * MS, keys=keys) for i, (_, keys, _, _) in enumerate(plan)]
    bench = Bench(script=script, users=users, limits=[limit(5)], batch=batch, late_ns=1_000)
    tally = bench.run(arrivals)

    assert set(tally.states()) == set(range(len(plan)))
    assert set(tally.states().values()) <= {State.ACCEPTED, State.REJECTED, State.ABANDONED}
    first_sent = {}
    for at, indexes in tally.sends:
        for position, index in enumerate(indexes):
            first_sent.setdefault(index, (at, position))
    for each in arrivals:
        index = each.item.index
        waits = tally.waits[index]
        pieces = (waits.lane_ns, waits.limit_ns, waits.batch_ns, waits.user_ns, waits.lag_ns)
        assert sum(pieces) == first_sent[index][0] - 1_000 * S - each.due_ns
        assert min(pieces) >= 0
        for earlier in arrivals[:index]:
            if set(earlier.item.keys) & set(each.item.keys):
                assert first_sent[earlier.item.index] < first_sent[index]


def test_a_429_pauses_its_scope_for_as_long_as_asked_and_lets_the_others_run():
    def throttles_web_once(load: Load, now_ns: int) -> Answer:
        if load.source == "web" and load.arrivals[0].item.index == 0 and load.attempts.sends == 1:
            return Answer(now_ns, now_ns + MS, 429, retry_after="3")
        return Answer(now_ns, now_ns + MS, 200)

    bench = Bench(script=throttles_web_once, limits=[limit(500)])
    tally = bench.run(arrival(i, i * 100 * MS, source="web" if i % 2 == 0 else "app") for i in range(40))
    web = [at for at, indexes in tally.sends if indexes[0] % 2 == 0]
    app = [at for at, indexes in tally.sends if indexes[0] % 2 == 1]
    assert web[0] == 1_000 * S
    assert web[1] >= 1_000 * S + 3 * S + MS
    assert app == [1_000 * S + i * 100 * MS for i in range(1, 40, 2)]
    assert set(tally.states().values()) == {State.ACCEPTED}


def test_after_a_pause_the_retry_goes_first_and_the_backlog_drips_at_the_limit():
    def throttles_first(load: Load, now_ns: int) -> Answer:
        if load.arrivals[0].item.index == 0 and load.attempts.sends == 1:
            return Answer(now_ns, now_ns + MS, 429, retry_after="1")
        return Answer(now_ns, now_ns + MS, 200)

    bench = Bench(script=throttles_first, limits=[limit(100)], users=100)
    tally = bench.run(arrival(i, i * 10 * MS) for i in range(100))
    after = [(at, indexes[0]) for at, indexes in tally.sends[1:]]
    assert after[0][1] == 0
    assert [index for _, index in after[1:]] == list(range(1, 100))
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(after)]
    assert min(gaps[:50]) >= 5 * MS  # half the limit's gap: no herd


def test_a_retry_is_the_same_items_and_gives_up_after_its_attempts():
    tally = Bench(script=answers_after(MS, status=500)).run([arrival(0, 0)])
    assert tally.states() == {0: State.ABANDONED}
    assert tally.settlements[0].attempts == 10
    assert [indexes for _, indexes in tally.sends] == [(0,)] * 10


def test_a_batch_closes_by_count_and_by_age():
    tally = Bench(batch=3, batch_wait_ns=200 * MS).run(arrival(i, i * 10 * MS) for i in range(5))
    sent = [((at - 1_000 * S) // MS, indexes) for at, indexes in tally.sends]
    assert sent == [(20, (0, 1, 2)), (230, (3, 4))]
    assert tally.waits[0].batch_ns == 20 * MS


def test_one_persons_items_share_a_batch_in_their_order():
    tally = Bench(batch=100, batch_wait_ns=100 * MS, script=answers_after(S)).run(
        arrival(i, i * MS, keys=["u:ann"]) for i in range(10)
    )
    assert [indexes for _, indexes in tally.sends] == [tuple(range(10))]


def test_batches_of_one_person_wait_for_each_other():
    tally = Bench(batch=2, script=answers_after(50 * MS)).run(arrival(i, 0, keys=["u:ann"]) for i in range(4))
    sent = [((at - 1_000 * S) // MS, indexes) for at, indexes in tally.sends]
    assert sent[0] == (0, (0, 1))
    # The answer at 50 ms lets both followers go at once: they fill the second batch together.
    assert sent[1] == (50, (2, 3))


def test_an_item_over_32_kb_goes_alone():
    bench = Bench(batch=10, message_bytes=40_000)
    tally = bench.run(arrival(i, 0) for i in range(3))
    assert sorted(indexes for _, indexes in tally.sends) == [(0,), (1,), (2,)]


def test_a_batch_never_exceeds_475_kb():
    bench = Bench(batch=100, message_bytes=30_000)
    tally = bench.run(arrival(i, 0) for i in range(40))
    assert max(len(indexes) for _, indexes in tally.sends) == 15


def test_one_person_is_kept_in_order_when_a_batch_is_full_by_size():
    bench = Bench(batch=100, message_bytes=30_000, script=answers_after(20 * MS))
    tally = bench.run(arrival(i, 0, keys=["u:ann"]) for i in range(40))
    assert [index for _, indexes in tally.sends for index in indexes] == list(range(40))


def test_recorded_batches_are_kept():
    groups = ["x", "x", "y", None, "z", "z", "z"]
    tally = Bench(batch="recorded").run(
        arrival(i, (i // 2) * 10 * MS if group is None else ord(group) * MS, group=group)
        for i, group in sorted(enumerate(groups), key=lambda pair: ord(pair[1] or "a"))
    )
    assert sorted(indexes for _, indexes in tally.sends) == [(0, 1), (2,), (3,), (4, 5, 6)]
    assert all(waits.batch_ns == 0 for waits in tally.waits.values())


def test_two_recorded_batches_of_one_instant_are_not_torn():
    order = [(0, "x"), (1, "y"), (2, "x"), (3, "y")]
    tally = Bench(batch="recorded").run(arrival(i, 0, group=group) for i, group in order)
    assert sorted(indexes for _, indexes in tally.sends) == [(0, 2), (1, 3)]


def test_a_recorded_batch_waits_for_its_member_in_a_lane():
    bench = Bench(batch="recorded", script=answers_after(40 * MS))
    tally = bench.run(
        [
            arrival(0, 0, keys=["u:ann"]),
            arrival(1, 10 * MS, group="x", keys=["u:bob"]),
            arrival(2, 10 * MS, group="x", keys=["u:ann"]),
            arrival(3, 500 * MS),
        ]
    )
    assert [indexes for _, indexes in tally.sends] == [(0,), (1, 2), (3,)]


def test_a_stop_cancels_what_was_never_sent_and_settles_what_is_in_flight():
    bench = Bench(script=answers_after(100 * MS), users=2)
    bench.run((arrival(i, i * 10 * MS) for i in range(100)), until_ns=55 * MS)
    bench.dispatcher.stop(bench.now_ns)
    assert not bench.dispatcher.finished
    bench.answer_all()
    assert bench.dispatcher.finished
    counts = Counter(bench.tally.states().values())
    assert counts == {State.ACCEPTED: 2, State.CANCELLED: 98}
    assert bench.dispatcher.advance(bench.now_ns + S) is None


def test_an_item_that_waited_for_its_retry_is_pending_after_a_stop():
    bench = Bench(script=answers_after(MS, status=500), decide=None)
    bench.run([arrival(0, 0), arrival(1, 3_000 * MS)], until_ns=50 * MS)
    bench.dispatcher.stop(bench.now_ns)
    bench.answer_all()
    assert bench.tally.states() == {1: State.CANCELLED}
    assert bench.dispatcher.pending == 1


def test_the_reader_stops_at_the_backlog_and_is_told_for_whose_sake():
    def web_is_down(load: Load, now_ns: int) -> Answer:
        if load.source == "web" and now_ns < 1_005 * S:
            return Answer(now_ns, now_ns + MS, 429, retry_after="5")
        return Answer(now_ns, now_ns + MS, 200)

    fed = 0

    def arrivals():
        nonlocal fed
        for i in range(3_000):
            fed = i
            yield arrival(i, i * MS, source="web")

    bench = Bench(script=web_is_down, limits=[limit(10_000)], backlog=100, users=4)
    bench.run(arrivals(), until_ns=3 * S)
    assert fed <= 110
    tally = bench.tally
    assert len(tally.states()) == 0


def test_the_time_the_reader_stood_still_is_counted_by_source():
    bench = Bench(script=answers_after(1 * S), users=1, backlog=5)
    bench.run(arrival(i, 0, source="web") for i in range(10))
    assert list(bench.dispatcher.backlog.stood_ns) == ["web"]
    assert bench.dispatcher.backlog.stood_ns["web"] > 0


def test_closed_loop_keeps_the_users_busy_and_has_no_waits():
    bench = Bench(script=answers_after(10 * MS), users=4, closed_loop=True)
    tally = bench.run(arrival(i, 0) for i in range(40))
    assert tally.waits == {}
    assert bench.now_ns - 1_000 * S == 100 * MS
    assert set(tally.states().values()) == {State.ACCEPTED}


def test_closed_loop_fills_its_batches_and_sends_the_last_when_its_source_is_dry():
    bench = Bench(closed_loop=True, batch=10, users=2)
    tally = bench.run(arrival(i, 0) for i in range(25))
    assert sorted(len(indexes) for _, indexes in tally.sends) == [5, 10, 10]


def test_closed_loop_does_not_wait_for_ever_for_a_slow_source():
    bench = Bench(closed_loop=True, batch=10, batch_wait_ns=200 * MS)
    bench.dispatcher.start(bench.now_ns)
    bench.dispatcher.feed([arrival(0, 0)])
    assert bench.dispatcher.advance(bench.now_ns) == bench.now_ns + 200 * MS
    bench.dispatcher.advance(bench.now_ns + 200 * MS)
    assert [indexes for _, indexes in bench.tally.sends] == [(0,)]


@pytest.mark.parametrize("users", [1, 3])
def test_users_short_says_how_many_requests_wait_for_a_user(users):
    bench = Bench(script=answers_after(S), users=users)
    bench.dispatcher.start(bench.now_ns)
    for i in range(5):
        bench.dispatcher.feed([arrival(i, 0)])
    bench.dispatcher.advance(bench.now_ns)
    assert bench.dispatcher.users_short == 5 - users


class NeverMinds(list):
    def append(self, _):
        pass

    def remove(self, _):
        pass


def test_an_item_whose_batch_closed_before_its_turn_waits_for_the_answer():
    keys = [["a"], ["a", "b"], ["b"], ["a"], ["b"]]
    bench = Bench(users=4, batch=3, batch_wait_ns=5 * MS)
    arrivals = [arrival(0, 0, keys=["a", "b"])]
    arrivals += [arrival(1 + place, 0, keys=of) for place, of in enumerate(keys)]
    bench.run(arrivals)
    assert set(bench.tally.states().values()) == {State.ACCEPTED}


def test_a_source_with_a_backlog_holds_up_no_other():
    backlog = [arrival(i, 0, source="late") for i in range(1_000)]
    steady = [arrival(1_000 + i, i * 50 * MS, source="calm") for i in range(50)]
    bench = Bench(users=2, script=answers_after(10 * MS))
    tally = bench.run(sorted(backlog + steady, key=lambda each: each.due_ns))
    assert max(tally.waits[1_000 + i].user_ns for i in range(50)) <= 20 * MS
    assert tally.waits[999].user_ns > 3 * S
