"""A rule that stays shut after a refusal: for how long, for whom, and what it says."""

import pytest
from hypothesis import given, settings

from harness.clock import ManualClock
from harness.mock.limits.closing import Closing
from harness.mock.limits.rule import LimitRule, RuleError
from harness.mock.limits.sliding_log import SlidingLog
from harness.mock.limits.throttle import Limits, Scopes
from tests.mock.limits.scripts import MS, S, check_that_taking_is_asking_and_charging, steps


class Mock:
    def __init__(self, rule: LimitRule) -> None:
        self.clock = ManualClock()
        self.limits = Limits([rule], self.clock)

    def retry_after(self, source="s") -> str | None:
        admission = self.limits.admit(
            "tracking", "/v1/track", Scopes(source, "w", "p", "t"), 1, self.clock.now_ns()
        )
        return admission.retry_after if admission is not None and admission.refused else None


def test_it_is_shut_from_the_first_refusal_to_the_instant_it_named():
    mock = Mock(LimitRule(count=2, retry_after_s=5))
    assert [mock.retry_after() for _ in range(3)] == [None, None, "5"]
    mock.clock.advance(2 * S)  # the window is long open again
    assert mock.retry_after() == "3"
    mock.clock.advance(3 * S - 1)
    assert mock.retry_after() == "1"
    mock.clock.advance(1)
    assert [mock.retry_after() for _ in range(3)] == [None, None, "5"]


def test_who_was_not_refused_is_not_shut_out():
    mock = Mock(LimitRule(count=1, retry_after_s=5))
    assert [mock.retry_after("a"), mock.retry_after("a"), mock.retry_after("b")] == [None, "5", None]
    mock.limits.reset("a")
    assert mock.retry_after("a") is None


def test_a_longer_window_keeps_it_shut_for_longer():
    mock = Mock(LimitRule(count=1, window_s=60, retry_after_s=5))
    assert [mock.retry_after(), mock.retry_after()] == [None, "60"]


def test_what_remains_while_it_is_shut_is_nothing():
    meter = Closing(SlidingLog(5, S), 2 * S)
    meter.charge("s", 1, 0)
    assert meter.figures("s", 0).remaining == 4
    assert meter.shut("s", 100 * MS, 0) == 2 * S
    assert meter.figures("s", S) == (0, 0, S, S)


@settings(max_examples=50)
@given(steps)
def test_taking_is_asking_and_charging(script):
    check_that_taking_is_asking_and_charging(lambda: Closing(SlidingLog(6, 50), 30), script)


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_senseless_time_is_refused_with_what_to_write(seconds):
    with pytest.raises(RuleError, match="write seconds above 0, up to a day"):
        LimitRule(count=1, retry_after_s=seconds)


def test_a_queue_refuses_nobody_and_so_shuts_nobody_out():
    with pytest.raises(RuleError, match="belongs to refuse"):
        LimitRule(count=1, retry_after_s=1, action="queue")
