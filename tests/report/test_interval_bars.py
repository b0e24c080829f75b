"""Bars lie where their intervals do, on an axis that is as wide as what changed."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.interval_bars import HALF, axis_reach, bar


def change(low, at, high, verdict="worse", unit="ms"):
    return {"low": low, "change": at, "high": high, "verdict": verdict, "unit": unit}


def test_the_axis_is_as_wide_as_what_changed_and_what_may_be_chance_reaches_beyond_it():
    found, noisy = change(0.1, 0.2, 0.28), change(-0.5, 0.1, 4.0, "within the noise")
    assert axis_reach([found, noisy]) == pytest.approx(0.3)
    assert bar(noisy, 0.3)[3:] == (True, True)
    assert bar(found, 0.3)[3:] == (False, False)
    assert axis_reach([noisy]) == 1.0


def test_points_of_a_share_have_the_same_axis():
    assert axis_reach([change(8.0, 9.0, 10.0, unit="%")]) == pytest.approx(0.1)
    assert bar(change(8.0, 9.0, 10.0, unit="%"), 0.1)[:3] == (80, 90, 100)


def test_without_an_interval_there_is_no_bar():
    assert bar(change(None, 0.2, None), 0.1) is None
    assert bar(change(0.1, inf, inf), 0.1) is None
    assert axis_reach([change(None, None, None)]) == 0.05


@given(st.lists(st.floats(-1, 1e4), min_size=3, max_size=3).map(sorted))
def test_a_bar_keeps_its_order_and_stays_in_the_field(span):
    one = change(*span)
    reach = axis_reach([one])
    drawn = bar(one, reach)
    assert -HALF <= drawn.low <= drawn.at <= drawn.high <= HALF
    assert not drawn.is_lower
    assert not drawn.is_higher
