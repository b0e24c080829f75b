"""Sliding windows against a count made the slow way."""

from hypothesis import given
from hypothesis import strategies as st

from harness.measure.window import SlidingCount
from harness.units import NS_PER_S

SENDS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 3)), max_size=60)


@given(SENDS, st.integers(1, 20), st.integers(1, 6), st.integers(0, 30))
def test_peak_and_time_over_are_those_of_counting_each_instant(gaps, window_ns, limit, rest_ns):
    sends, now_ns = [], 0
    for gap_ns, units in gaps:
        now_ns += gap_ns
        sends.append((now_ns, units))
    end_ns = now_ns + rest_ns
    tested = SlidingCount(window_ns, limit)
    for sent_ns, units in sends:
        tested.add(units, sent_ns)
    held = [sum(n for at, n in sends if at <= t < at + window_ns) for t in range(end_ns + 1)]
    assert tested.take(end_ns) == (max(held) if sends else 0, sum(count > limit for count in held[:end_ns]))


@given(SENDS, st.integers(1, 20), st.integers(1, 6), st.lists(st.booleans(), max_size=60))
def test_taking_in_between_loses_no_time_and_no_peak(gaps, window_ns, limit, takes):
    once, often = SlidingCount(window_ns, limit), SlidingCount(window_ns, limit)
    now_ns, peaks, over_ns = 0, [0], 0
    for place, (gap_ns, units) in enumerate(gaps):
        now_ns += gap_ns
        once.add(units, now_ns)
        often.add(units, now_ns)
        if place < len(takes) and takes[place]:
            peak, over = often.take(now_ns)
            peaks.append(peak)
            over_ns += over
    peak, over = often.take(now_ns)
    assert (max([*peaks, peak]), over_ns + over) == once.take(now_ns)


def test_a_quiet_stretch_after_a_busy_one_begins_with_what_the_window_still_holds():
    window = SlidingCount(10, limit=1)
    window.add(3, 8)
    assert window.take(10) == (3, 2)
    assert window.take(20) == (3, 8)
    assert window.take(30) == (0, 0)


def test_a_send_leaves_the_window_exactly_one_window_later():
    window = SlidingCount(10, limit=1)
    window.add(1, 0)
    window.add(1, 10)
    assert window.take(20) == (1, 0)


def test_a_full_minute_is_full_also_in_a_second_that_sends_nothing():
    minute, second = SlidingCount(60 * NS_PER_S, 100), SlidingCount(NS_PER_S, 100)
    for window in (minute, second):
        window.add(100, 0)
    for number in range(1, 60):
        assert minute.take(number * NS_PER_S)[0] == 100
    assert minute.take(60 * NS_PER_S)[0] == 100
    assert minute.take(61 * NS_PER_S)[0] == 0
    assert [second.take(number * NS_PER_S)[0] for number in (1, 2)] == [100, 0]
