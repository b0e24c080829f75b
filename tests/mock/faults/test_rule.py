"""A fault says what it means, or is told in one sentence why not; its key is never shown."""

import msgspec
import pytest

from harness.mock.faults.latency import Latency
from harness.mock.faults.outcome import ALIASES, OUTCOMES, Outcome
from harness.mock.faults.rule import FaultRule, outcome_of, rule_document

SECRET = "a" * 28 + "x9Qd"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": 500, "api": "trackng"}, "api must be one of tracking, profile, config, not 'trackng'"),
        ({"status": 500, "message_type": "tracks"}, "message_type must be one of identify, track,"),
        (
            {"status": 500, "message_type": "track", "api": "profile"},
            "message_type never matches, because calls of the profile API carry no messages",
        ),
        ({"status": 500, "method": "PO ST"}, "method must be an HTTP method"),
        (
            {"status": 500, "endpoint": "v1/batch"},
            "endpoint must be a path such as /v1/batch, not 'v1/batch'",
        ),
        ({"status": 500, "endpoint": "/v1/batch?x=1"}, "must be a path without a query"),
        ({"status": 500, "endpoint": "/a/b{c}"}, "{name} stands for a whole segment"),
        ({"status": 500, "endpoint": "/__admin/faults"}, "endpoint must not be under /__admin"),
        ({"status": 500, "endpoint": "/__admin"}, "endpoint must not be under /__admin"),
        ({"status": 500, "probability": 1.5}, "probability must be between 0 and 1, not 1.5"),
        ({"status": 500, "probability": float("nan")}, "probability must be between 0 and 1, not nan"),
        ({"status": 500, "skip": -1}, "skip must be 0 or more, not -1"),
        ({"status": 500, "first": 0}, "first must be 1 or more, not 0"),
        ({"status": 500, "every": 0}, "every must be 1 or more, not 0"),
        ({"status": 500, "uses": 0}, "uses must be 1 or more, not 0"),
        (
            {"status": 500, "first": 2, "every": 3},
            "every = 3 never comes among first = 2; make first at least 3",
        ),
        ({"status": 500, "from_s": -1}, "from_s must be a number of seconds"),
        ({"status": 500, "from_s": 5, "until_s": 5}, "until_s must be above from_s (5)"),
        ({"status": 500, "until_s": float("inf")}, "until_s must be above from_s"),
        ({"status": 500, "when": "later"}, "when must be one of before, after, not 'later'"),
        ({"outcome": "explode"}, "outcome must be one of reset-before-head, "),
        ({"status": 500, "outcome": "empty"}, "status and outcome are both given"),
        ({}, "it does nothing; give it a status, an outcome or a latency"),
        ({"latency": Latency(ms=1), "when": "after"}, 'when = "after" needs a status or an outcome'),
        ({"latency": Latency(ms=1), "body": "x"}, "body belongs to a status"),
        ({"outcome": "empty", "headers": {"a": "b"}}, "headers belongs to a status"),
        ({"outcome": "empty", "retry_after": 1}, "retry_after belongs to a status"),
        ({"status": 500, "sent_bytes": 0}, 'sent_bytes belongs to outcome = "truncated" or outcome = "hang"'),
        ({"outcome": "drip", "garbage_bytes": 9}, 'garbage_bytes belongs to outcome = "garbage"'),
        ({"outcome": "hang", "bytes_per_s": 9}, 'bytes_per_s belongs to outcome = "drip"'),
        ({"status": 100}, "status must be between 200 and 599, not 100"),
        ({"status": 204, "body": "x"}, "body must not be given, because a 204 has none"),
        ({"outcome": "truncated", "sent_bytes": -1}, "sent_bytes must be between 0 and 1048576, not -1"),
        ({"outcome": "garbage", "garbage_bytes": 0}, "garbage_bytes must be between 1 and 1048576, not 0"),
        ({"outcome": "drip", "bytes_per_s": 0}, "bytes_per_s must be between 0.001 and 1e+09, not 0"),
        ({"outcome": "drip", "bytes_per_s": float("nan")}, "bytes_per_s must be between"),
        ({"status": 500, "body": {"n": 1 << 64}}, "body cannot be written as JSON"),
        ({"status": 500, "body": "\ud800"}, "body cannot be written as JSON"),
        ({"status": 500, "body": "x" * 1_048_577}, "body must have at most 1048576 bytes, not 1048577"),
        ({"status": 500, "headers": {"a b": "c"}}, "headers has 'a b', which is no header name"),
        ({"status": 500, "headers": {"Content-Length": "5"}}, "headers must not set Content-Length"),
        ({"status": 500, "headers": {"x": "a\r\nb: c"}}, "headers.x has characters that no header may have"),
        ({"status": 500, "retry_after": "1\r\n"}, "retry_after has characters that no header may have"),
        ({"latency": Latency(ms=-1)}, "latency.ms must be between 0"),
    ],
)
def test_a_rule_without_sense_is_told_what_is_wrong_by_its_name(fields, said):
    with pytest.raises(ValueError, match="slow start") as caught:
        FaultRule(name="slow start", **fields)
    assert str(caught.value).startswith('fault "slow start": ')
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_without_a_name_is_told_so_and_a_long_name_is_cut():
    with pytest.raises(ValueError, match="fault without a name: it does nothing"):
        FaultRule()
    with pytest.raises(ValueError, match="name has 101 characters, at most 100 are kept"):
        FaultRule(name="n" * 101, status=500)


