"""Memory is bounded, and nothing that still counts is forgotten."""

from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.mock.limits.fixed_window import FixedWindow
from harness.mock.limits.gcra import Gcra
from harness.mock.limits.shelf import Shelf
from harness.mock.limits.sliding_log import SlidingLog
from tests.mock.limits.scripts import ask_and_charge

MANY = 3_000
METERS = (SlidingLog, partial(FixedWindow, epoch_ns=0), partial(Gcra, burst=1))


class Used:
    def __init__(self) -> None:
        self.until_ns = 0


def shelf_of(most: int) -> Shelf[Used]:
    return Shelf(Used, lambda state, now_ns: state.until_ns <= now_ns, most)


@pytest.mark.parametrize("make", METERS)
def test_idle_scopes_are_let_go_and_those_in_use_are_kept(make):
    meter = make(1, MANY)
    for now_ns in range(12 * MANY):  # a new scope every nanosecond: so many are in use at once
        assert ask_and_charge(meter, now_ns, 1, now_ns) == 0
        if now_ns % MANY in {MANY // 2, MANY - 1}:
            assert meter.scopes <= 2 * MANY + 1_024
            # Half a window back is in the window of all three.
            assert all(meter.wait_ns(known, 1, now_ns) for known in range(now_ns - MANY // 2 + 1, now_ns))
    assert meter.crowded == 0


def test_beyond_the_bound_newcomers_share_one_state_until_that_is_idle():
    shelf = shelf_of(4)
    for number in range(4):
        shelf.claim(number, 0).until_ns = 100
    shared = shelf.claim("new", 1)
    shared.until_ns = 50
    assert shelf.claim("newer", 2) is shared is shelf.find("newest")
    assert shelf.claim(3, 2) is not shared
    assert (len(shelf.states), shelf.crowded) == (4, 2)
    assert shelf.claim("newest", 49) is shared
    for number in range(4):
        shelf.states[number].until_ns = 60
    again = shelf.claim("newest", 60)
    assert again is not shared
    assert (list(shelf.states), shelf.find("other")) == (["newest"], None)


@pytest.mark.parametrize("make", METERS)
@given(
    script=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=120), most=st.integers(1, 8)
)
@settings(max_examples=60, deadline=None)
def test_however_few_scopes_may_be_known_none_is_granted_early(make, script, most):
    bounded, unbounded, now_ns = make(2, 100, scopes_most=most), make(2, 100), 0
    for pause_ns, scope in script:
        now_ns += pause_ns
        if bounded.take(scope, 1, now_ns):
            assert unbounded.take(scope, 1, now_ns)
        assert bounded.scopes <= most


@given(
    script=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), st.sampled_from([0, 150])), max_size=60),
    most=st.integers(1, 3),
)
@example(script=[(0, 0, 0), (0, 0, 0), (10, 1, 150), (10, 0, 0)], most=1)
@settings(max_examples=60, deadline=None)
def test_nor_is_one_when_calls_are_held_back_for_another_limit(script, most):
    log, now_ns = SlidingLog(2, 100, scopes_most=most), 0
    served: list[tuple[int, int]] = []
    for pause_ns, scope, held_ns in script:
        now_ns += pause_ns
        delay_ns = max(held_ns, log.wait_ns(scope, 1, now_ns))
        log.charge(scope, 1, now_ns, delay_ns)
        served.append((scope, now_ns + delay_ns))
    for scope, at in served:
        assert sum(of == scope and at <= other < at + 100 for of, other in served) <= 2
