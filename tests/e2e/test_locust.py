"""The same run under Locust's own command line."""

import json
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.bench import (
    ROOT,
    environment,
    finish,
    locust,
    replay,
    started,
    steady,
    write_lines,
)
from tests.proxy import FaultingProxy, Rule, Status, nth


@pytest.fixture
def recording(tmp_path) -> Path:
    return write_lines(tmp_path / "r.ndjson", steady(200, gap_s=0.004, people=20))


def test_locust_runs_the_same_replay_in_aggregate(tmp_path, recording):
    alone = replay(recording, folder=tmp_path / "alone").check(0).run
    under = locust("scenarios/replay.py", "--recording", str(recording), folder=tmp_path / "locust").check(0)
    assert under.run["messages"] == alone["messages"]
    assert under.run["reconciliation"]["ledger_unique"] == alone["reconciliation"]["ledger_unique"] == 200
    assert under.run["requests"]["by_status"] == alone["requests"]["by_status"]
    assert under.run["rate_per_s"]["offered"] == pytest.approx(alone["rate_per_s"]["offered"], rel=0.01)
    # Locust's own table counts the same attempts.
    aggregated = [line.split() for line in under.err.splitlines() if line.strip().startswith("Aggregated")]
    assert aggregated[-2][1] == "200"
    assert str(tmp_path / "locust" / "report.html") in under.out


def test_without_options_it_replays_the_bundled_recording_at_the_demos_speed(tmp_path):
    done = locust("scenarios/replay.py", "--duration", "1s", "--run-time", "1s", folder=tmp_path / "run")
    assert done.code == 2  # --duration is Locust's --run-time
    done = locust("scenarios/replay.py", "--run-time", "6", folder=tmp_path / "run").check(0)
    assert done.run["plan"]["speed"] == 110_000
    assert (done.run["state"], done.run["stopped_by"]) == ("stopped", "duration")
    assert done.run["messages"]["accepted"] == done.run["reconciliation"]["ledger_unique"] > 0


def test_a_429_is_a_failure_named_throttled_and_the_exit_code_is_ours(tmp_path, start_mock, recording):
    mock = start_mock()
    with FaultingProxy(mock.port, [Rule(Status(429, (("Retry-After", "1"),)), nth(50))]) as proxy:
        done = locust(
            "scenarios/replay.py",
            *("--recording", str(recording), "--host", proxy.url, "--users", "8", "--spawn-rate", "8"),
            folder=tmp_path / "run",
        ).check(0)
    assert "throttled" in done.err
    assert done.run["messages"]["accepted"] == 200
    assert done.run["throttle"]["retry_after_honoured"] == 1
    assert done.run["plan"]["users"] == 8


def test_hooks_build_the_request_and_hear_the_answer(tmp_path, start_mock, recording):
    mock = start_mock()
    with FaultingProxy(mock.port) as proxy:
        done = locust(
            "scenarios/hooks.py", "--recording", str(recording), "--host", proxy.url, folder=tmp_path / "run"
        ).check(0)
        wire = proxy.wire
    assert wire.count(b"X-Load-Test: replay\r\n") == 200
    assert done.run["messages"]["accepted"] == done.run["reconciliation"]["ledger_unique"] == 200
    assert "slowest answer" in done.out


def test_a_hook_that_raises_ends_the_run_and_what_it_held_is_accounted_for(tmp_path, recording):
    file = tmp_path / "locustfile.py"
    file.write_text(
        "from harness import ReplayUser, replay_under_locust\n"
        "replay_under_locust()\n"
        "class Broken(ReplayUser):\n"
        "    def build(self, items):\n"
        "        if items[0].item.index == 60:\n"
        "            raise RuntimeError('my own fault')\n"
        "        return super().build(items)\n"
    )
    done = locust(file, "--recording", str(recording), folder=tmp_path / "run")
    assert done.code not in (0, 5)
    assert "my own fault" in done.err
    run = done.run
    assert run["sums_hold"] is True
    assert run["messages"]["accepted"] == run["reconciliation"]["ledger_unique"]
    assert run["messages"]["accepted"] + run["messages"]["cancelled"] == 200


def test_ordinary_users_may_run_beside_and_are_counted_apart(tmp_path, start_mock, recording):
    mock = start_mock()
    file = tmp_path / "locustfile.py"
    file.write_text(
        "from locust import HttpUser, constant, task\n"
        "from harness import ReplayUser, replay_under_locust\n"
        "replay_under_locust()\n"
        "class Customer(ReplayUser):\n"
        "    weight = 3\n"
        "class Visitor(HttpUser):\n"
        "    wait_time = constant(0.1)\n"
        "    @task\n"
        "    def look(self):\n"
        "        self.client.get('/__admin/health')\n"
    )
    done = locust(
        file,
        "--recording",
        str(recording),
        "--host",
        mock.url,
        "--users",
        "8",
        "--spawn-rate",
        "8",
        folder=tmp_path / "run",
    ).check(0)
    assert done.run["requests"]["sent"] == 200
    assert done.run["other"]["requests"] > 0
    assert done.run["engine"]["users_opened"] == 6


