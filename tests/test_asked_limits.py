"""What a user asks of an API: limits, targets and writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.asked_limits import AskedLimit, parse_asked_limit, parse_write, targets_by_api
from harness.errors import UsageError
from harness.units import NS_PER_S


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("tracking=200/s", AskedLimit("tracking", 200, NS_PER_S, "source")),
        ("profile=100/s", AskedLimit("profile", 100, NS_PER_S, "space")),
        ("config=100/min", AskedLimit("config", 100, 60 * NS_PER_S, "token")),
        ("tracking@workspace=800/s", AskedLimit("tracking", 800, NS_PER_S, "workspace")),
        ("tracking:/v1/batch=5/s", AskedLimit("tracking", 5, NS_PER_S, "source", "/v1/batch")),
        ("config:/sources/{sourceId}=10/min", AskedLimit("config", 10, 60 * NS_PER_S, "token", "/sources/*")),
        ("profile:/v1/spaces/*/x=7", AskedLimit("profile", 7, NS_PER_S, "space", "/v1/spaces/*/x")),
    ],
)
def test_a_limit_names_its_api_and_maybe_its_scope_and_its_endpoint(text, asked):
    assert parse_asked_limit(text) == asked


@pytest.mark.parametrize(
    "text",
    ["tracking", "tracking=", "tracking=0/s", "trocking=1/s", "profile@workspace=1/s", "config:sources=1/s",
     "tracking@=1/s", "=1/s", "tracking=1/s=2/s", ""],
)  # fmt: skip
def test_what_is_no_limit_is_said_to_be_none(text):
    with pytest.raises(ValueError, match=r"is no|is not"):
        parse_asked_limit(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_a_limit(text):
    try:
        asked = parse_asked_limit(text)
    except ValueError:
        return
    assert asked.count > 0
    assert asked.name


def test_the_name_of_a_limit_says_all_of_it():
    assert parse_asked_limit("tracking=200/s").name == "Tracking 200 requests/s per source"
    asked = parse_asked_limit("config:/sources=10/min")
    assert asked.name == "Config 10 requests/60 s per token on /sources"


@pytest.mark.parametrize("text", ["PATCH /sources/{id}", " PATCH  /sources/* "])
def test_a_write_is_a_method_and_a_path(text):
    assert parse_write(text) == "PATCH /sources/*"


@pytest.mark.parametrize("text", ["GET /sources", "/sources", "PATCH sources", "PATCH", ""])
def test_what_is_no_write_is_said_to_be_none(text):
    with pytest.raises(ValueError, match="METHOD /path"):
        parse_write(text)


def test_targets_are_told_apart_by_api():
    assert targets_by_api(["http://a", "profile=http://b?x=1", "config=http://c"]) == {
        "": "http://a",
        "profile": "http://b?x=1",
        "config": "http://c",
    }
    assert targets_by_api(["http://a?x=1"]) == {"": "http://a?x=1"}


@pytest.mark.parametrize(
    "given_",
    [["http://a", "http://b"], ["profile=http://a", "profile=http://b"], ["http://a", "tracking=http://b"]],
)
def test_two_targets_of_one_api_are_refused(given_):
    with pytest.raises(UsageError, match="--target"):
        targets_by_api(given_)
