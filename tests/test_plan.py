import dataclasses
import json

import pytest

from harness.errors import UsageError
from harness.options import GROUPS, OPTIONS
from harness.plan import Plan, make_plan


def test_every_option_has_a_field_a_group_and_a_sentence():
    fields = {field.name for field in dataclasses.fields(Plan)} - {"recording", "step"}
    assert {option.field for option in OPTIONS} == fields
    for option in OPTIONS:
        assert option.group in GROUPS
        assert option.help.endswith(".")
        assert option.is_flag or option.metavar


def test_the_defaults_are_a_plan():
    plan = make_plan("r.ndjson", {})
    assert (plan.speed, plan.rate, plan.loop, plan.batch, plan.order) == (1.0, None, 1, "none", "person")
    assert plan.needs_times
    assert not plan.closed_loop


def test_the_command_line_wins_over_the_scenario():
    plan = make_plan("r.ndjson", {"speed": "3"}, {"speed": "2", "loop": "4", "recording": "s.ndjson"})
    assert (plan.recording, plan.speed, plan.loop) == ("r.ndjson", 3.0, 4)
    assert make_plan(None, {}, {"recording": "s.ndjson"}).recording == "s.ndjson"
    rate = make_plan("r.ndjson", {"rate": "5/s"}, {"speed": "2"})
    assert (rate.rate, rate.speed) == (5.0, 1.0)


def test_a_plan_is_json_with_its_units_and_without_a_key():
    plan = make_plan("r.ndjson", {"duration": "90s", "source": ["web=WEB_KEY"], "limit": ["tracking=30/min"]})
    plain = json.loads(json.dumps(plan.as_json()))
    assert plain["duration_s"] == 90
    assert plain["source"] == {"web": "WEB_KEY"}
    assert plain["limit"] == [{"api": "tracking", "count": 30, "window_s": 60}]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "no recording"),
        ({"recording": "-", "loop": "2"}, "--loop"),
        ({"recording": "-", "dry_run": True}, "--dry-run"),
        ({"recording": "r", "rate": "max", "speed": "2"}, "--speed"),
        ({"recording": "r", "region": "us", "target": ["http://x"]}, "--region"),
        ({"recording": "r", "target": ["http://x", "http://y"]}, "name the Tracking API|one target"),
        ({"recording": "r", "share": "1.5"}, "--share"),
    ],
)
def test_combinations_that_make_no_sense_are_one_sentence(given, says):
    with pytest.raises(UsageError, match=says):
        make_plan(None, given)
