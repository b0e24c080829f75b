"""Tracking, Profile and Config calls of one recording in one run, as a user runs it."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.plan import make_plan, read_scenario
from tests.e2e.bench import ROOT, TIMEOUT_S, Ended, environment, harness, replay, steady, write_lines

TRAITS = "/v1/spaces/recorded/collections/users/profiles/user_id:{}/traits"
SCENARIOS = {
    # requests by API, none of which can be known before batches are filled where it is None
    "tracking": {"tracking": None},
    "profile": {"tracking": 61, "profile": 25},
    "config": {"config": 12},
    "mixed": {"tracking": None, "profile": 25, "config": 12},
}


def read(at, user, space_path=TRAITS, **more):
    return {"at": at, "source": "server", "api": "profile", "path": space_path.format(user), **more}


def person(at, user):
    return {"at": at, "source": "web", "path": "/v1/identify", "body": {"userId": user, "traits": {"a": 1}}}


class Seen(list):
    """What a server of ours was asked: `(method, path, authorization, accept, body)`."""


@contextmanager
def server(status=200, body=b"{}", headers=()) -> Iterator[tuple[str, Seen]]:
    """An HTTP server that is no mock, and answers everything alike."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            if not self.path.startswith("/__admin"):
                seen.append(
                    (self.command, self.path, self.headers["Authorization"], self.headers["Accept"],
                     self.rfile.read(length))
                )  # fmt: skip
            self.send_response(status)
            for name, value in (("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the names that the library looks for

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", seen
    finally:
        made.shutdown()
        made.server_close()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "mixed" else pytest.mark.slow) for name in SCENARIOS]
)
def test_each_scenario_runs_against_the_bundled_mock(tmp_path, name):
    folder = tmp_path / "run"
    path = f"scenarios/{name}.toml"
    make_plan(None, {}, read_scenario(str(ROOT / path)))
    done = harness("replay", "--scenario", path, "--run-dir", str(folder), folder=folder).check(0)
    run, wanted = done.run, SCENARIOS[name]
    assert set(run["by_api"]) == set(wanted)
    for api, requests in wanted.items():
        assert run["by_api"][api]["requests"] == requests or requests is None
        assert run["by_api"][api]["service_time_ms"]["count"] > 0
    for sums in (run["messages"], run["calls"]):
        assert sums["accepted"] == sums["selected"] == sums["recorded"]
    if run["reconciliation"] is not None:
        assert run["reconciliation"]["ledger_unique"] == run["messages"]["accepted"]
        assert run["reconciliation"]["missing"] == 0
    assert ("\nby API " in done.out) == (len(wanted) > 1)
    if "profile" in wanted:
        profile = run["by_api"]["profile"]
        assert profile["found"] + profile["not_found"] == 25
        assert 0 < profile["hit_ratio"] <= 1
        assert profile["readable_ms"]["count"] > 0
        assert "\nprofiles " in done.out


def test_what_is_committed_is_what_the_command_makes(tmp_path):
    out = tmp_path / "made.ndjson"
    args = ("--from", "recordings/signups.ndjson", "--ratio", "0.5", "--after", "200ms", "-o", str(out))
    harness("generate", "profile-reads", *args, folder=tmp_path).check(0)
    assert out.read_bytes() == (ROOT / "recordings" / "profile-reads.ndjson").read_bytes()
    profile, config, mixed = (
        (ROOT / "recordings" / name).read_text("utf-8").splitlines()[1:]
        for name in ("profile-reads.ndjson", "config-reads.ndjson", "three-apis.ndjson")
    )
    assert sorted(mixed) == sorted(profile + config)


@pytest.mark.slow
def test_an_unknown_profile_is_an_answer_and_counted_apart(tmp_path):
    lines = [person(0, "ann"), read(0.2, "ann"), read(0.2, "nobody"), read(0.25, "ann")]
    done = replay(write_lines(tmp_path / "r.ndjson", lines), folder=tmp_path / "run").check(0)
    profile = done.run["by_api"]["profile"]
    assert profile["by_status"] == {"200": 2, "404": 1}
    assert (profile["found"], profile["not_found"], profile["accepted"]) == (2, 1, 3)
    assert done.run["calls"]["accepted"] == 3
    assert profile["readable_ms"]["count"] == 1


