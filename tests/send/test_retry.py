"""Claims about the retry decision."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.model import Answer, Attempts, Decision, Failure, Outcome
from harness.send.retry import Retrier, RetryPolicy
from harness.units import NS_PER_S

SENT_NS = 1_000 * NS_PER_S


class Longest(random.Random):
    """Chance that always draws the longest wait."""

    def randint(self, a: int, b: int) -> int:
        return b


def answer(
    status: int | None = None, retry_after: str | None = None, failure: Failure | None = None
) -> Answer:
    return Answer(SENT_NS, SENT_NS, status, failure, retry_after)


def decide(
    what: Answer, attempts: Attempts | None = None, *, after_s: float = 0, policy: RetryPolicy | None = None
) -> Decision:
    retrier = Retrier(policy or RetryPolicy(), Longest(), ManualClock().wall_ns)
    attempts = attempts or Attempts(sends=1)
    attempts.first_sent_ns = SENT_NS
    return retrier(what, attempts, SENT_NS + round(after_s * NS_PER_S))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.ACCEPTED), (202, Outcome.ACCEPTED), (302, Outcome.REJECTED), (400, Outcome.REJECTED)],
)
def test_a_final_answer_ends_it_and_asks_for_no_wait(status, outcome):
    assert decide(answer(status, "7")) == Decision(outcome)


@pytest.mark.parametrize("counted", range(9))
def test_the_back_off_doubles_from_half_a_second_to_a_minute(counted):
    decision = decide(answer(500), Attempts(sends=counted + 1, counted=counted))
    bound_s = (0.5, 1, 2, 4, 8, 16, 32, 60, 60)[counted]
    assert decision == Decision(Outcome.RETRY, wait_ns=round(bound_s * NS_PER_S), counted=True)


@given(st.integers(0, 8), st.integers())
def test_the_jitter_is_full_and_never_longer_than_the_back_off(counted, seed):
    retrier = Retrier(RetryPolicy(), random.Random(seed), ManualClock().wall_ns)
    waits = [retrier(answer(503), Attempts(1, counted, 0, SENT_NS), SENT_NS).wait_ns for _ in range(20)]
    bound_ns = min(60 * NS_PER_S, NS_PER_S * 2**counted // 2)
    assert all(0 <= wait_ns <= bound_ns for wait_ns in waits)
    assert max(waits) - min(waits) > bound_ns / 10


@pytest.mark.parametrize("failure", [Failure.CONNECT, Failure.TIMEOUT, Failure.CLOSED, Failure.NOT_HTTP])
def test_a_network_failure_is_tried_again(failure):
    decision = decide(answer(failure=failure))
    assert (decision.outcome, decision.counted, decision.pauses_scope) == (Outcome.RETRY, True, False)


def test_the_tenth_counted_attempt_is_the_last():
    outcomes = [decide(answer(500), Attempts(counted=counted)).outcome for counted in (8, 9, 10)]
    assert outcomes == [Outcome.RETRY, Outcome.ABANDONED, Outcome.ABANDONED]


@pytest.mark.parametrize("status", [408, 410, 429, 460, 500, 503, 529])
def test_retry_after_is_obeyed_on_every_retryable_status_and_not_counted(status):
    decision = decide(answer(status, "7"), Attempts(counted=9))
    assert decision == Decision(
        Outcome.RETRY, wait_ns=7 * NS_PER_S, pauses_scope=status == 429, asked_wait_ns=7 * NS_PER_S
    )


def test_a_date_is_measured_against_the_wall_clock():
    # ManualClock stands at 2023-11-14T22:13:20Z.
    assert decide(answer(503, "Tue, 14 Nov 2023 22:13:30 GMT")).wait_ns == 10 * NS_PER_S
    past = decide(answer(503, "Tue, 14 Nov 2023 22:13:00 GMT"))
    assert (past.wait_ns, past.counted, past.asked_wait_ns) == (0, False, 0)


@pytest.mark.parametrize("garbage", ["-5", "soon", ""])
def test_a_header_that_says_nothing_is_as_if_absent(garbage):
    assert decide(answer(429, garbage)) == decide(answer(429))


def test_a_429_without_a_header_pauses_its_scope_for_the_back_off():
    assert decide(answer(429), Attempts(counted=2)) == Decision(
        Outcome.RETRY, wait_ns=2 * NS_PER_S, counted=True, pauses_scope=True
    )


def test_a_long_wait_is_capped_and_what_was_asked_is_told():
    decision = decide(answer(429, "3600"))
    assert (decision.outcome, decision.wait_ns) == (Outcome.RETRY, 300 * NS_PER_S)
    assert decision.asked_wait_ns == 3600 * NS_PER_S


def test_asked_waits_count_from_the_twenty_first():
    attempts = [Attempts(counted=0, asked_waits=waits) for waits in (19, 20)]
    assert [decide(answer(429, "1"), each).counted for each in attempts] == [False, True]
    assert decide(answer(429, "1"), Attempts(counted=9, asked_waits=20)).outcome is Outcome.ABANDONED


@pytest.mark.parametrize(("after_s", "outcome"), [(293, Outcome.RETRY), (293.1, Outcome.ABANDONED)])
def test_a_wait_beyond_the_time_left_is_not_waited(after_s, outcome):
    decision = decide(answer(429, "7"), after_s=after_s)
    assert decision.outcome is outcome
    assert decision.pauses_scope  # its neighbours wait all the same
    assert decision.wait_ns == 7 * NS_PER_S


def test_the_time_in_all_can_be_set():
    policy = RetryPolicy(total_ns=5 * NS_PER_S)
    assert decide(answer(429, "6"), policy=policy).outcome is Outcome.ABANDONED
    assert decide(answer(429, "5"), policy=policy).outcome is Outcome.RETRY


@pytest.mark.parametrize("what", [answer(429, "1"), answer(500), answer(failure=Failure.TIMEOUT)])
def test_without_retries_what_would_be_retried_is_abandoned_at_once(what):
    assert decide(what, policy=RetryPolicy(mode="none")).outcome is Outcome.ABANDONED


@pytest.mark.parametrize("mode", ["obey", "none"])
def test_a_stop_gives_nothing_up(mode):
    stopped = decide(
        answer(failure=Failure.STOPPED), Attempts(counted=99), after_s=999, policy=RetryPolicy(mode=mode)
    )
    assert stopped == Decision(Outcome.RETRY)


@given(
    st.lists(
        st.tuples(st.sampled_from([429, 500, 503, None]), st.sampled_from([None, "0", "1", "90", "x"])),
        min_size=40,
        max_size=60,
    )
)
def test_whatever_is_answered_it_ends_within_its_bounds(answers):
    policy = RetryPolicy()
    retrier = Retrier(policy, random.Random(1), ManualClock().wall_ns)
    attempts, now_ns = Attempts(first_sent_ns=SENT_NS), SENT_NS
    for status, retry_after in answers:
        attempts.sends += 1
        what = answer(status, retry_after, None if status else Failure.CLOSED)
        decision = retrier(what, attempts, now_ns)
        if decision.outcome is Outcome.ABANDONED:
            break
        now_ns += decision.wait_ns
        assert now_ns - SENT_NS <= policy.total_ns
        if decision.counted:
            attempts.counted += 1
        else:
            attempts.asked_waits += 1
    else:
        pytest.fail("40 answers and it still goes on")
    assert attempts.sends <= policy.attempts + policy.asked_waits
