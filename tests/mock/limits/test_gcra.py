"""The cell rate algorithm against exact fractions, and against its promise: burst + rate * t."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.limits.gcra import Gcra
from tests.mock.limits.scripts import (
    S,
    ask_and_charge,
    check_a_queue,
    check_that_figures_are_true,
    check_that_taking_is_asking_and_charging,
    steps,
)

meters = st.tuples(st.integers(1, 9), st.sampled_from([1, 7, 100]), st.integers(1, 9))


def keeps_its_promise(served, count, window_ns, burst):
    for first, (start_ns, _) in enumerate(served):
        units = 0
        for at_ns, cost in served[first:]:
            units += cost
            assert units <= burst + Fraction(count, window_ns) * (at_ns - start_ns)


@given(meter=meters, script=steps)
@settings(max_examples=100, deadline=None)
def test_it_admits_exactly_what_a_bucket_in_fractions_admits(meter, script):
    count, window_ns, burst = meter
    gcra, now_ns, rate = Gcra(*meter), 0, Fraction(count, window_ns)
    level = dict.fromkeys("ab", Fraction(0))
    seen_ns = dict.fromkeys("ab", 0)
    admitted: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for pause_ns, scope, asked in script:
        now_ns += pause_ns
        cost = min(asked, burst)
        level[scope] = max(Fraction(0), level[scope] - rate * (now_ns - seen_ns[scope]))
        seen_ns[scope] = now_ns
        wait_ns = ask_and_charge(gcra, scope, cost, now_ns)
        over = level[scope] + cost - burst
        assert (wait_ns == 0) == (over <= 0)
        if wait_ns:
            assert wait_ns == -(-over // rate)
        else:
            level[scope] += cost
            admitted[scope].append((now_ns, cost))
    for served in admitted.values():
        keeps_its_promise(served, *meter)


@given(meter=meters, script=steps)
@settings(max_examples=100, deadline=None)
def test_in_a_queue_it_keeps_its_promise(meter, script):
    script = [(pause, scope, min(cost, meter[2])) for pause, scope, cost in script]
    served = check_a_queue(lambda: Gcra(*meter), script)
    for scope in "ab":
        keeps_its_promise(sorted((at, cost) for of, at, cost in served if of == scope), *meter)


@given(meter=meters, script=steps)
@settings(max_examples=60, deadline=None)
def test_one_step_is_the_same_as_two(meter, script):
    check_that_taking_is_asking_and_charging(lambda: Gcra(*meter), script)


@given(meter=meters, script=steps)
@settings(max_examples=60, deadline=None)
def test_its_figures_are_true(meter, script):
    check_that_figures_are_true(lambda: Gcra(*meter), script)


def test_the_burst_goes_at_once_and_then_the_rate():
    gcra = Gcra(3, S, 10)  # a third of a second is no whole number of nanoseconds
    assert [ask_and_charge(gcra, "a", 1, 0) for _ in range(12)].count(0) == 10
    admitted = sum(ask_and_charge(gcra, "a", 1, at) == 0 for at in range(0, 100 * S, S // 60))
    assert admitted == 299  # 3 a second, the last one due at the very end
    assert gcra.peak == 10


def test_what_alone_costs_too_much_takes_the_time_of_all_it_costs():
    gcra = Gcra(500, S, 100)
    gcra.charge("a", 1, 0)
    assert gcra.wait_ns("a", 1_000, 0) == S // 500
    assert ask_and_charge(gcra, "a", 1_000, S) == 0
    assert gcra.wait_ns("a", 1, S) == 2 * S - 99 * (S // 500)
