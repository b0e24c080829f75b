"""Expectations beside figures: true, false or not to be told, and what the verdict makes of each."""

from dataclasses import asdict, replace

import pytest

from harness.expectations import parse_expectation
from harness.measure.summary import Figures
from harness.metrics import ANSWERS_LEAST
from harness.throttle.expected import finding_of, judge_expectations, say_measured
from harness.throttle.verdict import judge
from tests.throttle.test_verdict import CLEAN, durations, with_totals

TIMES = asdict(Figures(p50=1.0, p90=2.0, p95=3.0, p99=20.04, p999=30.0, max=31.0, mean=1.5, count=1_000))
DOCUMENT = {
    "messages": {"accepted": 990, "rejected": 0},
    "requests": {
        "sent": 1_010,
        "by_status": {"200": 990, "201": 4, "429": 10, "503": 6},
        "first_attempt_by_status": {"200": 988, "429": 10, "none": 2},
        "by_api": {"tracking": 1_010},
    },
    "selected_by": {"type": {"track": 900}, "source": {"maxx": 500, "max2": 400, "\x1b[2J" + "s" * 99: 1}},
    "rate_per_s": {"achieved": 101.0, "offered": None},
    "service_time_ms": TIMES,
    "service_time_ms_by_outcome": {"429": TIMES | {"p50": 0.25, "count": 10}, "none": asdict(Figures())},
    "response_time_ms": None,
    "reconciliation": {"complete": True, "missing": 0, "out_of_order": None},
}


def outcome(text, document=DOCUMENT):
    (found,) = judge_expectations([parse_expectation(text)], document)
    return found


@pytest.mark.parametrize(
    ("text", "measured", "holds"),
    [
        ("p99 of service_time_ms < 20.1ms", 20.04, True),
        ("p99 of service_time_ms <= 20ms", 20.04, False),
        ("p999 of service_time_ms == 0.03s", 30.0, True),
        ("count of service_time_ms != 1000", 1_000, False),
        ("p50 of service_time_ms{status=429} < 1ms", 0.25, True),
        ("messages.accepted >= 990", 990, True),
        ("messages.rejected > 0", 0, False),
        ("requests > 1000", 1_010, True),
        ("requests{status=2xx} == 994", 994, True),
        ("requests{status=4xx} == 10", 10, True),
        ("requests{status=503} == 6", 6, True),
        ("requests{status=500} == 0", 0, True),
        ("requests{api=tracking} == 1010", 1_010, True),
        ("share of requests{status=429} < 1%", 1.0, False),
        ("share of requests{status=none} <= 0.2%", 0.2, True),
        ("rate of requests > 6000/min", 101.0, True),
        ("selected_by{type=track} == 900", 900, True),
        ("selected_by{source=maxx} == 500", 500, True),
        ("reconciliation.missing == 0", 0, True),
    ],
)
def test_a_figure_is_held_against_what_was_asked(text, measured, holds):
    found = outcome(text)
    assert (found.measured, found.holds) == (measured, holds)


@pytest.mark.parametrize(
    "text",
    [
        "rate_per_s.offered >= 0",
        "p99 of response_time_ms >= 0ms",
        "max of service_time_ms{status=none} >= 0ms",
        "selected_by{source=wbe} >= 0",
        "selected_by{type=group} >= 0",
        "requests{api=profile} == 0",
        "reconciliation.out_of_order == 0",
        "p99 of service_time_ms{status=429} >= 0ms",
    ],
)
def test_a_name_without_data_is_never_true(text):
    found = outcome(text)
    assert found.holds is None
    finding = finding_of(found)
    assert finding.level == "inconclusive"
    assert "not to be told" in finding.evidence
    assert "\x1b" not in finding.advice


def test_an_account_that_is_lost_or_was_never_kept_is_no_data():
    lost = DOCUMENT | {"reconciliation": {"complete": False, "missing": 0}}
    assert "lost" in outcome("reconciliation.missing == 0", lost).reason
    none = DOCUMENT | {"reconciliation": None}
    assert "no ledger" in outcome("reconciliation.missing == 0", none).reason


