import pytest

from harness.errors import UsageError
from harness.plan import make_plan, read_scenario
from harness.timing import RAMP, STEP, Stage, parse_stages, stages_text
from tests.engine.fakes import S

WARM_UP = (Stage(RAMP, 200.0, 30 * S), Stage(STEP, 200.0, 300 * S), Stage(RAMP, 0.0, 10 * S))


def test_stages_are_written_as_they_are_said():
    assert parse_stages("to 200/s in 30s, 200/s for 5m, to 0/s in 10s") == WARM_UP
    assert parse_stages("100/min for 1h30m") == (Stage(STEP, pytest.approx(5 / 3), 5_400 * S),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no stage"),
        ("200/s", "is no stage"),
        ("200/s in 5m", "is no stage"),
        ("to 200/s for 5m", "is no stage"),
        ("200/s for 5m,", "is no stage"),
        ("fast for 5m", "is no rate"),
        ("0/week for 5m", "is no rate"),
        ("200/s for ever", "is no duration"),
        ("200/s for 0s", "no time at all"),
        ("0/s for 5m", "never has a rate above 0"),
    ],
)
def test_what_is_no_stage_is_one_sentence(text, says):
    with pytest.raises(ValueError, match=says):
        parse_stages(text)


def test_the_tables_of_a_scenario_are_the_same_stages(tmp_path):
    path = tmp_path / "warm-up.toml"
    path.write_text(
        """
        recording = "r.ndjson"
        [[stages]]
        shape = "ramp"
        rate = "200/s"
        duration = "30s"
        [[stages]]
        rate = 200
        duration = "5 m"
        [[stages]]
        shape = "ramp"
        rate = 0
        duration = 10
        """
    )
    scenario = read_scenario(str(path))
    plan = make_plan(None, {}, scenario)
    assert plan.stages == WARM_UP
    assert not plan.needs_times
    assert plan.as_json()["stages"][0] == {"shape": "ramp", "rate_per_s": 200.0, "duration_s": 30.0}
    assert make_plan(None, {"rate": "5/s"}, scenario).stages == ()  # the command line wins


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("soon", "stage 1 is no table"),
        ({"raet": "5/s", "duration": "1s"}, "no key 'raet'"),
        ({"rate": "5/s"}, "duration is missing"),
        ({"rate": True, "duration": "1s"}, "rate is missing"),
        ({"rate": "5/s", "duration": "1s", "shape": "curve"}, "neither step nor ramp"),
    ],
)
def test_a_table_that_is_no_stage_is_one_sentence(table, says):
    with pytest.raises(ValueError, match=says):
        stages_text([table])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rate": "5/s", "stages": "5/s for 1s"}, "give one"),
        ({"speed": "2", "stages": "5/s for 1s"}, "--speed scales"),
        ({"speed": "2", "rate_curve": "day.csv"}, "--speed scales"),
        ({"arrivals": "poisson"}, "needs a rate"),
        ({"arrivals": "poisson", "rate": "max"}, "needs a rate"),
        ({"late": "drop", "rate": "max"}, "nothing is due"),
        ({"late_after": "2s"}, "--late drop"),
        ({"spread": "5m"}, "--multiply"),
        ({"multiply": "2", "ids": "keep"}, "same messageIds"),
        ({"recording": "-", "multiply": "2", "spread": "1s"}, "standard input"),
        ({"multiply": "0"}, "no whole number"),
        ({"late": "never"}, "none of catch-up, drop"),
    ],
)
def test_combinations_that_make_no_sense_are_refused(given, says):
    with pytest.raises(UsageError, match=says):
        make_plan(None, {"recording": "r"} | given)


def test_copies_of_standard_input_at_the_same_instant_need_no_second_reading():
    assert make_plan("-", {"multiply": "3"}).multiply == 3
