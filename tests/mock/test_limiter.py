"""The limiter against a plain oracle, on a manual clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.mock.limiter import Limiter, whole_seconds
from harness.model import Limit

S = 1_000_000_000


def limit(count: int, window_ns: int, unit: str = "requests") -> Limit:
    return Limit("tracking", "test", count, window_ns, unit, "source", "test")


@given(
    count=st.integers(1, 5),
    window_ns=st.sampled_from([1, 7, 100]),
    steps=st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab")), max_size=120),
)
def test_it_admits_exactly_what_a_plain_log_of_all_admissions_admits(count, window_ns, steps):
    clock, limiter = ManualClock(), Limiter(limit(count, window_ns))
    admitted: list[tuple[int, str]] = []
    refused = peak = 0
    for step_ns, scope in steps:
        now_ns = clock.advance(step_ns)
        inside = [at for at, of in admitted if of == scope and now_ns - window_ns < at <= now_ns]
        wait_ns = limiter.admit(scope, now_ns)
        assert (wait_ns == 0) == (len(inside) < count)
        if wait_ns == 0:
            admitted.append((now_ns, scope))
            peak = max(peak, len(inside) + 1)
        else:
            refused += 1
            assert wait_ns == min(inside) + window_ns - now_ns
    for at, scope in admitted:
        assert sum(at <= other < at + window_ns for other, of in admitted if of == scope) <= count
    assert (limiter.refused, limiter.peak_in_window) == (refused, peak)


@given(count=st.integers(1, 4), steps=st.lists(st.integers(0, 2 * S), max_size=30))
def test_after_the_whole_seconds_it_asked_for_it_admits(count, steps):
    clock, limiter = ManualClock(), Limiter(limit(count, S))
    for step_ns in steps:
        wait_ns = limiter.admit("a", clock.advance(step_ns))
        if wait_ns:
            seconds = whole_seconds(wait_ns)
            assert seconds >= 1
            assert limiter.admit("a", clock.advance(seconds * S)) == 0


def test_refused_requests_do_not_use_the_window_up():
    limiter = Limiter(limit(2, S))
    assert [limiter.admit("a", 0), limiter.admit("a", 1)] == [0, 0]
    assert all(limiter.admit("a", S - 1) for _ in range(50))
    assert [limiter.admit("a", S), limiter.admit("a", S + 1)] == [0, 0]


def test_a_reset_forgets_everything():
    limiter = Limiter(limit(1, S))
    limiter.admit("a", 0)
    limiter.admit("a", 0)
    limiter.reset()
    assert (limiter.refused, limiter.peak_in_window, limiter.admit("a", 0)) == (0, 0, 0)


def test_a_limit_of_messages_is_not_taken_for_one_of_requests():
    with pytest.raises(ValueError, match="counts requests, not messages"):
        Limiter(limit(1, S, "messages"))
