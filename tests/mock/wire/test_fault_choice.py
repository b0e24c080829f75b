"""Which calls meet a fault, as their clients see it, on all three APIs and on either side of the ledger."""

import time
from base64 import b64encode

import httpx
import orjson
import pytest

from harness.mock.launch import launch
from tests.mock.boxed import KEY, OTHER_KEY, track
from tests.mock.wire.wired import SPACE, TOKEN, Wired, exchange, get

PROFILE = get(f"/v1/spaces/{SPACE}/collections/users/profiles/user_id:u1/traits", "Basic dG9rZW46")


def statuses(mock, count: int, prefix: str = "m", **more) -> list[int]:
    return [mock.track(f"{prefix}{number}", **more).status_code for number in range(count)]


@pytest.mark.parametrize(
    ("chosen", "expected", "exhausted"),
    [
        ({"first": 3}, [503] * 3 + [200] * 4, True),
        ({"every": 3}, [200, 200, 503, 200, 200, 503, 200], False),
        ({"skip": 2, "first": 2}, [200, 200, 503, 503, 200, 200, 200], True),
        ({"skip": 1, "every": 2, "uses": 2}, [200, 200, 503, 200, 503, 200, 200], True),
    ],
)
def test_first_every_skip_and_uses_choose_exactly_these_calls(mock, chosen, expected, exhausted):
    mock.set_faults({"name": "some", "status": 503, **chosen})
    assert statuses(mock, 7) == expected
    used = expected.count(503)
    line = mock.fault()
    assert (line["matched"], line["used"], line["exhausted"]) == (7, used, exhausted)
    assert mock.classes() == {"stored": 7 - used, "faulted": used}


def test_the_same_seed_gives_the_same_faults_and_another_gives_others(mock):
    rule = {"status": 503, "probability": 0.5}
    runs = []
    for seed in (7, 7, 8):
        mock.admin("PUT", "faults", {"faults": [rule], "seed": seed})
        runs.append(statuses(mock, 40))
    assert runs[0] == runs[1] != runs[2]
    assert 5 < runs[0].count(503) < 35


def test_a_window_of_time_is_of_the_clock_of_the_mock(mock):
    mock.freeze()
    mock.set_faults({"status": 503, "from_s": 10, "until_s": 20})
    seen = []
    for _ in range(5):
        seen += statuses(mock, 1)
        mock.advance(5)
    assert seen == [200, 200, 503, 503, 200]
    assert (mock.fault()["outside_window"], mock.fault()["used"]) == (3, 2)


def test_a_fault_of_one_write_key_leaves_parallel_tests_alone(mock):
    mock.set_faults({"name": "mine", "status": 500, "write_key": KEY})
    assert mock.track("a", key=OTHER_KEY).status_code == 200
    assert mock.track("b").status_code == 500
    assert mock.send({"writeKey": KEY, **track("c")}, key="").status_code == 500
    assert mock.classes(KEY) == {"faulted": 2}
    assert mock.classes(OTHER_KEY) == {"stored": 1}
    assert KEY not in str(mock.faults())
    mock.admin("DELETE", f"faults?write_key={OTHER_KEY}")
    assert mock.track("b").status_code == 500
    mock.admin("DELETE", f"faults?write_key={KEY}")
    assert mock.track("b").status_code == 200


def test_an_endpoint_is_the_same_with_and_without_its_last_slash(mock):
    mock.set_faults({"status": 500, "endpoint": "/v1/import"})
    batch = {"batch": [track("m1")]}
    answered = {
        path: mock.send(batch, path=path).status_code for path in ("/v1/import", "/v1/import/", "/v1/b")
    }
    assert answered == {"/v1/import": 500, "/v1/import/": 500, "/v1/b": 200}


