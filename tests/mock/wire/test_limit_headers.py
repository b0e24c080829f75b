"""What answers say about a limit, and that it is true: who waits that long is let in, who does not is not."""

import math
from email.utils import parsedate_to_datetime

import pytest

from harness.units import NS_PER_S, parse_instant_ns
from tests.mock.boxed import KEY, track


def now_s(mock) -> float:
    return parse_instant_ns(mock.admin("GET", "clock")["now"]) / NS_PER_S


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"count": 3, "window_s": 7.5}, 3),
        ({"count": 3, "window_s": 7.5, "algorithm": "fixed-window"}, 3),
        ({"count": 3, "window_s": 60, "algorithm": "gcra"}, 1),
        ({"count": 3, "window_s": 7.5, "action": "queue", "queue_longest_s": 1}, 3),
    ],
)
def test_who_waits_as_long_as_retry_after_says_is_let_in_and_a_second_earlier_refused(mock, rule, fits):
    mock.freeze()
    mock.set_limits(rule)
    seen = [mock.track(f"a{n}") for n in range(fits + 1)]
    assert [answer.status_code for answer in seen] == [200] * fits + [429]
    wait_s = int(seen[-1].headers["Retry-After"])
    assert seen[-1].headers["X-RateLimit-Reset"] == str(wait_s)
    assert f"{wait_s} s" in seen[-1].json()["message"]
    if wait_s > 1:
        mock.advance(wait_s - 1)
        assert mock.track("early").status_code == 429
        mock.advance(1)
    else:
        mock.advance(wait_s)
    if rule.get("action") == "queue":
        mock.admin("POST", "clock", {"scale": 1_000})  # whom it takes it may still hold back
    assert mock.track("in time").status_code == 200


def test_a_call_of_the_public_api_is_told_how_it_stands(sourced):
    sourced.freeze()
    sourced.set_limits(preset="documented")
    answers = [sourced.config("/sources") for _ in range(101)]
    reset_s = math.ceil(now_s(sourced) + 60)
    for number, answer in enumerate(answers[:100], 1):
        assert answer.status_code == 200
        assert answer.headers["X-RateLimit-Consumed"] == str(number)
        assert answer.headers["X-RateLimit-Remaining"] == str(100 - number)
        assert parsedate_to_datetime(answer.headers["X-RateLimit-Reset"]).timestamp() == reset_s
        assert "Retry-After" not in answer.headers
    last = answers[-1]
    assert last.status_code == 429
    assert (last.headers["X-RateLimit-Consumed"], last.headers["X-RateLimit-Remaining"]) == ("101", "0")
    assert last.headers["Retry-After"] == "60"
    (error,) = last.json()["errors"]
    assert error["data"] == {"remainingPoints": 0, "msBeforeNext": 60_000, "consumedPoints": 101}


def test_ms_before_next_is_true_to_the_millisecond(sourced):
    sourced.freeze()
    sourced.set_limits({"api": "config", "count": 1, "window_s": 1.2345})
    assert sourced.config("/sources").status_code == 200
    wait_ms = sourced.config("/sources").json()["errors"][0]["data"]["msBeforeNext"]
    assert wait_ms == 1_235
    sourced.advance((wait_ms - 1) / 1_000)
    assert sourced.config("/sources").status_code == 429
    sourced.advance(0.001)
    assert sourced.config("/sources").status_code == 200


def test_the_legacy_config_api_refuses_in_its_own_words(sourced):
    sourced.freeze()
    sourced.set_limits({"api": "config", "count": 1})
    assert sourced.config("/v1beta/workspaces").status_code == 200
    answer = sourced.config("/v1beta/workspaces")
    assert (answer.status_code, answer.json()["code"]) == (429, 8)
    assert "Retry-After" in answer.headers


def test_the_profile_api_refuses_in_its_own_words_and_says_nothing_of_the_wait(sourced):
    sourced.freeze()
    sourced.set_limits({"api": "profile", "count": 1})
    assert sourced.profile("user_id:u1").status_code == 404
    answer = sourced.profile("user_id:u1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limit_error")
    assert "Request-Id" in answer.headers
    assert not [name for name in answer.headers if "ratelimit" in name or name == "retry-after"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("ietf", {"RateLimit-Policy": '"r";q=2;w=60;qu="requests"', "RateLimit": '"r";r=0;t=60'}),
        ("legacy", {"RateLimit-Limit": "2", "RateLimit-Remaining": "0", "RateLimit-Reset": "60"}),
        ("absent", {"Retry-After": None}),
        ("milliseconds", {"Retry-After": "60000"}),
        ("float", {"Retry-After": "60.0"}),
        ("lying", {"Retry-After": "30"}),
        ("zero", {"Retry-After": "0"}),
        ("negative", {"Retry-After": "-60"}),
        ("garbage", {"Retry-After": "soon"}),
    ],
)
def test_every_set_of_headers_arrives_as_it_is_named(mock, headers, expected):
    mock.freeze()
    mock.set_limits({"name": "r", "count": 2, "window_s": 60, "headers": headers})
    for number in range(2):
        assert mock.track(f"m{number}").status_code == 200
    refused = mock.track("m3")
    assert refused.status_code == 429
    assert {name: refused.headers.get(name) for name in expected} == expected


@pytest.mark.parametrize(("headers", "off_s"), [("http-date", 60), ("epoch", 60), ("past-date", -60)])
def test_dates_in_headers_are_of_the_clock_of_the_mock(mock, headers, off_s):
    mock.freeze()
    mock.advance(1_000_000)
    mock.set_limits({"count": 1, "window_s": 60, "headers": headers})
    mock.track("m1")
    said = mock.track("m2").headers["Retry-After"]
    at_s = int(said) if headers == "epoch" else parsedate_to_datetime(said).timestamp()
    assert at_s == math.ceil(now_s(mock) + off_s)


def test_a_page_of_another_site_may_read_a_refusal_and_its_headers(mock):
    mock.freeze()
    mock.set_limits({"count": 1})
    mock.track("m1")
    answer = mock.send(track("m2"), Origin="https://shop.example")
    assert answer.status_code == 429
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://shop.example"}
    assert int(answer.headers["Retry-After"]) == 1
    exposed = answer.headers.get("Access-Control-Expose-Headers", "").lower()
    assert "*" in exposed or "retry-after" in exposed


def test_a_queued_call_that_meets_a_late_fault_waits_for_both(mock):
    mock.freeze()
    mock.set_limits({"count": 1, "action": "queue"})
    mock.set_faults({"latency": {"ms": 500}})
    mock.admin("POST", "clock", {"scale": 10})
    assert [mock.track(f"m{n}", key=KEY).status_code for n in range(2)] == [200, 200]
    assert mock.limit()["queued"] <= 1
    assert mock.fault()["delayed_ms"] == 1_000