def test_each_api_goes_to_its_own_host_with_its_own_token_and_space(tmp_path, start_mock):
    lines = [
        person(0, "ann"),
        read(0.1, "ann"),
        {"at": 0.2, "path": "/sources"},
        {"at": 0.3, "path": "/sources/a", "method": "PATCH", "body": {"enabled": False}},
    ]
    mock = start_mock()
    tokens = {
        "SEGMENT_PROFILE_TOKEN": "profile-token-1",
        "SEGMENT_ACCESS_TOKEN": "access-token-22",
        "SEGMENT_SPACE_ID": "spa_mine",
    }
    with server() as (profile_url, profile_seen), server() as (config_url, config_seen):
        targets = (
            "--target",
            mock.url,
            "--target",
            f"profile={profile_url}",
            "--target",
            f"config={config_url}",
        )
        recording = write_lines(tmp_path / "r.ndjson", lines)
        done = replay(recording, *targets, folder=tmp_path / "run", env=tokens).check(0)
    run = done.run
    assert run["targets"] == {"tracking": mock.url, "profile": profile_url, "config": config_url}
    assert mock.ledger()["unique"] == 1
    basic = "Basic " + base64.b64encode(b"profile-token-1:").decode()
    path = TRAITS.format("ann").replace("recorded", "spa_mine")
    assert list(profile_seen) == [("GET", path, basic, "application/json", b"")]
    accept = "application/vnd.segment.v1+json"
    assert [entry[:4] for entry in config_seen] == [
        ("GET", "/sources", "Bearer access-token-22", accept),
        ("PATCH", "/sources/a", "Bearer access-token-22", accept),
    ]
    assert json.loads(config_seen[1][4]) == {"enabled": False}
    assert run["calls"]["accepted"] == 3
    written = b"".join(file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file())
    assert b"profile-token-1" not in written
    assert b"access-token-22" not in written
    assert "connections reopened" not in {finding["check"] for finding in run["trust_warnings"]}


@pytest.mark.slow
def test_at_a_target_that_is_no_mock_calls_need_a_target_of_their_own(tmp_path):
    lines = [person(0, "ann"), read(0.1, "ann"), {"at": 0.2, "path": "/sources"}]
    recording = write_lines(tmp_path / "r.ndjson", lines)
    with server() as (url, seen):
        run = replay(recording, "--target", url, folder=tmp_path / "run").check(0).run
        assert [entry[1] for entry in seen] == ["/v1/identify"]
        assert run["filtered_by_reason"] == {
            "no target for the Profile API": 1,
            "no target for the Config API": 1,
        }
        seen.clear()
        run = replay(recording, "--target", f"config={url}", folder=tmp_path / "calls").check(0).run
        assert [entry[1] for entry in seen] == ["/sources"]
        assert (run["messages"]["filtered"], run["calls"]["accepted"], run["calls"]["filtered"]) == (1, 1, 1)