def test_the_write_key_is_in_no_text_about_the_rule():
    rule = FaultRule(name="a", write_key=SECRET, status=500)
    assert rule.write_key == SECRET
    for text in (
        repr(rule),
        str(rule),
        f"{rule}",
        repr([rule]),
        repr(rule.__rich_repr__()),
        str(rule_document(rule)),
    ):
        assert SECRET not in text
        assert "…x9Qd" in text
    with pytest.raises(ValueError, match="it does nothing") as caught:
        FaultRule(write_key=SECRET)
    assert SECRET not in str(caught.value)


def test_the_document_of_a_rule_says_what_differs_and_reads_back_as_the_rule():
    rule = FaultRule(
        name="a", api="tracking", first=3, when="after", status=429, headers={"X-A": "1"}, retry_after=2,
        body={"ok": False}, latency=Latency(median_ms=8, sigma=0.5),
    )  # fmt: skip
    document = rule_document(rule)
    assert document == {
        "name": "a", "api": "tracking", "first": 3, "when": "after", "status": 429, "headers": {"X-A": "1"},
        "retry_after": 2, "body": {"ok": False}, "latency": {"median_ms": 8, "sigma": 0.5},
    }  # fmt: skip
    assert msgspec.convert(document, FaultRule) == rule


@pytest.mark.parametrize("name", [*OUTCOMES, *ALIASES])
def test_every_outcome_may_be_asked_for_by_its_own_or_its_wiremock_name(name):
    outcome = outcome_of(FaultRule(name="a", outcome=name, when="after"))
    assert outcome == Outcome("a", ALIASES.get(name, name), after=True)
    assert outcome.kind in OUTCOMES
    assert outcome.effect == outcome.kind


def test_a_latency_alone_has_no_outcome():
    assert outcome_of(FaultRule(latency=Latency(ms=5))) is None


@pytest.mark.parametrize(
    ("body", "raw", "content_type"),
    [
        (None, None, "application/json"),
        ({"a": [1]}, b'{"a":[1]}', "application/json"),
        ([], b"[]", "application/json"),
        ('{"a": 1}', b'{"a": 1}', "application/json"),
        ("Bad Request", b"Bad Request", "text/plain; charset=utf-8"),
        ("", b"", "text/plain; charset=utf-8"),
    ],
)
def test_a_body_leaves_as_it_is_written_under_a_fitting_type(body, raw, content_type):
    outcome = outcome_of(FaultRule(status=400, body=body))
    assert outcome is not None
    assert (outcome.body, outcome.content_type, outcome.effect) == (raw, content_type, "status 400")


def test_the_content_type_may_be_chosen_and_retry_after_is_sent_as_written():
    outcome = outcome_of(
        FaultRule(status=503, body="<p>", headers={"content-type": "text/html", "A": "b"}, retry_after="soon")
    )
    assert outcome is not None
    assert outcome.content_type == "text/html"
    assert outcome.headers == (("A", "b"), ("Retry-After", "soon"))
