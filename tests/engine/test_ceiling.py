import random

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.ceiling import Ceiling
from harness.engine.jobs import Job, Load
from tests.engine.fakes import MS, S, arrival, limit


def load(source: str = "web", messages: int = 1) -> Load:
    made = Load("tracking", source)
    for index in range(messages):
        made.add(Job(arrival(index, 0), 0), 10)
    return made


def ceiling(*limits, lifted: bool = False) -> Ceiling:
    return Ceiling(limits, chance=random.Random(3), lifted=lifted)


@settings(max_examples=80, deadline=None)
@given(
    count=st.integers(1, 6),
    ways=st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 300), st.floats(0, 1)), min_size=1, max_size=40
    ),
)
def test_the_receiver_never_sees_more_than_the_limit_in_any_window_however_long_the_way(count, ways):
    held = ceiling(limit(count))
    now_ns, flying, received = 0, [], []
    for gap_ms, service_ms, share in ways:
        now_ns += gap_ms * MS
        each = load()
        while True:
            for done_ns, other in sorted(flying, key=lambda pair: pair[0]):
                if done_ns <= now_ns:
                    held.end(other, done_ns)
            flying = [(done_ns, other) for done_ns, other in flying if done_ns > now_ns]
            opens_ns = held.opens_at(each, now_ns)
            if opens_ns == now_ns:
                break
            now_ns = opens_ns if opens_ns is not None else min(done_ns for done_ns, _ in flying)
        held.begin(each, now_ns)
        flying.append((now_ns + service_ms * MS, each))
        received.append(now_ns + int(service_ms * MS * share))
    for at in received:
        assert sum(at <= other < at + S for other in received) <= count


def test_bursts_up_to_the_limit_are_not_delayed():
    held = ceiling(limit(500))
    for _ in range(500):
        each = load()
        assert held.opens_at(each, 7 * S) == 7 * S
        held.begin(each, 7 * S)
    assert held.opens_at(load(), 7 * S) is None


def test_the_window_opens_one_window_after_the_answer():
    held = ceiling(limit(1))
    first = load()
    held.begin(first, 0)
    held.end(first, 40 * MS)
    assert held.opens_at(load(), 50 * MS) == S + 40 * MS


def test_each_source_has_its_own_window_and_a_workspace_one_for_all():
    held = ceiling(limit(1), limit(2, scope="workspace"))
    for source in ("web", "app"):
        each = load(source)
        assert held.opens_at(each, 0) == 0
        held.begin(each, 0)
    assert held.opens_at(load("other"), 0) is None


def test_the_tightest_limit_decides_and_messages_count_by_their_number():
    held = ceiling(limit(100), limit(10, unit="messages", scope="workspace"))
    held.begin(load(messages=8), 0)
    assert held.opens_at(load(messages=2), 0) == 0
    assert held.opens_at(load(messages=3), 0) is None


def test_a_batch_larger_than_the_whole_limit_goes_when_the_window_is_empty():
    held = ceiling(limit(10, unit="messages"))
    large = load(messages=25)
    assert held.opens_at(large, 0) == 0
    held.begin(large, 0)
    assert held.opens_at(load(), 0) is None
    held.end(large, MS)
    assert held.opens_at(load(), S + 2 * MS) == S + 2 * MS


def test_a_lifted_ceiling_still_obeys_a_pause():
    held = ceiling(limit(1), lifted=True)
    each = load()
    held.begin(each, 0)
    held.begin(load(), 0)
    assert held.opens_at(load(), 0) == 0
    held.pause(each, 2 * S, 0)
    assert held.opens_at(load(), S) >= 2 * S


def test_a_pause_wakes_a_little_late_and_never_early():
    woken = set()
    for seed in range(30):
        held = Ceiling((limit(100),), chance=random.Random(seed))
        held.pause(load(), 10 * S, 0)
        woken.add(held.opens_at(load(), S))
    assert min(woken) >= 10 * S
    assert max(woken) <= 10 * S + 500 * MS
    assert len(woken) > 20


def test_a_later_shorter_pause_does_not_shorten_the_one_in_force():
    held = ceiling(limit(100))
    held.pause(load(), 10 * S, 0)
    held.pause(load(), 1 * S, 0)
    assert held.opens_at(load(), 2 * S) >= 10 * S


def test_once_the_backlog_is_gone_sends_are_free_again():
    held = ceiling(limit(10))
    held.pause(load(), S, 0)
    now_ns = held.opens_at(load(), 2 * S)
    held.begin(load(), now_ns)
    assert held.opens_at(load(), now_ns) > now_ns
    held.dry(load(), now_ns)
    assert held.opens_at(load(), now_ns) == now_ns