@pytest.mark.slow
def test_a_429_of_one_api_pauses_it_and_lets_the_others_run(tmp_path):
    lines = steady(60, gap_s=0.02) + [read(i and 0.8 + 0.02 * i, "ann") for i in range(10)]
    recording = write_lines(tmp_path / "r.ndjson", sorted(lines, key=lambda line: line["at"]))
    with server() as (url, seen), server(429, b"{}", [("Retry-After", "60")]) as (throttling, throttled):
        targets = ("--target", url, "--target", f"profile={throttling}", "--retry-for", "1s")
        args = (*targets, "--allow", "abandoned=10", "--duration", "3s", "--stop-timeout", "1s")
        done = replay(recording, *args, folder=tmp_path / "run")
    run = done.run
    assert len(seen) == 60
    assert run["by_api"]["tracking"]["response_time_ms"]["count"] == 60
    # The pause begins with the first answer; what had left by then is all that left.
    assert 1 <= len(throttled) == run["by_api"]["profile"]["throttled"] <= 3
    assert run["throttle"]["retry_after_violated"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "code", "accepted"), [("drop", 0, None), ("stop", 3, None), ("wait", 0, 40)]
)
def test_at_the_ceiling_items_wait_are_dropped_or_stop_the_run(tmp_path, policy, code, accepted):
    recording = write_lines(tmp_path / "r.ndjson", steady(40, gap_s=0.02))
    args = ("--limit", "tracking=10/s", "--on-limit", policy, "--speed", "4")
    if policy == "wait":
        args = ("--limit", "tracking=25/s", "--on-limit", policy, "--speed", "2")
    done = replay(recording, *args, folder=tmp_path / "run").check(code)
    messages = done.run["messages"]
    assert done.run["sums_hold"]
    assert done.run["reconciliation"]["ledger_unique"] == messages["accepted"]
    assert all(use["peak_in_window"] <= use["count"] for use in done.run["throttle"]["limits"])
    if policy == "drop":
        assert messages["dropped"] >= 1
        assert messages["dropped"] + messages["accepted"] == 40
    elif policy == "stop":
        assert (messages["accepted"], messages["cancelled"]) == (10, 30)
        assert done.run["stopped_by"] == "the ceiling"
        assert "--on-limit stop" in done.run["sentence"]
    else:
        assert messages["accepted"] == accepted


@pytest.mark.slow
def test_a_limit_of_an_endpoint_holds_that_endpoint_alone(tmp_path):
    paths = ["/sources", "/destinations"]
    lines = [{"at": i * 0.01, "path": paths[i % 2]} for i in range(20)]
    args = ("--limit", "config=100/s", "--limit", "config:/sources=5/s", "--trace")
    done = replay(write_lines(tmp_path / "r.ndjson", lines), *args, folder=tmp_path / "run").check(0)
    waits = [(line["index"] % 2, line["limit_wait_ns"]) for line in done.trace]
    assert sum(wait_ns > 0 for place, wait_ns in waits if place == 0) == 5
    assert all(wait_ns == 0 for place, wait_ns in waits if place == 1)
    peaks = {use["name"]: use["peak_in_window"] for use in done.run["throttle"]["limits"]}
    assert peaks["Config 5 requests/s per token on /sources"] == 5


@pytest.mark.slow
def test_beyond_this_machine_every_host_must_be_confirmed_and_nothing_leaves(tmp_path):
    recording = tmp_path / "r.ndjson"
    recording.write_text(
        '{"harness": "recording/1", "privacy": "synthetic"}\n' + json.dumps(read(0, "ann")) + "\n", "utf-8"
    )
    args = ("--target", "profile=http://192.0.2.10:1", "--target", "config=http://192.0.2.11:1")
    done = replay(recording, *args, folder=tmp_path / "run").check(2)
    for words in ("--confirm-host 192.0.2.10", "--confirm-host 192.0.2.11"):
        assert words in done.err
    done = replay(
        recording, *args, "--confirm-host", "192.0.2.11", "--dry-run", folder=tmp_path / "run"
    ).check(2)
    assert "192.0.2.10" in done.err


@pytest.mark.slow
def test_under_locust_calls_have_one_entry_an_endpoint_and_nobodys_name(tmp_path):
    lines = [person(0, "ann"), *(read(0.1 + i / 100, f"somebody-{i}") for i in range(5))]
    recording = write_lines(tmp_path / "r.ndjson", lines)
    folder = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "scenarios/replay.py", "--headless",
         "--recording", str(recording), "--run-dir", str(folder)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert Ended(done.returncode, done.stdout, done.stderr, folder).check(0).run["calls"]["accepted"] == 5
    assert "/v1/spaces/*/collections/users/profiles/*/traits" in done.stdout + done.stderr
    assert "somebody" not in done.stdout + done.stderr
