"""A clock that can be steered: it never goes back, and a delay it names is never too short."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.errors import UsageError
from harness.mock.steered import SteeredClock
from harness.units import NS_PER_S

YEAR_NS = 365 * 86_400 * NS_PER_S


@pytest.fixture
def real() -> ManualClock:
    return ManualClock(now_ns=5_000)


@pytest.fixture
def clock(real) -> SteeredClock:
    return SteeredClock(real)


def both(clock) -> tuple[int, int]:
    return clock.now_ns(), clock.wall_ns()


def test_left_alone_it_is_the_real_clock(real, clock):
    real.advance(12_345)
    assert both(clock) == both(real)
    assert (clock.frozen, clock.factor, clock.real_delay_ns(700)) == (False, 1.0, 700)


def test_left_alone_its_wall_steps_with_the_real_one(real, clock):
    real._wall_ns -= 9 * NS_PER_S
    assert clock.wall_ns() == real.wall_ns()


def test_frozen_it_stands_still_until_it_is_advanced(real, clock):
    before = both(clock)
    clock.freeze()
    real.advance(NS_PER_S)
    assert (both(clock), clock.frozen, clock.real_delay_ns(1)) == (before, True, None)
    clock.advance(40)
    assert both(clock) == (before[0] + 40, before[1] + 40)


def test_running_it_can_be_advanced_too(real, clock):
    clock.advance(60 * NS_PER_S)
    real.advance(5)
    assert both(clock) == (real.now_ns() + 60 * NS_PER_S, real.wall_ns() + 60 * NS_PER_S)


def test_scaled_a_second_is_a_minute_and_a_minute_takes_a_second(real, clock):
    now_ns, wall_ns = both(clock)
    clock.scale(60)
    real.advance(NS_PER_S)
    assert both(clock) == (now_ns + 60 * NS_PER_S, wall_ns + 60 * NS_PER_S)
    assert clock.real_delay_ns(60 * NS_PER_S) == NS_PER_S
    assert (clock.factor, clock.frozen) == (60.0, False)


def test_scale_1_lets_a_frozen_clock_go_on_from_where_it_stood(real, clock):
    clock.freeze()
    now_ns, wall_ns = both(clock)
    real.advance(NS_PER_S)
    clock.scale(1)
    real.advance(7)
    assert both(clock) == (now_ns + 7, wall_ns + 7)
    assert (clock.frozen, clock.real_delay_ns(7)) == (False, 7)


def test_a_reset_brings_the_real_wall_back_while_the_monotonic_goes_on(real, clock):
    clock.scale(10)
    clock.advance(100 * NS_PER_S)
    clock.freeze()
    now_ns = clock.now_ns()
    clock.reset()
    real.advance(3)
    assert both(clock) == (now_ns + 3, real.wall_ns())
    assert (clock.frozen, clock.factor) == (False, 1.0)


@pytest.mark.parametrize("factor", [0, -1, 0.0009, 1_001, math.inf, math.nan])
def test_a_pace_that_makes_no_sense_is_one_sentence_and_changes_nothing(real, clock, factor):
    with pytest.raises(UsageError, match=r"give 0\.001 to 1,000$"):
        clock.scale(factor)
    real.advance(NS_PER_S)
    assert both(clock) == both(real)


@pytest.mark.parametrize("by_ns", [-1, 10**30, 177 * YEAR_NS])
def test_an_advance_that_makes_no_sense_is_one_sentence_and_changes_nothing(real, clock, by_ns):
    with pytest.raises(UsageError, match=r"; (give 0 or more|reset it, or give less)$"):
        clock.advance(by_ns)
    assert both(clock) == both(real)


def test_resets_between_advances_do_not_let_the_monotonic_clock_grow_beyond_64_bits(clock):
    clock.advance(150 * YEAR_NS)
    clock.reset()
    with pytest.raises(UsageError):
        clock.advance(150 * YEAR_NS)
    assert clock.now_ns() < 2**63


def test_who_waits_is_told_of_every_steering_after_it_took_effect(clock):
    seen: list[tuple[bool, float, int]] = []
    clock.on_change(lambda: seen.append((clock.frozen, clock.factor, clock.now_ns())))
    clock.freeze()
    clock.advance(10)
    clock.scale(2)
    clock.reset()
    assert seen == [(True, 1.0, 5_000), (True, 1.0, 5_010), (False, 2.0, 5_010), (False, 1.0, 5_010)]


FACTORS = st.one_of(st.just(1.0), st.floats(0.001, 1_000))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 10**12)),
        st.tuples(st.just("advance"), st.integers(0, 10**12)),
        st.tuples(st.just("scale"), FACTORS),
        st.tuples(st.just("freeze"), st.none()),
        st.tuples(st.just("reset"), st.none()),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_it_never_goes_back_and_steering_alone_moves_nothing_but_by_what_was_asked(steps):
    real = ManualClock(now_ns=1)
    clock = SteeredClock(real)
    for name, value in steps:
        now_ns, wall_ns = both(clock)
        if name == "pass":
            real.advance(value)
            assert clock.now_ns() >= now_ns
            assert clock.now_ns() - now_ns == clock.wall_ns() - wall_ns
        elif name == "advance":
            clock.advance(value)
            assert both(clock) == (now_ns + value, wall_ns + value)
        else:
            getattr(clock, name)(*() if value is None else (value,))
            assert clock.now_ns() == now_ns
            assert clock.wall_ns() == (real.wall_ns() if name == "reset" else wall_ns)


@given(st.floats(0.001, 1_000), st.integers(0, 10**12), st.integers(1, 10**13))
@settings(max_examples=100, deadline=None)
def test_after_the_delay_it_names_so_much_has_passed_and_a_nanosecond_earlier_it_had_not(
    factor, before_ns, mock_ns
):
    real = ManualClock()
    clock = SteeredClock(real)
    clock.scale(factor)
    real.advance(before_ns)
    start_ns = clock.now_ns()
    delay_ns = clock.real_delay_ns(mock_ns)
    assert delay_ns is not None
    real.advance(delay_ns)
    assert clock.now_ns() - start_ns >= mock_ns
    slack_ns = math.ceil(max(factor, 1)) + 1  # of what one real nanosecond moves, and of rounding
    assert clock.now_ns() - start_ns < mock_ns + slack_ns
