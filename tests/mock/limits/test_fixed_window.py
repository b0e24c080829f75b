"""Fixed windows against plain sums by window."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.limits.fixed_window import FixedWindow
from tests.mock.limits.scripts import (
    S,
    ask_and_charge,
    check_a_queue,
    check_that_figures_are_true,
    check_that_taking_is_asking_and_charging,
    steps,
)

windows = st.sampled_from([1, 7, 100])
epochs = st.sampled_from([0, -3, -1_000_050])


@given(count=st.integers(1, 9), window_ns=windows, epoch_ns=epochs, script=steps)
@settings(max_examples=100, deadline=None)
def test_it_admits_exactly_what_sums_by_window_admit(count, window_ns, epoch_ns, script):
    meter, now_ns = FixedWindow(count, window_ns, epoch_ns), 0
    sums: Counter[tuple[str, int]] = Counter()
    for pause_ns, scope, asked in script:
        now_ns += pause_ns
        cost = min(asked, count)
        window = (now_ns - epoch_ns) // window_ns
        wait_ns = ask_and_charge(meter, scope, cost, now_ns)
        assert (wait_ns == 0) == (sums[scope, window] + cost <= count)
        if wait_ns:
            assert now_ns + wait_ns == (window + 1) * window_ns + epoch_ns
        else:
            sums[scope, window] += cost
    assert max(sums.values(), default=0) == meter.peak <= count


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=100, deadline=None)
def test_in_a_queue_no_window_serves_more_than_the_count(count, window_ns, script):
    script = [(pause, scope, min(cost, count)) for pause, scope, cost in script]
    sums: Counter[tuple[str, int]] = Counter()
    for scope, at, cost in check_a_queue(lambda: FixedWindow(count, window_ns, -3), script):
        sums[scope, (at + 3) // window_ns] += cost
    assert max(sums.values(), default=0) <= count


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=60, deadline=None)
def test_one_step_is_the_same_as_two(count, window_ns, script):
    check_that_taking_is_asking_and_charging(lambda: FixedWindow(count, window_ns, -3), script)


@given(count=st.integers(1, 9), window_ns=windows, script=steps)
@settings(max_examples=60, deadline=None)
def test_its_figures_are_true(count, window_ns, script):
    check_that_figures_are_true(lambda: FixedWindow(count, window_ns, -3), script)


def test_across_an_edge_twice_the_count_fits_as_with_the_gateways_it_stands_for():
    meter = FixedWindow(500, S, 0)
    admitted = [ask_and_charge(meter, "a", 1, at) for at in [S - 1] * 600 + [S] * 600].count(0)
    assert admitted == 1_000


def test_what_alone_costs_too_much_takes_the_windows_it_fills():
    meter = FixedWindow(500, S, 0)
    meter.charge("a", 1, 0)
    assert meter.wait_ns("a", 1_200, 1) == S - 1
    assert ask_and_charge(meter, "a", 1_200, S) == 0
    assert meter.figures("a", S) == (1_200, 0, 2 * S, 3 * S)
    assert meter.wait_ns("a", 1, 2 * S) == S
    assert [meter.wait_ns("a", 300, 3 * S), meter.wait_ns("a", 301, 3 * S)] == [0, S]