def test_the_scenario_file_is_a_replay(tmp_path):
    from tests.e2e.bench import harness

    folder = tmp_path / "run"
    args = ("replay", "--scenario", "scenarios/replay.toml", "--duration", "1s", "--run-dir", str(folder))
    done = harness(*args, folder=folder).check(0)
    assert done.run["plan"]["speed"] == 110_000
    assert json.loads((folder / "run.json").read_text())["messages"]["accepted"] > 0


@contextmanager
def web_ui(*args: str):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "locust", "-f", "scenarios/replay.py", "--web-port", str(port), *args]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(SEGMENT_WRITE_KEY="k" * 32), stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = iter(process.stderr.readline, b"")
        assert any(b"a page of the replay" in line for line in said)
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.stderr.read()


def standing(url: str, **wanted: str) -> dict[str, object]:
    """Where things stand, once each of these is in what is told."""
    for _ in range(400):
        told = httpx.get(f"{url}/replay/data", trust_env=False).json()
        if all(text in str(told[key]) for key, text in wanted.items()):
            return dict(told)
        select.select([], [], [], 0.05)
    raise AssertionError(told)


def test_in_its_web_ui_the_guard_is_met_from_the_host_field_and_confirmed_on_the_command_line_alone(tmp_path):
    form = {"user_count": "2", "spawn_rate": "2", "host": "http://198.51.100.7"}
    confirmed = {"confirm_host": "198.51.100.7", "confirm_source": "key:kkkk", "send_unredacted": "true"}
    with web_ui("--recording", "recordings/signups.ndjson", "--run-dir", str(tmp_path / "run")) as (_, url):
        page = httpx.get(f"{url}/replay", trust_env=False)
        assert (page.status_code, "script-src" in page.headers["content-security-policy"]) == (200, True)
        for headers in ({"Origin": "https://evil.test"}, {"Host": "rebound.test"}):
            assert httpx.post(f"{url}/swarm", data=form, headers=headers, trust_env=False).status_code == 403
        httpx.post(f"{url}/swarm", data=form | confirmed, trust_env=False)
        told = standing(url, state="refused", said="not this machine")
        assert "--confirm-host 198.51.100.7" in str(told["said"])
        assert "said where Locust was started" in str(told["said"])
        # Locust's own UI says it too: in its log, and in our tab.
        assert "not this machine" in httpx.get(f"{url}/logs", trust_env=False).text
        statistics = httpx.get(f"{url}/stats/requests", trust_env=False).json()
        assert "not this machine" in statistics["extended_stats"][0]["data"][0]["now"]
        assert not (tmp_path / "run").exists()
        with socket.socket() as elsewhere:
            port = int(url.rpartition(":")[2])
            assert elsewhere.connect_ex(("127.0.0.2", port)) != 0, "it listens beyond 127.0.0.1"


def test_each_start_in_the_web_ui_is_a_run_with_its_own_folder_whatever_is_reset(tmp_path, recording):
    form = {"user_count": "2", "spawn_rate": "2", "host": ""}
    options = ("--stages", "50/s for 60s", "--loop", "forever", "--run-dir", str(tmp_path / "run"))
    with web_ui("--recording", str(recording), *options) as (_, url):
        for folder in ("run", "run-2"):
            httpx.post(f"{url}/swarm", data=form, trust_env=False)
            standing(url, state="running", statuses="200")
            httpx.post(f"{url}/stats/reset", trust_env=False)
            httpx.post(f"{url}/stop", trust_env=False, timeout=30)
            told = standing(url, state="ended")
            assert told["report"] == str(tmp_path / folder / "report.html")
            run = json.loads((tmp_path / folder / "run.json").read_text())
            assert (
                run["messages"]["accepted"] == told["accepted"] == run["reconciliation"]["ledger_unique"] > 0
            )
            assert run["other"]["requests"] == 0  # what was set back was not somebody else's
            report = httpx.get(f"{url}/replay/report", trust_env=False).text
            assert report == (tmp_path / folder / "report.html").read_text()


@pytest.mark.slow
def test_a_replay_with_its_web_ui_begins_by_itself_and_tells_how_it_ended(tmp_path, recording):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    folder = tmp_path / "run"
    args = ("replay", str(recording), "--web", "--web-address", address, "--run-dir", str(folder))
    with started(*args) as process:
        assert process.stderr is not None
        assert any(b"a page of the replay" in line for line in iter(process.stderr.readline, b""))
        told = standing(f"http://{address}", state="ended", report="report.html")
        assert told["verdict"] in ("pass", "warn")
        process.send_signal(signal.SIGINT)
        done = finish(process, folder).check(0)
    assert done.run["messages"]["accepted"] == 200
