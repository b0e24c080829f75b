import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.schedule.arrivals import at_once, constant, recorded
from tests.engine.fakes import S, item


def timed(*seconds: float, first_index: int = 0):
    return [item(first_index + i, at_ns=round(at * S)) for i, at in enumerate(seconds)]


def dues(arrivals):
    return [arrival.due_ns for arrival in arrivals]


@pytest.mark.parametrize(
    ("at_s", "speed", "due_s"),
    [
        ([100, 100.5, 103], 1, [0, 0.5, 3]),
        ([100, 100.5, 103], 2, [0, 0.25, 1.5]),
        ([100, 100.5, 103], 0.5, [0, 1, 6]),
        ([0, 0, 0], 7, [0, 0, 0]),
        ([5, 4, 6], 1, [0, -1, 1]),  # read out of order: due in the past, so it goes at once
    ],
)
def test_a_due_time_is_the_recorded_offset_over_the_speed(at_s, speed, due_s):
    assert dues(recorded([timed(*at_s)], speed=speed)) == [round(due * S) for due in due_s]


@given(gaps=st.lists(st.integers(0, 10**12), min_size=1, max_size=200), speed=st.floats(0.01, 1e6))
def test_due_times_do_not_drift_however_many_items_there_are(gaps, speed):
    at_ns = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    arrivals = recorded([[item(i, at_ns=at) for i, at in enumerate(at_ns)]], speed=speed)
    for at, due_ns in zip(at_ns, dues(arrivals), strict=True):
        assert abs(due_ns - (at - at_ns[0]) / speed) <= 1


def test_a_further_pass_begins_one_mean_gap_after_the_one_before():
    passes = [timed(10, 11, 14), timed(10, 11, 14, first_index=3)]
    assert dues(recorded(passes, speed=1)) == [0, S, 4 * S, 6 * S, 7 * S, 10 * S]


def test_a_recording_of_one_instant_repeats_each_second():
    assert dues(recorded([timed(10), timed(10)], speed=2)) == [0, S // 2]


def test_a_constant_rate_has_no_rounding_that_adds_up():
    arrivals = constant([[item(i) for i in range(2_000)], [item(i) for i in range(1_001)]], rate_per_s=3)
    assert dues(arrivals)[-1] == 1_000 * S


def test_an_empty_pass_ends_an_endless_loop():
    def for_ever():
        while True:
            yield []

    assert list(recorded(for_ever(), speed=1)) == []
    assert list(constant(for_ever(), rate_per_s=1)) == []
    assert list(at_once(for_ever())) == []


def test_at_max_rate_timestamps_are_the_recorded_offsets_scaled_into_one_second():
    assert dues(at_once([timed(10, 15, 20)], first_at_ns=10 * S, span_ns=10 * S)) == [0, S // 2, S]
    assert dues(at_once([timed(10, 15, 20)])) == [0, 0, 0]
