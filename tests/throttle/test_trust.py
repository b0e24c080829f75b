"""Trust warnings: when each speaks, and who is blamed for a wait."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.measure.summary import Figures, Rates
from harness.throttle.trust import TRUST, judge_trust, users_could_carry
from harness.throttle.verdict import judge
from harness.units import NS_PER_S
from tests.throttle.test_verdict import CLEAN, durations, totals


def with_summary(**changed):
    return replace(CLEAN, summary=replace(CLEAN.summary, **changed))


def with_engine(**changed):
    return replace(CLEAN, engine=replace(CLEAN.engine, **changed))


def p99_of(name, p99_ms, **service):
    changed = {name: Figures(p50=p99_ms, p99=p99_ms, max=p99_ms, count=200)}
    return with_summary(durations=durations(**changed, **service), rates=Rates(offered=1_000.0))


SLOW = {"service_2xx": Figures(p50=100.0, p99=200.0, max=200.0, count=200)}

CASES = [
    (p99_of("schedule_lag", 50.1), "schedule lag", "inconclusive"),
    (with_summary(lag_late_share=0.011), "schedule lag", "inconclusive"),
    (p99_of("schedule_lag", 5.1), "schedule lag", "warn"),
    (p99_of("user_wait", 50.1), "user wait", "inconclusive"),
    (with_summary(user_wait_late_share=0.011), "user wait", "inconclusive"),
    (p99_of("user_wait", 5.1), "user wait", "warn"),
    (p99_of("user_wait", 500.0, **SLOW), "user wait", "warn"),
    (with_engine(backlog_stops=2, backlog_stopped_ns=3 * NS_PER_S), "backlog", "warn"),
    (with_engine(clock_step_ns=-NS_PER_S), "clock stepped", "warn"),
    (with_engine(shares_core=True), "one core", "warn"),
    (with_engine(busy_share=0.91, busiest_second_share=1.0), "generator busy", "warn"),
    (
        replace(
            with_engine(busiest_person_share=0.06), summary=replace(CLEAN.summary, held_by_lane_share=0.51)
        ),
        "busy person",
        "warn",
    ),
    (with_summary(totals=totals(opened=40)), "connections reopened", "warn"),
    (
        with_summary(durations=durations(service_2xx=Figures(p50=1.0, p99=2.0, max=2.0, count=99))),
        "too short",
        "warn",
    ),
    (with_summary(durations=durations(response=Figures(below_zero=1))), "below zero", "warn"),
    (with_summary(closed=False, left_out_bytes=12), "unfinished timeline", "warn"),
]


@pytest.mark.parametrize(("evidence", "check", "level"), CASES)
def test_each_warning_speaks_once_with_advice(evidence, check, level):
    found = judge_trust(evidence)
    assert [(finding.check, finding.level) for finding in found] == [(check, level)]
    assert found[0].evidence.endswith(".")
    assert found[0].advice.endswith(".")
    verdict = judge(evidence)
    assert (verdict.verdict, verdict.exit_code) == ((level, 4) if level == "inconclusive" else ("warn", 0))


def test_every_warning_has_a_case_here():
    assert {case[1] for case in CASES} == {check.name for check in TRUST}


@pytest.mark.parametrize(
    "evidence",
    [
        CLEAN,
        p99_of("schedule_lag", 5.0),
        with_summary(lag_late_share=0.01, durations=durations()),
        with_engine(busiest_person_share=0.9),
        replace(
            with_engine(busiest_person_share=0.05), summary=replace(CLEAN.summary, held_by_lane_share=0.9)
        ),
        with_engine(clock_step_ns=50_000_000),
        with_engine(busy_share=0.9, busiest_second_share=1.0),
        with_engine(busy_share=None),
        with_summary(totals=totals(opened=18)),
    ],
)
def test_what_is_within_bounds_is_not_mentioned(evidence):
    assert judge_trust(evidence) == ()


def test_user_wait_is_charged_to_a_target_too_slow_for_the_users():
    slow, quick = p99_of("user_wait", 500.0, **SLOW), p99_of("user_wait", 500.0)
    assert not users_could_carry(slow)
    assert users_could_carry(quick)
    assert "the target's doing" in judge_trust(slow)[0].evidence
    assert judge(slow).verdict == "warn"
    assert judge(quick).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("evidence", "advice"),
    [
        (p99_of("user_wait", 9.0), "Start with --users 32, so that none has to be opened on the way."),
        (
            replace(p99_of("user_wait", 9.0), engine=replace(CLEAN.engine, users_fixed=True)),
            "Give more than --users 16, or --users auto.",
        ),
        (
            p99_of("user_wait", 9.0, **SLOW),
            "Find out why its answers take so long; at this median 100 users would be needed.",
        ),
    ],
)
def test_advice_on_users_fits_the_run(evidence, advice):
    assert judge_trust(evidence)[0].advice == advice


def test_the_page_about_trust_lists_these_warnings_and_no_others():
    page = (Path(__file__).parents[2] / "docs" / "trust.md").read_text("utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ")][1:]
    assert [(name.strip(), level.strip()) for name, level in rows] == [
        (check.name, check.level) for check in TRUST
    ]