def test_a_message_type_is_found_in_the_path_and_in_a_batch(mock):
    mock.set_faults({"status": 500, "message_type": "identify"})
    identify = {"type": "identify", "userId": "u1"}
    assert mock.track("m1").status_code == 200
    assert mock.send(identify, path="/v1/identify").status_code == 500
    assert mock.send(identify, path="/v1/i").status_code == 500
    assert mock.send({"batch": [track("m2"), identify]}, path="/v1/batch").status_code == 500
    assert mock.send({"batch": [track("m2")]}, path="/v1/batch").status_code == 200
    assert mock.classes() == {"stored": 2, "faulted": 4}


def test_latencies_add_up_and_the_first_outcome_in_order_plays(mock):
    mock.freeze()
    mock.set_faults(
        {"name": "slow", "latency": {"ms": 300}},
        {"name": "busy", "status": 503, "first": 1},
        {"name": "gone", "status": 410, "latency": {"ms": 9_000}},
        {"name": "slower", "latency": {"ms": 200}},
    )
    mock.admin("POST", "clock", {"scale": 10})
    begun = time.perf_counter()
    assert mock.track("m1").status_code == 503
    elapsed_s = time.perf_counter() - begun
    assert 0.05 <= elapsed_s < 0.9, "half a second at ten times the pace, and not nine and a half"
    lines = mock.faults()
    assert {name: line["used"] for name, line in lines.items()} == {
        "slow": 1,
        "busy": 1,
        "gone": 0,
        "slower": 1,
    }
    assert lines["gone"]["overshadowed"] == 1
    assert mock.counts()["faulted_by_reason"] == {"busy": 1}


def test_a_fault_after_the_ledger_keeps_what_the_call_would_have_been(mock):
    mock.set_faults({"name": "lost", "status": 500, "when": "after"})
    assert mock.track("m1").status_code == 500
    assert mock.track("m1").status_code == 500, "the retry of a client that believes it"
    assert mock.send(b"no json".decode(), path="/v1/track").status_code == 500
    mock.set_limits({"count": 1})
    assert mock.track("m2").status_code == 500
    assert mock.track("m3").status_code == 500
    counts = mock.counts()
    assert mock.classes() == {"duplicates": 1, "throttled": 1, "faulted": 2}
    assert (counts["unique"], counts["unreadable_requests"]) == (2, 1)


def test_a_fault_before_the_ledger_does_not_use_up_a_limit(mock):
    mock.freeze()
    mock.set_limits({"count": 2})
    mock.set_faults({"status": 503, "first": 5})
    assert statuses(mock, 8) == [503] * 5 + [200, 200, 429]


def test_the_profile_api_fails_in_its_own_words_and_builds_no_profile_away(mock):
    mock.send({"userId": "u1", "traits": {"plan": "pro"}, "type": "identify"}, path="/v1/identify")
    mock.set_faults({"name": "p", "api": "profile", "status": 500, "first": 1})
    answer = mock.profile("user_id:u1")
    assert answer.status_code == 500
    assert set(answer.json()["error"]) == {"code", "message"}
    assert mock.profile("user_id:u1").json()["traits"] == {"plan": "pro"}
    assert mock.track("m1").status_code == 200
    assert mock.fault()["matched"] == 2


def test_the_config_api_fails_in_its_own_words(sourced):
    sourced.set_faults({"api": "config", "status": 503})
    assert sourced.config("/sources").json()["errors"][0]["message"] == "Service Unavailable"
    assert set(sourced.config("/v1beta/workspaces").json()) == {"error", "code"}


def test_a_change_that_meets_a_fault_before_is_not_made_and_one_after_is(sourced):
    source = sourced.config("/sources").json()["data"]["sources"][0]
    for when, name in (("before", source["name"]), ("after", "changed")):
        sourced.set_faults({"api": "config", "method": "patch", "outcome": "reset-before-head", "when": when})
        with pytest.raises(httpx.ReadError):
            sourced.config(f"/sources/{source['id']}", method="PATCH", json={"name": "changed"})
        read = sourced.config(f"/sources/{source['id']}").json()
        assert read["data"]["source"]["name"] == name
        assert sourced.fault()["used"] == 1


