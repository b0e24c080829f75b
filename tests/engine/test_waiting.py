"""What waits is told by what it waits for, and with how long the ceiling needs for it."""

import pytest

from harness.engine.waiting import Backed, needs_ns
from harness.model import Answer, Waiting
from tests.engine.fakes import MS, Bench, S, answers_after, arrival, limit


def standing_after(bench, arrivals, run_ns):
    start_ns = bench.now_ns
    bench.dispatcher.start(start_ns)
    bench.dispatcher.feed(arrivals)
    for after_ns in range(0, run_ns + 1, MS):
        bench.now_ns = start_ns + after_ns
        bench.answer_due()
        bench.dispatcher.advance(bench.now_ns)
    return bench.dispatcher.standing(bench.now_ns)


def test_a_backlog_at_the_ceiling_is_counted_and_timed():
    bench = Bench(limits=[limit(10, window_ns=60 * S)])
    standing = standing_after(bench, [arrival(i, i * 10 * MS) for i in range(100)], 990 * MS)
    assert standing.waiting == Waiting(ceiling=90)
    (backed,) = standing.backed
    assert (backed.waiting, backed.came, backed.each_ns) == (90, 100, 6 * S)
    # The first of the ten stops counting a minute after it was answered.
    assert backed.opens_ns == pytest.approx(59 * S, abs=100 * MS)
    assert (standing.next_is, standing.next_in_ns) == ("ceiling", backed.opens_ns)
    assert needs_ns(standing.backed, None) == pytest.approx(59 * S + 90 * 6 * S, abs=S)


def test_each_item_waits_for_one_thing_and_they_add_up():
    def script(load, now_ns):
        index = load.arrivals[0].item.index
        if index == 0:
            return Answer(now_ns, now_ns + MS, 429, retry_after="20")
        if index == 50:
            return Answer(now_ns, now_ns + MS, 500)
        return Answer(now_ns, now_ns + 60 * S, 200)

    arrivals = [
        *(arrival(i, i * MS, source="paused") for i in range(5)),  # a 429 holds the first and the others
        *(arrival(i, 10 * MS, source="slow", keys=["u:ann"]) for i in range(10, 14)),  # one after the other
        arrival(50, 20 * MS, source="failing"),  # is tried again
        *(arrival(i, 30 * MS, source="many") for i in range(60, 70)),  # more than there are users
        arrival(99, 90 * S),  # is not due
    ]
    bench = Bench(script=script, users=6)
    standing = standing_after(bench, arrivals, 60 * MS)
    waiting = standing.waiting
    in_flight = bench.dispatcher._in_flight_items
    assert waiting == Waiting(pause=waiting.pause, person=3, user=waiting.user, retry=2)
    assert sum(waiting) == 5 + 4 + 1 + 10 - in_flight
    assert waiting.user == 10 - (in_flight - 1) - (4 - waiting.pause)
    assert (standing.ahead, standing.next_is) == (1, "retry")


def test_what_waits_in_a_batch_is_told_as_that():
    bench = Bench(batch=10, batch_wait_ns=5 * S)
    standing = standing_after(bench, [*(arrival(i, 0) for i in range(13)), arrival(13, 9 * S)], 100 * MS)
    assert standing.waiting == Waiting(batch=3)


def test_a_limit_of_messages_counts_what_is_in_the_requests_and_one_of_a_workspace_counts_all_sources():
    limits = [limit(20, unit="messages", scope="workspace", window_ns=60 * S)]
    bench = Bench(limits=limits, batch=10)
    standing = standing_after(bench, [arrival(i, 0, source="ab"[i % 2]) for i in range(60)], 100 * MS)
    assert standing.waiting == Waiting(ceiling=40)
    (backed,) = standing.backed
    assert (backed.waiting, backed.came) == (40, 60)


def test_nothing_waits_where_nothing_is_in_the_way():
    bench = Bench(script=answers_after(50 * MS))
    standing = standing_after(bench, [arrival(0, 0), arrival(1, 100 * S)], 60 * MS)
    assert (standing.waiting, standing.backed) == (Waiting(), ())
    assert (standing.next_is, round(standing.next_in_ns / S)) == ("due", 100)
    assert round(standing.ahead_ends_ns / S) == 100


def test_the_fullest_limit_says_how_long_it_takes_with_what_is_still_to_come():
    config = Backed(waiting=1_000, came=1_200, each_ns=0.6 * S, opens_ns=30 * S)
    tracking = Backed(waiting=2_000, came=90_000, each_ns=2 * MS, opens_ns=0)
    assert needs_ns((config, tracking), None) == 630 * S
    assert needs_ns((config, tracking), 1.0) == 630 * S
    # Half of all items were due: as many again will come.
    assert needs_ns((config, tracking), 0.5) == (30 + 2_200 * 0.6) * S
    assert needs_ns((tracking,), 0.5) == 184 * S
    assert needs_ns((), 0.5) == 0
