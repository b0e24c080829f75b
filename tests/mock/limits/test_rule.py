"""What a user may write of a limit, and the one sentence that answers what makes no sense."""

import msgspec
import pytest

from harness.errors import UsageError
from harness.mock.limits.rule import LimitRule, from_limit
from harness.model import Limit
from harness.segment.limits import BRIEF


def test_what_is_left_out_is_filled_in_by_api():
    usual = [
        (rule.scope, rule.headers)
        for rule in (LimitRule(api=api) for api in ("tracking", "profile", "config"))
    ]
    assert usual == [("source", "segment"), ("space", "none"), ("token", "public-api")]
    rule = LimitRule(count=5, window_s=60.0, endpoint="/v1/batch")
    assert (rule.name, rule.algorithm, rule.action) == (
        "Tracking 5 requests/min per source on /v1/batch",
        "sliding-log",
        "refuse",
    )
    assert (rule.window_ns, rule.patience_ns) == (60_000_000_000, 0)
    assert LimitRule(action="queue", queue_longest_s=2.5).patience_ns == 2_500_000_000


def test_events_are_messages():
    assert LimitRule(unit="events") == LimitRule(unit="messages")


def test_a_bucket_without_a_burst_spaces_evenly():
    assert LimitRule(algorithm="gcra").burst == 1
    assert LimitRule(algorithm="gcra", burst=20).burst == 20


def test_a_documented_limit_becomes_a_rule_that_says_the_same():
    rule = from_limit(BRIEF[2])
    assert (
        Limit(rule.api, rule.name, rule.count, rule.window_ns, rule.unit, rule.scope, rule.origin) == BRIEF[2]
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"count": 0}, "limit 'mine': count is 0; write a whole number from 1"),
        ({"count": 2_000_000}, "limit 'mine': a sliding log remembers each of its 2,000,000"),
        ({"window_s": 0}, "limit 'mine': window_s is 0; write seconds above 0"),
        ({"window_s": float("nan")}, "window_s is nan"),
        ({"window_s": float("inf")}, "window_s is inf"),
        ({"window_s": 1e-12}, "window_s is 1e-12"),
        (
            {"api": "trackin"},
            "limit 'mine': api is 'trackin'; did you mean tracking? It is one of tracking, profile",
        ),
        ({"unit": "bytes"}, "unit is 'bytes'; write one of requests, messages"),
        ({"scope": "user"}, "scope is 'user'; write one of source, workspace, space, token"),
        ({"algorithm": "leaky"}, "algorithm is 'leaky'; write one of sliding-log, fixed-window, gcra"),
        ({"action": "drop"}, "action is 'drop'; write one of refuse, queue"),
        ({"headers": "segmnt"}, "headers is 'segmnt'; did you mean segment?"),
        ({"burst": 5}, "limit 'mine': burst belongs to gcra, and this is sliding-log; leave it out"),
        ({"algorithm": "gcra", "burst": 0}, "burst is 0"),
        ({"queue_longest_s": -1}, "queue_longest_s is -1"),
        ({"endpoint": "v1/batch"}, "endpoint is 'v1/batch'; write a path without a query"),
        ({"endpoint": "/v1/batch?x=1"}, "write a path without a query"),
        ({"name": "two\r\nlines"}, "printable characters"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_that_names_the_rule(fields, sentence):
    with pytest.raises(UsageError) as direct:
        LimitRule(**{"name": "mine", **fields})
    assert sentence in str(direct.value)
    assert "\n" not in str(direct.value)
    with pytest.raises(msgspec.ValidationError) as read:
        msgspec.convert({"rules": [{"name": "mine", **fields}]}, dict[str, list[LimitRule]])
    assert sentence in str(read.value)
    assert "$[...][0]" in str(read.value)


def test_a_misspelt_field_is_refused():
    with pytest.raises(msgspec.ValidationError, match="unknown field `cuont`"):
        msgspec.convert({"cuont": 1}, LimitRule)


def test_a_rule_survives_json():
    rule = LimitRule(algorithm="gcra", burst=3, unit="events", endpoint="/sources/{source_id}", api="config")
    assert msgspec.json.decode(msgspec.json.encode(rule), type=LimitRule) == rule
