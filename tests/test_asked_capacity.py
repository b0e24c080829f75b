"""The options of a search: defaults, what is refused, and the plan that all steps share."""

import pytest

from harness.asked_capacity import CAPACITY_OPTIONS, DEFAULT_EXPECTATIONS, OWN_OPTIONS, ask
from harness.errors import UsageError
from harness.options import OPTIONS
from harness.units import NS_PER_S


def test_the_defaults_are_a_search_and_say_what_they_expect():
    plan, asked = ask("r.ndjson", {})
    assert (asked.start_rate, asked.max_rate, asked.precision) == (50, None, 0.05)
    assert (asked.step, asked.settle, asked.confirm) == (30 * NS_PER_S, 5 * NS_PER_S, 60 * NS_PER_S)
    assert tuple(map(str, asked.expect)) == DEFAULT_EXPECTATIONS
    assert (plan.retry, plan.loop, plan.needs_times, plan.closed_loop) == ("none", None, False, False)


def test_what_is_given_is_used():
    given = {"start_rate": "600/min", "step": "1s", "settle": "200ms", "confirm": "2s", "precision": "2.5%"}
    plan, asked = ask(
        "r.ndjson", {**given, "expect": ["throttle.throttled == 0"], "batch": "20", "seed": "5"}
    )
    assert asked.as_json() == {
        "start_rate_per_s": 10,
        "max_rate_per_s": None,
        "step_s": 1,
        "settle_s": 0.2,
        "confirm_s": 2,
        "precision": 0.025,
        "expect": ["throttle.throttled == 0"],
    }
    assert (plan.batch, plan.seed) == (20, 5)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"start_rate": "0/s"}, "--start-rate: '0/s' is no rate"),
        ({"max_rate": "40/s"}, "--max-rate is below --start-rate"),
        ({"step": "0s"}, "--step: '0s' is no time at all"),
        ({"settle": "30s"}, "--settle leaves nothing to judge"),
        ({"settle": "5s", "confirm": "4s"}, "--settle leaves nothing to judge"),
        ({"precision": "5"}, "--precision: '5' is no share"),
        ({"precision": "0.01%"}, "--precision"),
        ({"step": "6s"}, "a step at --start-rate 50/s judges 50 items, and p99 needs 100"),
        ({"expect": ["p99 of nothing < 1"]}, "--expect"),
        ({"target": ["http://x", "http://y"]}, "target"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(given, says):
    with pytest.raises(UsageError, match=says):
        ask("r.ndjson", given)


def test_a_stream_and_no_recording_are_refused():
    with pytest.raises(UsageError, match="save standard input as a file"):
        ask("-", {})
    with pytest.raises(UsageError, match="no recording"):
        ask(None, {})


def test_options_of_one_kind_are_defined_once():
    names = [option.name for option in CAPACITY_OPTIONS]
    assert len(names) == len(set(names))
    assert all(option in OPTIONS for option in CAPACITY_OPTIONS if option not in OWN_OPTIONS)
    assert not {option.name for option in OWN_OPTIONS} & {option.name for option in OPTIONS}
