import pytest

from harness.throttle.comparison import (
    NOT_COMPARABLE,
    TOO_NOISY,
    WITHIN_NOISE,
    WORSE,
    Change,
    Comparison,
    compare,
)
from harness.throttle.regression import judge_regression, regressions, say_amount, say_interval
from tests.throttle.paired import a_run


def a_change(figure="p99 of service_time_ms", unit="ms", verdict=WORSE, judged=True, **numbers):
    given = {"before": 10.0, "after": 12.0, "change": 0.2, "low": 0.1, "high": 0.3} | numbers
    return Change(figure, unit, verdict=verdict, judged=judged, **given)


def compared(*changes, reasons=()):
    return Comparison("base", "new", reasons, (), changes, ())


def test_worse_by_more_than_allowed_beyond_chance_fails_with_the_figure():
    finding = judge_regression(compared(a_change()), 0.1)
    assert finding.level == "fail"
    assert "p99 of service_time_ms +20 % (+10 to +30 %)" in finding.evidence
    assert judge_regression(compared(a_change()), 0.25).level == "note"


@pytest.mark.parametrize(
    "changed",
    [
        a_change(verdict="better", change=-0.5),
        a_change(verdict="different", judged=False),
        a_change(verdict=WITHIN_NOISE, change=0.01, low=-0.02, high=0.04),
    ],
)
def test_what_is_no_regression_is_a_note(changed):
    held = a_change(verdict=WITHIN_NOISE, change=0.0, low=-0.01, high=0.01)
    assert judge_regression(compared(changed, held), 0.1).level == "note"
    assert regressions(compared(changed), 0.1) == ()


def test_fewer_a_second_is_worse_and_more_is_not():
    rate = {"figure": "rate_per_s.goodput", "unit": "/s"}
    lost = a_change(**rate, change=-0.2, low=-0.3, high=-0.1)
    assert judge_regression(compared(lost), 0.1).level == "fail"
    more = a_change(**rate, verdict=WITHIN_NOISE, change=0.3, low=-0.05, high=0.9)
    assert judge_regression(compared(more), 0.1).level == "note"


def test_a_share_from_nothing_is_worse_than_any_share_of_it():
    share = a_change("answered 429", "%", before=0.0, after=2.0, change=2.0, low=1.0, high=3.0)
    assert judge_regression(compared(share), 10.0).level == "fail"
    grown = share._replace(before=4.0, after=4.2, change=0.2, low=0.1, high=0.3)
    assert judge_regression(compared(grown), 0.1).level == "note"  # a twentieth more


def test_what_looks_worse_and_may_be_chance_warns():
    for verdict, low, high in ((WITHIN_NOISE, -0.1, 0.6), (TOO_NOISY, None, None)):
        finding = judge_regression(compared(a_change(verdict=verdict, low=low, high=high)), 0.1)
        assert finding.level == "warn"
        assert "may be chance" in finding.evidence


def test_what_is_too_noisy_to_see_so_much_is_named():
    noisy = a_change(verdict=WITHIN_NOISE, change=0.0, low=-0.4, high=0.5)
    assert (
        "Too noisy to see so much: p99 of service_time_ms." in judge_regression(compared(noisy), 0.1).evidence
    )
    assert "Too noisy" not in judge_regression(compared(noisy), 0.6).evidence


def test_not_comparable_is_inconclusive_and_says_why():
    finding = judge_regression(compared(a_change(), reasons=("the recordings differ",)), 0.1)
    assert (finding.level, finding.evidence) == (
        "inconclusive",
        "Not comparable with base: the recordings differ.",
    )
    assert judge_regression(compared(a_change(verdict=NOT_COMPARABLE)), 0.1).level == "inconclusive"


def test_a_real_slowdown_is_a_regression_and_an_equal_run_is_none():
    before = a_run(1, seconds=240)
    assert judge_regression(compare(before, a_run(2, seconds=240, slower=1.5)), 0.1).level == "fail"
    assert judge_regression(compare(before, a_run(1, seconds=240)), 0.1).level == "note"


def test_amounts_are_said_with_their_unit_and_a_zero_without_sign():
    assert say_amount(a_change()) == "+20 %"
    assert say_amount(a_change(change=-0.00001)) == "0.00 %"
    assert say_amount(a_change(unit="%", change=-1.25)) == "-1.2 points"
    assert say_interval(a_change()) == "+10 to +30 %"
    assert say_interval(a_change(low=None)) == ""
    assert say_amount(a_change(before=0.0, change=None)) == "from nothing"
