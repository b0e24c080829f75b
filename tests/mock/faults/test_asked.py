"""Whatever comes over the wire becomes rules, or one sentence that says where it is wrong."""

import tomllib

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.mock.faults.asked import read_faults
from harness.mock.faults.latency import Latency
from harness.mock.faults.rule import FaultRule

TOML = """
[[faults]]
name = "slow start"
api = "tracking"
endpoint = "/v1/batch"
first = 3
status = 503
retry_after = 2
latency = { median_ms = 80, sigma = 0.4 }

[[faults]]
message_type = "identify"
probability = 0.01
outcome = "RANDOM_DATA_THEN_CLOSE"
when = "after"
"""


def test_one_rule_a_list_and_a_list_with_a_seed_are_read():
    one = {"status": 500}
    rule = FaultRule(status=500)
    assert read_faults(one) == ((rule,), None)
    assert read_faults([one, one]) == ((rule, rule), None)
    assert read_faults({"faults": [one], "seed": 7}) == ((rule,), 7)
    assert read_faults([]) == ((), None)


def test_the_settings_are_read_in_the_same_shape():
    rules, seed = read_faults(tomllib.loads(TOML))
    assert seed is None
    assert rules[0] == FaultRule(
        name="slow start", api="tracking", endpoint="/v1/batch", first=3, status=503, retry_after=2,
        latency=Latency(median_ms=80, sigma=0.4),
    )  # fmt: skip
    assert rules[1].outcome == "RANDOM_DATA_THEN_CLOSE"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("nonsense", "faults: Expected `object`, got `str`."),
        ({"seed": 3}, "faults: Object missing required field `faults`."),
        ([{"status": "500"}], "faults[0].status: Expected `int | null`, got `str`."),
        (
            [{"status": 500}, {"first": True, "status": 1}],
            "faults[1].first: Expected `int | null`, got `bool`.",
        ),
        (
            [{"probablity": 1, "status": 500}],
            "faults[0]: there is no field 'probablity'; did you mean probability?",
        ),
        ([{"qqqq": 1}], "faults[0]: there is no field 'qqqq'."),
        (
            [{"latency": {"media_ms": 1}}],
            "faults[0].latency: there is no field 'media_ms'; did you mean median_ms?",
        ),
        ([{"name": "a", "status": 99}], 'faults[0]: fault "a": status must be between 200 and 599, not 99.'),
    ],
)
def test_a_document_without_sense_is_told_where_and_what(document, said):
    with pytest.raises(UsageError) as caught:
        read_faults(document)
    assert str(caught.value) == said


def test_a_body_nested_too_deeply_is_told_so():
    with pytest.raises(UsageError, match="body cannot be written as JSON"):
        read_faults(orjson.loads(b'{"status": 500, "body": ' + b"[" * 400 + b"]" * 400 + b"}"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["tracking", "after", "drip", "/v1/{x}", "track"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(FaultRule.__struct_fields__), VALUES, max_size=4))
def test_no_document_ends_in_anything_but_rules_or_a_sentence(document):
    try:
        asked = read_faults([document])
    except UsageError as error:
        assert str(error).startswith("faults")  # noqa: PT017 - either end is right
    else:
        assert len(asked.rules) == 1
