"""The judgement on a step: a case for each thing that can stop a rate, and the order of the questions."""

from dataclasses import replace

import pytest

from harness.expectations import parse_expectation
from harness.measure.summary import Figures, LimitUse
from harness.measure.sums import Sums
from harness.throttle.evidence import EngineFacts
from harness.throttle.expected import Outcome
from harness.throttle.step import StepEvidence, judge_step
from harness.units import NS_PER_S
from tests.throttle.test_verdict import CLEAN, durations, totals, with_account

ANSWERED = totals(last_due_ns=25 * NS_PER_S, last_sent_ns=25 * NS_PER_S)
USES = (
    LimitUse("tracking", "500 requests/s", "requests", "source", "shop", 500, 1.0, "docs", 480, 0.0, 0),
    LimitUse("tracking", "30 requests/s", "requests", "source", "shop", 30, 1.0, "--limit", 30, 0.0, 0),
)


def expected(text, measured, *, holds):
    one = parse_expectation(text)
    return one, Outcome(str(one), measured, one.figure.unit, holds, "too few")


def step(*expectations, whole=CLEAN, settled=None, **more):
    settled = settled or replace(CLEAN.summary, totals=ANSWERED)
    return StepEvidence(whole=whole, settled=settled, expected=expectations, length_ns=30 * NS_PER_S, **more)


def settled(**changed):
    return replace(CLEAN.summary, totals=ANSWERED, durations=durations(**changed))


SLOW = expected("p99 of response_time_ms < 500ms", 812.5, holds=False)
SLOW_ANSWERS = expected("p99 of service_time_ms < 5ms", 7.0, holds=False)
THROTTLED = expected("throttle.throttled == 0", 12, holds=False)
FAILING = expected("share of requests{status=5xx} < 0.1%", 3.0, holds=False)
UNTOLD = expected("p999 of service_time_ms < 5ms", 3.0, holds=None)
FEW = expected("rate_per_s.goodput > 100/s", 90.0, holds=False)
LATE = settled(schedule_lag=Figures(p99=80.0, count=200))
HELD_BACK = settled(limit_wait=Figures(p99=234.0, count=200))
IN_LANE = settled(lane_wait=Figures(p99=700.0, count=9), response=Figures(p99=812.5, count=9))
BEHIND = totals(last_due_ns=25 * NS_PER_S, last_sent_ns=27 * NS_PER_S)
LIMITED = replace(CLEAN, summary=replace(CLEAN.summary, limits=USES))
REFUSED = replace(CLEAN, summary=replace(CLEAN.summary, totals=totals(throttled=4)))
STUCK = replace(CLEAN, summary=replace(CLEAN.summary, messages=Sums(200, 0, 200, 150, 0, 0, 0, 50, 0)))


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        (step(), "held", ""),
        (step(expected("p99 of response_time_ms < 1s", 3.0, holds=True)), "held", ""),
        (step(SLOW), "latency", "expected p99 of response_time_ms < 500ms, but it was 812.5 ms"),
        (step(THROTTLED), "refusals", "expected throttle.throttled == 0, but it was 12"),
        (step(FAILING), "errors", "expected share of requests{status=5xx} < 0.1%, but it was 3 %"),
        (step(FEW), "rate", "expected rate_per_s.goodput > 100/s, but it was 90/s"),
        (step(SLOW, FAILING, THROTTLED), "refusals", "throttle.throttled"),
        (step(SLOW, FAILING), "errors", "5xx"),
        (step(SLOW, settled=LATE), "generator", "Schedule lag p99 was 80.0 ms"),
        (step(settled=LATE), "generator", "Schedule lag"),
        (step(FAILING, settled=LATE), "errors", "5xx"),
        (
            step(SLOW, settled=IN_LANE),
            "latency",
            "812.5 ms, and items waited 700 ms (p99) for an earlier item",
        ),
        (step(UNTOLD, SLOW), "inconclusive", "p999 of service_time_ms < 5ms is not to be told, too few"),
        (
            step(SLOW, whole=LIMITED, settled=HELD_BACK),
            "limit",
            "items waited 234 ms (p99) for our own ceiling",
        ),
        (
            step(SLOW, whole=REFUSED, settled=HELD_BACK),
            "refusals",
            "4 requests answered 429, and items waited",
        ),
        (step(SLOW_ANSWERS, whole=LIMITED, settled=HELD_BACK), "latency", "service_time_ms"),
        (step(whole=LIMITED, settled=HELD_BACK), "held", ""),
        (
            step(settled=replace(CLEAN.summary, totals=BEHIND)),
            "rate",
            "the last item left 2 s after it was due",
        ),
        (step(settled=replace(CLEAN.summary, totals=BEHIND), grace_ns=2 * NS_PER_S), "held", ""),
        (step(FAILING, whole=STUCK, drained=False), "rate", "50 items had no answer long after"),
        (step(whole=with_account(missing=3)), "account", "3 accepted messages never reached the ledger"),
        (step(whole=replace(CLEAN, interrupted=True)), "interrupted", "it was interrupted"),
        (step(whole=replace(CLEAN, target_ready=False)), "inconclusive", "did not answer before"),
        (step(settled=replace(CLEAN.summary, totals=totals(sent=0))), "nothing sent", "nothing was sent"),
    ],
)
def test_what_stopped_a_rate_is_named(given, kind, reason):
    judgement = judge_step(given)
    assert judgement.kind == kind
    assert judgement.reason.startswith(reason) or reason in judgement.reason
    assert bool(judgement.reason) == (kind != "held")


def test_sums_that_do_not_hold_say_nothing_of_the_target():
    broken = replace(CLEAN, summary=replace(CLEAN.summary, disagreements=("1 is not 2",)))
    assert judge_step(step(whole=broken)).kind == "inconclusive"


def test_the_limit_that_came_nearest_to_full_is_named():
    assert judge_step(step(SLOW, whole=LIMITED, settled=HELD_BACK)).limit == USES[1]
    assert judge_step(step(SLOW)).limit is None


def test_what_was_refused_on_request_is_left_to_the_expectations():
    refused = Sums(recorded=200, selected=200, accepted=190, rejected=4, abandoned=6)
    whole = replace(CLEAN, summary=replace(CLEAN.summary, messages=refused))
    assert judge_step(step(whole=whole)).kind == "held"


def test_trust_warnings_are_of_the_part_that_is_judged():
    shared = replace(CLEAN, engine=EngineFacts(users_opened=16, shares_core=True))
    assert [finding.check for finding in judge_step(step(whole=shared)).trust_warnings] == ["one core"]
    late_at_first = replace(CLEAN, summary=LATE)
    assert judge_step(step(whole=late_at_first)) == judge_step(step())
