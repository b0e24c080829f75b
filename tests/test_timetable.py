from pathlib import Path
from random import Random

import pytest

from harness.errors import UsageError
from harness.plan import make_plan
from harness.timetable import schedule, settled, shifts_of
from harness.timing import STEP, Stage
from tests.engine.fakes import S, item


def plan(**given):
    return settled(make_plan("r.ndjson", given), Random(3))


def dues(made, count=5):
    return [each.due_ns for each in schedule(made, [[item(i, at_ns=i * S) for i in range(count)]], None)]


@pytest.mark.parametrize(
    ("given", "due_s"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"speed": "2"}, [0, 0.5, 1, 1.5, 2]),
        ({"rate": "4/s"}, [0, 0.25, 0.5, 0.75, 1]),
        ({"stages": "2/s for 1s, 4/s for 500ms"}, [0, 0.5, 1, 1.25]),
        ({"rate": "max"}, [0, 0, 0, 0, 0]),
    ],
)
def test_each_way_to_say_when_has_its_schedule(given, due_s):
    assert dues(plan(**given)) == [round(due * S) for due in due_s]


def test_arrivals_by_chance_are_the_same_whenever_one_run_asks_and_other_in_another():
    one = plan(rate="9/s", arrivals="poisson")
    other = settled(make_plan("r.ndjson", {"rate": "9/s", "arrivals": "poisson"}), Random(4))
    assert dues(one) == dues(one) != dues(other)
    assert dues(plan(rate="9/s", arrivals="poisson", seed="5")) == dues(
        settled(make_plan("r.ndjson", {"rate": "9/s", "arrivals": "poisson", "seed": "5"}), Random(9))
    )


def test_a_seed_that_was_given_stays_and_one_that_was_not_is_drawn():
    assert plan(seed="5").seed == 5
    assert plan().seed is not None
    assert len(shifts_of(plan(multiply="3", spread="1m"))) == 3


def test_a_rate_curve_is_read_into_stages_once(tmp_path: Path):
    curve = tmp_path / "day.csv"
    curve.write_text("\ufeffperiod,count\n1m,60\n", "utf-8")
    made = plan(rate_curve=str(curve))
    curve.unlink()
    assert made.stages == (Stage(STEP, 1.0, 60 * S),)
    assert settled(made, Random(1)) == made
    assert not made.needs_times


def test_a_rate_curve_that_cannot_be_read_is_one_sentence(tmp_path: Path):
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read: No such file"):
        plan(rate_curve=str(tmp_path / "none.csv"))
    (tmp_path / "latin.csv").write_bytes(b"period,count\n\xff\n")
    with pytest.raises(UsageError, match="is not UTF-8"):
        plan(rate_curve=str(tmp_path / "latin.csv"))
