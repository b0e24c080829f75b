"""What the header sets say is true, and what the broken ones say is wrong in just their way."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import http_sf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.limits.headers import HEADER_SETS, Standing, whole_seconds

S = 1_000_000_000
MS = 1_000_000
NOW_NS = 1_735_689_600 * S + 300 * MS  # 2025-01-01T00:00:00.3Z


def standing(**changes) -> Standing:
    usual = Standing(
        name="Config 100/min",
        quota=100,
        window_ns=60 * S,
        unit="requests",
        refused=False,
        wait_ns=0,
        used=40,
        remaining=60,
        more_ns=12_300 * MS,
        free_ns=59_500 * MS,
        wall_ns=NOW_NS,
    )
    return usual._replace(**changes)


def on_success(name: str, /, **changes) -> dict[str, str]:
    tell = HEADER_SETS[name].on_success
    return dict(tell(standing(**changes))) if tell is not None else {}


def on_refusal(name: str, wait_ns: int, /, **changes) -> dict[str, str]:
    tell = HEADER_SETS[name].on_refusal
    refused = standing(refused=True, wait_ns=wait_ns, **{"used": 101, "remaining": 0, **changes})
    return dict(tell(refused)) if tell is not None else {}


def test_segment_says_whole_seconds_to_wait_twice_and_only_when_it_refuses():
    assert on_success("segment") == {}
    assert on_refusal("segment", 1) == {"Retry-After": "1", "X-RateLimit-Reset": "1"}
    assert on_refusal("segment", 59_001 * MS) == {"Retry-After": "60", "X-RateLimit-Reset": "60"}


def test_the_public_api_says_all_of_it_with_a_date():
    assert on_success("public-api") == {
        "X-RateLimit-Consumed": "40",
        "X-RateLimit-Remaining": "60",
        "X-RateLimit-Reset": "Wed, 01 Jan 2025 00:01:00 GMT",
    }
    assert on_refusal("public-api", 57_647 * MS) == {
        "X-RateLimit-Consumed": "101",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "Wed, 01 Jan 2025 00:01:00 GMT",
        "Retry-After": "58",
    }


@pytest.mark.parametrize("name", ["none", "absent"])
def test_nothing_is_nothing(name):
    assert (on_success(name), on_refusal(name, S)) == ({}, {})


@given(
    name=st.text(max_size=30).filter(str.isprintable),
    window_ns=st.integers(1, 10**13),
    remaining=st.integers(0, 10**9),
    more_ns=st.integers(0, 10**13),
)
@settings(max_examples=100, deadline=None)
def test_the_ietf_fields_parse_as_lists_of_strings_whatever_the_rule_is_called(
    name, window_ns, remaining, more_ns
):
    told = on_success("ietf", name=name, window_ns=window_ns, remaining=remaining, more_ns=more_ns)
    ((policy, policy_says),) = http_sf.parse(told["RateLimit-Policy"].encode(), tltype="list")
    ((limit, limit_says),) = http_sf.parse(told["RateLimit"].encode(), tltype="list")
    assert policy == limit
    assert isinstance(policy, str)
    assert (policy_says["q"], policy_says["qu"], limit_says["r"]) == (100, "requests", remaining)
    assert policy_says.get("w") == (window_ns // S if window_ns % S == 0 else None)
    assert limit_says.get("t") == (whole_seconds(more_ns) if more_ns else None)


def test_the_ietf_wait_is_never_before_the_time_at_which_more_remains():
    told = on_refusal("ietf", 12_300 * MS)
    assert told["Retry-After"] == "13"
    assert told["RateLimit"].endswith(";r=0;t=13")


def test_the_older_triples():
    assert on_success("legacy") == {
        "RateLimit-Limit": "100",
        "RateLimit-Remaining": "60",
        "RateLimit-Reset": "60",
    }
    assert on_success("legacy", used=0, remaining=100, free_ns=0)["RateLimit-Reset"] == "0"
    assert on_refusal("legacy-epoch", 2 * S) == {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1735689660",
        "Retry-After": "2",
    }


@pytest.mark.parametrize("name", ["http-date", "rfc850-date", "asctime-date"])
@given(wait_ns=st.integers(1, 10**13), wall_s=st.integers(0, 2_500_000_000))
@settings(max_examples=50, deadline=None)
def test_a_date_is_the_true_instant_rounded_up_to_a_second(name, wait_ns, wall_s):
    told = on_refusal(name, wait_ns, wall_ns=wall_s * S)["Retry-After"]
    true_s = wall_s + whole_seconds(wait_ns)
    forms = {"rfc850-date": "%A, %d-%b-%y %H:%M:%S GMT", "asctime-date": "%a %b %d %H:%M:%S %Y"}
    if name == "http-date":
        assert parsedate_to_datetime(told).timestamp() == true_s
    else:
        at = datetime.strptime(told, forms[name]).replace(tzinfo=UTC)
        assert at.timestamp() % (100 * 365.25 * 86_400) == true_s % (100 * 365.25 * 86_400)


@pytest.mark.parametrize(
    ("name", "wait_ns", "value"),
    [
        ("epoch", 1_700 * MS, "1735689602"),
        ("milliseconds", 1_700 * MS + 1, "1701"),
        ("float", 1_700 * MS, "2.0"),
        ("past-date", 1_700 * MS, "Tue, 31 Dec 2024 23:59:01 GMT"),
        ("lying", 1_700 * MS, "1"),
        ("lying", 1, "0"),
        ("lying", 60 * S, "30"),
        ("zero", 60 * S, "0"),
        ("negative", 60 * S, "-60"),
        ("huge", S, "31536000"),
        ("garbage", S, "soon"),
    ],
)
def test_each_broken_set_is_wrong_in_its_own_way(name, wait_ns, value):
    assert on_refusal(name, wait_ns) == {"Retry-After": value}
    assert on_success(name) == {}


@pytest.mark.parametrize("name", HEADER_SETS)
@pytest.mark.parametrize("wall_ns", [-S, 0, NOW_NS, 400_000_000_000 * S])
def test_no_set_fails_or_breaks_a_header_line_whatever_the_clock_says(name, wall_ns):
    hostile = {"name": 'a"\\é\u2028', "wall_ns": wall_ns}
    told = {**on_success(name, **hostile), **on_refusal(name, 5 * S, **hostile)}
    for field, value in told.items():
        assert all(" " <= character <= "~" for character in field + value)
