"""How much of a run is done and how long it takes, by numbers alone."""

import pytest

from harness.engine.waiting import Backed, Standing
from harness.how_far import Course, left_ns, share_done
from harness.measure.snapshot import Snapshot
from harness.model import Waiting
from harness.units import NS_PER_S as S

NOTHING = Standing(Waiting(), (), None, None, 0, 0, None)
AT_THE_CEILING = NOTHING._replace(
    waiting=Waiting(ceiling=1_000),
    backed=(Backed(waiting=1_000, came=1_190, each_ns=0.6 * S, opens_ns=34 * S),),
)


def snapshot(offered, settled):
    return Snapshot(offered, settled, settled, 0, settled, 0, None, 0.0)


def test_a_schedule_without_a_backlog_takes_as_long_as_its_stages():
    course = Course(items=5_900, ends_ns=50 * S)
    assert left_ns(course, snapshot(2_300, 2_299), NOTHING, 20 * S) == 30 * S
    assert share_done(course, 2_299, 20 * S) == pytest.approx(2_299 / 5_900)


def test_when_the_schedule_is_over_the_backlog_at_the_ceiling_is_what_is_left():
    # All 11,870 others were accepted long ago, and 1,000 Config calls wait at 100 a minute.
    course = Course(items=12_870, ends_ns=50 * S)
    assert left_ns(course, snapshot(12_870, 11_870), AT_THE_CEILING, 60 * S) == (34 + 600) * S
    assert share_done(course, 11_870, 60 * S) == pytest.approx(0.922, abs=0.001)


def test_what_will_still_come_to_a_full_limit_counts_while_the_schedule_goes_on():
    course = Course(items=5_000, ends_ns=50 * S)
    backed = NOTHING._replace(backed=(Backed(waiting=100, came=200, each_ns=0.6 * S, opens_ns=0),))
    assert left_ns(course, snapshot(2_500, 2_400), backed, 25 * S) == (100 + 200) * 0.6 * S
    # A limit that keeps up does not lengthen anything.
    roomy = NOTHING._replace(backed=(Backed(waiting=1, came=200, each_ns=0.01 * S, opens_ns=0),))
    assert left_ns(course, snapshot(2_500, 2_499), roomy, 25 * S) == 25 * S


def test_where_users_are_short_or_nothing_is_due_the_pace_so_far_tells():
    course = Course(items=1_000, ends_ns=10 * S)
    short = NOTHING._replace(waiting=Waiting(user=600))
    assert left_ns(course, snapshot(1_000, 400), short, 20 * S) == 30 * S
    assert left_ns(Course(items=1_000, ends_ns=None), snapshot(500, 500), NOTHING, 20 * S) == 20 * S


def test_a_duration_cuts_what_is_left_and_is_a_share_of_its_own():
    course = Course(items=12_870, ends_ns=50 * S, cut_ns=90 * S)
    assert left_ns(course, snapshot(12_870, 11_870), AT_THE_CEILING, 60 * S) == 30 * S
    assert share_done(Course(None, None, 90 * S), 0, 60 * S) == pytest.approx(2 / 3)
    assert left_ns(Course(None, None, 90 * S), snapshot(9, 9), NOTHING, 60 * S) == 30 * S


def test_what_nobody_can_know_is_not_told():
    for_ever = Course(None, None)
    assert share_done(for_ever, 9, S) is None
    assert left_ns(for_ever, snapshot(9, 9), AT_THE_CEILING, 60 * S) is None
    # In the first second the pace is chance.
    assert left_ns(Course(1_000, None), snapshot(9, 9), NOTHING, S // 2) is None
