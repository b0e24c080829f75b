import pytest

from harness.expectations import parse_expectation
from harness.report.document import build_document
from harness.throttle.abort import first_lost, say_lost
from tests.report.runs import facts, run_summary


@pytest.fixture(scope="module")
def so_far():
    """300 items accepted, of which some were answered 429 first."""
    return build_document(facts(state="running"), run_summary(items=300, rate_per_s=150, limit_per_s=120))


def lost(text, document):
    return first_lost([parse_expectation(text)], document)


@pytest.mark.parametrize(
    "text",
    [
        "throttle.throttled == 0",
        "requests{status=429} <= 1",
        "messages.accepted < 5",
        "max of service_time_ms < 0.1ms",
        "p99 of service_time_ms < 0.1ms",
        "mean of service_time_ms < 0.1ms",
        "share of requests{status=429} < 1%",
        "rate_per_s.peak_1s < 5",
        "rate of requests > 9000/s",
    ],
)
def test_what_waiting_would_not_mend_is_lost(text, so_far):
    found = lost(text, so_far)
    assert found is not None
    assert found.holds is False


@pytest.mark.parametrize(
    "text",
    [
        "messages.accepted >= 1000",  # it only grows
        "messages.accepted == 1000",
        "messages.accepted != 300",
        "throttle.throttled > 9000",
        "max of service_time_ms > 60m",
        "rate_per_s.peak_1s > 9000",
        "messages.pending == 0",  # what is in flight is not pending yet
        "messages.cancelled > 5",
        "reconciliation.missing == 0",
        "messages.rejected == 0",  # holds
        "p999 of service_time_ms < 0.001ms",  # of too few
        "selected_by{source=x} > 1",  # no data
    ],
)
def test_what_may_still_come_true_or_is_not_known_is_not_lost(text, so_far):
    assert lost(text, so_far) is None


def test_of_few_attempts_a_share_says_nothing_yet():
    early = build_document(facts(state="running"), run_summary(items=20, rate_per_s=150, limit_per_s=5))
    assert early["throttle"]["throttled"] > 0
    assert lost("share of requests{status=429} < 1%", early) is None
    assert lost("throttle.throttled == 0", early) is not None


def test_before_anything_was_sent_nothing_is_lost():
    empty = build_document(facts(state="running"))
    for text in (
        "p50 of service_time_ms < 1us",
        "share of requests{status=2xx} > 99%",
        "rate of requests > 1/s",
    ):
        assert lost(text, empty) is None


def test_the_first_that_is_lost_is_told_with_its_second(so_far):
    asked = map(parse_expectation, ("messages.rejected == 0", "throttle.throttled == 0", "requests.sent < 1"))
    found = first_lost(asked, so_far)
    assert found.expression == "throttle.throttled == 0"
    said = say_lost(found, 31)
    assert said.startswith(f"Expected throttle.throttled == 0, but it was {found.measured:,} after 31 s")
