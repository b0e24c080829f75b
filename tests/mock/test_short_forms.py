"""Limits and faults as a command line has them."""

import pytest

from harness.errors import UsageError
from harness.mock.faults.latency import Latency
from harness.mock.faults.rule import FaultRule
from harness.mock.limits.rule import LimitRule
from harness.mock.short_forms import fault_of, limit_of


@pytest.mark.parametrize(
    ("text", "api", "count", "window_s", "unit", "scope"),
    [
        ("tracking=50/s", "tracking", 50, 1.0, "requests", "source"),
        ("tracking=50", "tracking", 50, 1.0, "requests", "source"),
        ("tracking=1000messages/s", "tracking", 1_000, 1.0, "messages", "source"),
        (" tracking = 1000 events / s ", "tracking", 1_000, 1.0, "messages", "source"),
        ("profile=10requests/min", "profile", 10, 60.0, "requests", "space"),
        ("config=200/min", "config", 200, 60.0, "requests", "token"),
    ],
)
def test_a_limit_is_an_api_a_count_and_a_period(text, api, count, window_s, unit, scope):
    assert limit_of(text) == LimitRule(
        api=api, count=count, window_s=window_s, unit=unit, scope=scope, origin="--limit"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("50/s", "write it like tracking=50/s"),
        ("tracking=", "write it like tracking=50/s"),
        ("tracking=fast", "write it like tracking=50/s"),
        ("tracking=1.5/s", "write it like tracking=50/s"),
        ("tracking=-5/s", "write it like tracking=50/s"),
        ("tracking=0/s", "write it like 500/s"),
        ("tracking=5/fortnight", "write it like 500/s"),
        ("tracing=5/s", "did you mean tracking?"),
        ("tracking=5apples/s", "unit is 'apples'; write one of requests, messages"),
        ("tracking=5000000000/s", "write a whole number from 1 to 1,000,000,000"),
        ("tracking=٥/s", "write it like tracking=50/s"),
    ],
)
def test_what_is_no_limit_is_one_sentence(text, sentence):
    with pytest.raises(UsageError) as raised:
        limit_of(text)
    assert str(raised.value).startswith(f"--limit {text}: ")
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "status=503,first=3,endpoint=/v1/batch",
            FaultRule(status=503, first=3, endpoint="/v1/batch"),
        ),
        (
            "outcome=hang, probability=0.5, when=after",
            FaultRule(outcome="hang", probability=0.5, when="after"),
        ),
        ("latency.lower_ms=10,latency.upper_ms=20", FaultRule(latency=Latency(lower_ms=10.0, upper_ms=20.0))),
        ("status=429,retry_after=5", FaultRule(status=429, retry_after="5")),
        (
            "status=429,retry_after=soon,headers.X-Why=a=b",
            FaultRule(status=429, retry_after="soon", headers={"X-Why": "a=b"}),
        ),
    ],
)
def test_a_fault_is_the_fields_of_its_table(text, rule):
    assert fault_of(text) == rule


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is no field with a value"),
        ("503", "'503' is no field with a value"),
        ("status=503,", "'' is no field with a value"),
        ("status=503,status=500", "status is given twice"),
        ("latency=1,latency.ms=2", "latency is given twice"),
        ("latency.ms=2,latency=1", "latency is given twice"),
        ("stauts=503", "stauts: there is no such setting; did you mean status?"),
        ("status=five", "status: text in quotes stands there; write a whole number"),
        ("status=99", "status must be between 200 and 599, not 99"),
        ("first=3", "it does nothing; give it a status"),
    ],
)
def test_what_is_no_fault_is_one_sentence(text, sentence):
    with pytest.raises(UsageError) as raised:
        fault_of(text)
    assert str(raised.value).startswith(f"--fault {text}: ")
    assert sentence in str(raised.value)


def test_a_write_key_is_not_taken_from_a_command_line_and_not_repeated():
    with pytest.raises(UsageError, match="write the fault in --config") as raised:
        fault_of("status=503,write_key=verysecretkey")
    assert "verysecretkey" not in str(raised.value)