def test_where_nothing_was_sent_no_status_was_counted_as_zero():
    nothing = DOCUMENT | {
        "requests": {"sent": 0, "by_status": {}, "first_attempt_by_status": {}, "by_api": {}}
    }
    assert outcome("requests{status=503} == 0", nothing).holds is None
    assert outcome("share of requests{status=503} == 0%", nothing).holds is None


@pytest.mark.parametrize("stat", ANSWERS_LEAST)
def test_a_percentile_needs_answers_enough_to_be_one(stat):
    text = f"{stat} of service_time_ms < 1s"
    for missing, holds in ((1, None), (0, True)):
        few = DOCUMENT | {"service_time_ms": TIMES | {"count": ANSWERS_LEAST[stat] - missing}}
        assert outcome(text, few).holds is holds


COUNT_FALSE = "messages.rejected > 0"
SHARE_FALSE = "share of requests{status=429} < 1%"
TIME_FALSE = "p99 of service_time_ms < 1ms"
RATE_FALSE = "rate of requests > 500/s"
NO_DATA = "p99 of response_time_ms < 1s"
HOLDS = "messages.accepted > 0"
LATE = replace(
    CLEAN,
    summary=replace(
        CLEAN.summary, durations=durations(schedule_lag=Figures(p50=80.0, p99=90.0, max=91.0, count=200))
    ),
)


@pytest.mark.parametrize(
    ("evidence", "texts", "verdict", "exit_code"),
    [
        (CLEAN, [HOLDS], "pass", 0),
        (CLEAN, [HOLDS, COUNT_FALSE], "fail", 3),
        (CLEAN, [TIME_FALSE], "fail", 3),
        (CLEAN, [RATE_FALSE], "fail", 3),
        (CLEAN, [NO_DATA], "inconclusive", 4),
        (CLEAN, [TIME_FALSE, NO_DATA], "inconclusive", 4),
        (CLEAN, [NO_DATA, COUNT_FALSE], "fail", 3),
        (LATE, [HOLDS], "inconclusive", 4),
        (LATE, [COUNT_FALSE], "fail", 3),
        (LATE, [SHARE_FALSE], "fail", 3),
        (LATE, [TIME_FALSE], "inconclusive", 4),
        (LATE, [RATE_FALSE], "inconclusive", 4),
        (with_totals(throttled=1), [HOLDS], "warn", 0),
        (with_totals(throttled=1), [RATE_FALSE], "fail", 3),
    ],
)
def test_counts_fail_before_and_times_after_what_is_inconclusive(evidence, texts, verdict, exit_code):
    outcomes = judge_expectations(map(parse_expectation, texts), DOCUMENT)
    judgement = judge(evidence, outcomes)
    assert (judgement.verdict, judgement.exit_code) == (verdict, exit_code)
    assert judgement.expectations == outcomes
    assert [f.check for f in judgement.findings if f.check == "expectation"] == ["expectation"] * len(texts)


def test_a_finding_shows_the_measured_beside_the_asked_and_says_what_to_do():
    for text in (COUNT_FALSE, SHARE_FALSE, TIME_FALSE, RATE_FALSE, NO_DATA, HOLDS):
        finding = finding_of(outcome(text))
        assert text.replace("1s", "1000ms") in finding.evidence
        assert finding.evidence.endswith(".")
        assert finding.advice.endswith(".")
    assert finding_of(outcome(TIME_FALSE)).evidence.endswith("but it was 20.04 ms.")


@pytest.mark.parametrize(
    ("measured", "unit", "said"),
    [
        (20.04, "ms", "20.04 ms"),
        (1_660, "", "1,660"),
        (99.9999, "%", "99.9999 %"),
        (0, "", "0"),
        (100.0, "/s", "100/s"),
    ],
)
def test_a_measured_figure_is_not_rounded_to_its_bound(measured, unit, said):
    assert say_measured(measured, unit) == said
