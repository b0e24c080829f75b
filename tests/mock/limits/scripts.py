"""Scripts of calls for the three ways of counting, and the two steps of a call that must not wait."""

from hypothesis import strategies as st

S = 1_000_000_000
MS = 1_000_000

# (pause before the call, whose it is, what it costs)
steps = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab"), st.integers(1, 7)), max_size=80)


def ask_and_charge(meter, scope, cost, now_ns):
    """The wait; charged when it is 0. That the one-step way says the same is a test of its own."""
    wait_ns = meter.wait_ns(scope, cost, now_ns)
    if wait_ns == 0:
        meter.charge(scope, cost, now_ns)
    return wait_ns


def check_that_taking_is_asking_and_charging(make, script):
    """Two meters on one script, one asked in two steps and one in one, agree throughout."""
    two_steps, one_step, now_ns = make(), make(), 0
    for pause_ns, scope, cost in script:
        now_ns += pause_ns
        if cost <= two_steps.capacity:
            assert one_step.take(scope, cost, now_ns) == (ask_and_charge(two_steps, scope, cost, now_ns) == 0)
        assert one_step.figures(scope, now_ns) == two_steps.figures(scope, now_ns)
    assert (one_step.peak, one_step.scopes) == (two_steps.peak, two_steps.scopes)


def check_that_figures_are_true(make, script):
    """What remains fits and no more does; more remains when it said, not before; so with nothing used."""
    meter, now_ns = make(), 0
    for pause_ns, scope, cost in script:
        now_ns += pause_ns
        ask_and_charge(meter, scope, cost, now_ns)
        used, remaining, more_ns, free_ns = meter.figures(scope, now_ns)
        assert remaining == max(0, meter.capacity - used)
        if remaining:
            assert meter.wait_ns(scope, remaining, now_ns) == 0
        if remaining < meter.capacity:
            assert meter.wait_ns(scope, remaining + 1, now_ns) == more_ns > 0
        assert meter.wait_ns(scope, meter.capacity, now_ns) == free_ns
    for scope in "ab":
        assert meter.figures(scope, now_ns + 10_000) == (0, meter.capacity, 0, 0)


def check_a_queue(make, script):
    """Serves at its own pace: the instants at which the calls of a scope are served, with their costs."""
    meter, now_ns, served = make(), 0, []
    for pause_ns, scope, cost in script:
        now_ns += pause_ns
        wait_ns = meter.wait_ns(scope, cost, now_ns)
        meter.charge(scope, cost, now_ns, wait_ns)
        assert meter.wait_ns(scope, cost, now_ns) >= wait_ns
        served.append((scope, now_ns + wait_ns, cost))
    return served
