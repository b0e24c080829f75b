import itertools
import math
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.schedule.rates import by_rate, due_times, even, expected, lasts_ns, poisson, steady
from harness.timing import RAMP, STEP, Stage
from tests.engine.fakes import S, item


def step(rate_per_s, duration_s):
    return Stage(STEP, rate_per_s, round(duration_s * S))


def ramp(rate_per_s, duration_s):
    return Stage(RAMP, rate_per_s, round(duration_s * S))


def dues_s(*stages):
    return [due_ns / S for due_ns in due_times(stages, even())]


STAGES = st.lists(
    st.builds(
        Stage,
        st.sampled_from([STEP, RAMP]),
        st.one_of(st.just(0.0), st.integers(1, 200).map(float), st.integers(1, 300).map(lambda n: n / 60)),
        st.integers(1, 20 * S),
    ),
    min_size=1,
    max_size=6,
)


def integral_at(stages, at_ns):
    """The plain sum of rectangles and trapezoids that the due times are the inverse of."""
    reached, before, begin_ns = Fraction(0), Fraction(0), 0
    for stage in stages:
        rate = Fraction(stage.rate_per_s).limit_denominator(1_000)
        start = before if stage.shape == RAMP else rate
        inside_ns = min(max(0, at_ns - begin_ns), stage.duration_ns)
        now = start + (rate - start) * Fraction(inside_ns, stage.duration_ns)
        reached += (start + now) / 2 * Fraction(inside_ns, S)
        before, begin_ns = rate, begin_ns + stage.duration_ns
    return reached


@pytest.mark.parametrize(
    ("stages", "due_s"),
    [
        ([step(2, 2)], [0, 0.5, 1, 1.5]),
        ([step(2, 1), step(4, 1)], [0, 0.5, 1, 1.25, 1.5, 1.75]),
        ([step(1, 2), step(0, 5), step(1, 2)], [0, 1, 7, 8]),  # nobody comes while the rate is 0
        ([step(0, 3), step(1, 2)], [3, 4]),
        ([step(100 / 60, 1.2)], [0, 0.6]),  # 100/min is 5/3, not the float beside it
        ([ramp(2, 4)], [0, 2, 8**0.5, 12**0.5]),  # 0 to 2/s in 4 s: t² / 4 = i
        ([step(2, 1), ramp(0, 2)], [0, 0.5, 1, 1 + 2 - 2**0.5]),
        ([step(1, 0.5), step(2, 1)], [0, 0.75, 1.25]),
        ([step(1, 0.5), step(1, 0.5), step(1, 1)], [0, 1]),  # what a stage leaves open the next one fills
    ],
)
def test_an_item_is_due_where_the_integral_of_the_rate_passes_its_number(stages, due_s):
    assert dues_s(*stages) == pytest.approx(due_s, abs=1e-9)


@settings(max_examples=60)
@given(stages=STAGES, data=st.data())
def test_every_window_holds_what_its_integral_says_give_or_take_one(stages, data):
    dues = list(itertools.islice(due_times(stages, even()), 5_000))
    length_ns = sum(stage.duration_ns for stage in stages)
    assert dues == sorted(dues)
    assert all(0 <= due <= length_ns for due in dues)
    if len(dues) < 5_000:
        assert len(dues) == math.ceil(integral_at(stages, length_ns)) == math.ceil(expected(stages))
        a_ns, b_ns = sorted(data.draw(st.integers(0, length_ns)) for _ in "ab")
        # A due time is rounded to the nanosecond, so the window's edges are uncertain by one.
        held = sum(a_ns <= due < b_ns for due in dues)
        assert abs(held - (integral_at(stages, b_ns) - integral_at(stages, a_ns))) <= 1 + Fraction(1, 10**5)


def test_ten_hours_at_ten_thousand_a_second_drift_by_nothing():
    stages = [step(10_000, 36_000), step(100 / 60, 60)]
    last = 10_000 * 36_000
    assert list(due_times(stages, [last - 1, last, last + 1])) == [
        36_000 * S - S // 10_000, 36_000 * S, 36_000 * S + 600_000_000,
    ]  # fmt: skip


def test_an_item_far_up_a_ramp_is_due_to_the_nanosecond():
    mark = 90_000_000  # half way through the items of 0 to 10,000/s in ten hours
    exact_ns = math.isqrt(mark * 2 * 36_000 * S * S // 10_000)
    assert abs(next(due_times([ramp(10_000, 36_000)], [mark])) - exact_ns) <= 1


def test_poisson_arrivals_follow_the_rate_and_forget_each_other():
    dues = list(due_times([step(50, 100), ramp(0, 100)], poisson(Random(4))))
    assert dues == sorted(dues)
    assert sum(due < 100 * S for due in dues) == pytest.approx(5_000, abs=4 * 5_000**0.5)
    assert len(dues) == pytest.approx(7_500, abs=4 * 7_500**0.5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(dues) if later < 100 * S]
    mean = sum(gaps) / len(gaps)
    assert math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean == pytest.approx(1, abs=0.05)
    assert dues == list(due_times([step(50, 100), ramp(0, 100)], poisson(Random(4))))
    assert dues != list(due_times([step(50, 100), ramp(0, 100)], poisson(Random(5))))


def test_the_stages_end_the_arrivals_and_give_back_the_one_item_that_was_read():
    told = []
    passes = iter([[item(i) for i in range(3)], [item(i) for i in range(3, 9)]])
    arrivals = list(by_rate(passes, [step(4, 1)], even(), ended=lambda *end: told.append(end)))
    assert [arrival.item.index for arrival in arrivals] == [0, 1, 2, 3]
    assert told == [(item(4), 0)]


def test_items_that_end_before_the_stages_say_how_much_is_left():
    told = []
    arrivals = list(by_rate([[item(0), item(1)]], [step(4, 1)], even(), ended=lambda *end: told.append(end)))
    assert len(arrivals) == 2
    assert told == [(None, S // 2)]


def test_items_that_end_with_the_stages_are_nothing_to_tell():
    told = []
    list(by_rate([[item(i) for i in range(4)]], [step(4, 1)], even(), ended=lambda *end: told.append(end)))
    assert told == []


def test_an_endless_loop_over_nothing_ends():
    def for_ever():
        while True:
            yield []

    assert list(by_rate(for_ever(), steady(5.0), even())) == []


def test_how_long_so_many_items_take():
    assert lasts_ns([step(4, 1), step(2, 1)], 5) == round(1.5 * S)
    assert lasts_ns([step(4, 1), step(2, 1)], 99) == 2 * S
    assert expected([step(4, 1), step(0, 9), step(2, 1)]) == 6