def test_a_pattern_of_an_endpoint_is_of_one_segment(sourced):
    source_id = sourced.config("/sources").json()["data"]["sources"][0]["id"]
    sourced.set_faults({"endpoint": "/sources/{source_id}", "status": 500})
    paths = ("/sources", f"/sources/{source_id}", f"/sources/{source_id}/connected-destinations")
    assert [sourced.config(path).status_code for path in paths] == [200, 500, 200]


@pytest.mark.parametrize("api", ["profile", "config"])
@pytest.mark.parametrize(
    ("outcome", "ending"),
    [
        ("reset-before-head", "reset"),
        ("reset-before-body", "reset"),
        ("reset-after-body", "reset"),
        ("empty", "closed"),
        ("truncated", "closed"),
        ("garbage", "closed"),
        ("malformed-chunk", "closed"),
        ("drip", "open"),
        ("hang", "open"),
    ],
)
def test_every_outcome_is_played_on_the_other_apis_too(sourced, api, outcome, ending):
    more = {"bytes_per_s": 100_000} if outcome == "drip" else {}
    sourced.set_faults({"api": api, "outcome": outcome, "when": "after", **more})
    data = PROFILE if api == "profile" else get("/sources", f"Bearer {TOKEN}")
    assert exchange(sourced.port, data, quiet_s=0.15).ending == ending
    assert sourced.fault()["effects"] == {outcome: 1}
    (row,) = [row for row in sourced.admin("GET", "requests")["requests"] if row["api"] == api]
    whole = {"reset-after-body", "drip"}
    assert row["status"] == ((404 if api == "profile" else 200) if outcome in whole else None)


def test_the_command_line_and_the_file_have_faults_of_their_own(tmp_path):
    file = tmp_path / "mock.toml"
    file.write_text('seed = 3\n[[faults]]\nname = "of the file"\nstatus = 500\nfirst = 1\n', "utf-8")
    options = ["--config", str(file), "--fault", "status=503,first=2,retry_after=7,latency.ms=1"]
    with launch(limits="none", extra=options) as running:
        mock = Wired(running)
        answers = [mock.track(f"m{number}") for number in range(3)]
        assert [answer.status_code for answer in answers] == [500, 503, 200]
        assert answers[1].headers["Retry-After"] == "7"
        assert mock.admin("GET", "faults")["seed"] == 3
        assert mock.counts()["faulted_by_reason"] == {"of the file": 1, "fault-2": 1}
        mock.close()


def test_a_pixel_that_meets_a_fault_sees_it_and_otherwise_only_its_image(mock):
    mock.set_faults({"status": 503, "first": 1}, {"skip": 1, "first": 1, "outcome": "truncated"})
    query = {"data": b64encode(orjson.dumps({**track("m1"), "writeKey": KEY})).decode()}
    assert mock.http.get("/v1/pixel/track", params=query).status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        mock.http.get("/v1/pixel/track", params=query)
    mock.set_limits({"count": 1})
    for _ in range(3):
        answer = mock.http.get("/v1/pixel/track", params=query)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert mock.classes() == {"stored": 1, "faulted": 2, "throttled": 2}


def test_a_reset_starts_the_counts_of_faults_over_and_one_of_a_partition_only_its_own(mock):
    mock.set_faults({"name": "all", "status": 500, "uses": 1}, {"write_key": KEY, "status": 503, "uses": 1})
    assert statuses(mock, 3) == [500, 503, 200]
    mock.admin("POST", f"reset?write_key={KEY}")
    assert statuses(mock, 2) == [503, 200]
    mock.admin("POST", "reset")
    assert statuses(mock, 3) == [500, 503, 200]
    assert mock.admin("GET", "faults")["totals"] == {"status 500": 1, "status 503": 1}
