"""The sliding log against a plain list of all admissions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.limits.sliding_log import SlidingLog
from tests.mock.limits.scripts import (
    S,
    ask_and_charge,
    check_a_queue,
    check_that_figures_are_true,
    check_that_taking_is_asking_and_charging,
    steps,
)

windows = st.sampled_from([1, 7, 100])


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=100, deadline=None)
def test_it_admits_exactly_what_a_plain_list_of_all_admissions_admits(count, window_ns, script):
    log, now_ns, peak = SlidingLog(count, window_ns), 0, 0
    admitted: list[tuple[str, int]] = []  # one for each unit
    for pause_ns, scope, asked in script:
        now_ns += pause_ns
        cost = min(asked, count)
        inside = [at for of, at in admitted if of == scope and at > now_ns - window_ns]
        wait_ns = ask_and_charge(log, scope, cost, now_ns)
        assert (wait_ns == 0) == (len(inside) + cost <= count)
        if wait_ns == 0:
            admitted += [(scope, now_ns)] * cost
            peak = max(peak, len(inside) + cost)
        else:
            later = now_ns + wait_ns
            assert sum(at > later - window_ns for at in inside) + cost <= count
            assert sum(at > later - 1 - window_ns for at in inside) + cost > count
    for scope, at in admitted:
        assert sum(at <= other < at + window_ns for of, other in admitted if of == scope) <= count
    assert log.peak == peak


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=100, deadline=None)
def test_in_a_queue_no_window_serves_more_than_the_count_and_nobody_overtakes(count, window_ns, script):
    script = [(pause, scope, min(cost, count)) for pause, scope, cost in script]
    served = check_a_queue(lambda: SlidingLog(count, window_ns), script)
    for scope in "ab":
        own = [(at, cost) for of, at, cost in served if of == scope]
        assert own == sorted(own, key=lambda turn: turn[0])
        for at, _ in own:
            assert sum(cost for other, cost in own if at <= other < at + window_ns) <= count


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=60, deadline=None)
def test_one_step_is_the_same_as_two(count, window_ns, script):
    check_that_taking_is_asking_and_charging(lambda: SlidingLog(count, window_ns), script)


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=60, deadline=None)
def test_its_figures_are_true(count, window_ns, script):
    check_that_figures_are_true(lambda: SlidingLog(count, window_ns), script)


def test_asking_leaves_no_trace():
    log = SlidingLog(2, S)
    assert [ask_and_charge(log, "a", 1, 0), ask_and_charge(log, "a", 1, 1)] == [0, 0]
    assert all(ask_and_charge(log, "a", 1, S - 1) for _ in range(50))
    assert [ask_and_charge(log, "a", 1, S), ask_and_charge(log, "a", 1, S + 1)] == [0, 0]


def test_what_alone_costs_too_much_is_admitted_alone_and_takes_the_time_of_all_it_costs():
    log = SlidingLog(500, S)
    log.charge("a", 1, 0)
    assert log.wait_ns("a", 1_200, 1) == S - 1
    assert ask_and_charge(log, "a", 1_200, S) == 0
    assert log.figures("a", S) == (1_200, 0, 2 * S, 3 * S)
    assert log.wait_ns("a", 1, 3 * S - 1) == 1
    assert log.wait_ns("a", 300, 3 * S) == 0
    assert log.wait_ns("a", 301, 3 * S) == S


@pytest.mark.parametrize("cost", [1, 3])
def test_a_scope_that_is_forgotten_has_used_nothing_and_others_keep_theirs(cost):
    log = SlidingLog(3, S)
    for scope in "ab":
        log.charge(scope, 3, 0)
    log.forget("a")
    assert log.wait_ns("a", cost, 0) == 0
    assert log.wait_ns("b", cost, 0) == S
    assert (log.fullest(0), log.fullest(S), log.scopes) == (3, 0, 0)
