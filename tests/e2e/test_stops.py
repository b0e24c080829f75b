"""Ctrl-C, SIGTERM and --duration in the middle: the sums hold and the report is true."""

import signal
import socket
import subprocess
import sys
import threading

import pytest

from tests.e2e.bench import ROOT, TIMEOUT_S, environment, finish, locust, replay, started, steady, write_lines
from tests.e2e.test_faults import accounted, wait_until


@pytest.fixture
def recording(tmp_path):
    return write_lines(tmp_path / "r.ndjson", steady(2_000, gap_s=0.02))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_cleanly_with_a_true_report(tmp_path, start_mock, recording, number):
    mock = start_mock()
    folder = tmp_path / "run"
    with started("replay", str(recording), "--target", mock.url, "--run-dir", str(folder)) as process:
        wait_until(lambda: mock.ledger()["stored"] >= 50)
        process.send_signal(number)
        done = finish(process, folder).check(130)
    run = done.run
    accounted(run)
    assert run["state"] == "interrupted"
    assert run["messages"]["cancelled"] > 0
    assert run["messages"]["pending"] == 0
    assert run["messages"]["accepted"] == run["reconciliation"]["ledger_unique"] == mock.ledger()["unique"]
    assert (folder / "report.html").is_file()


def test_a_duration_ends_the_run_and_is_no_interruption(tmp_path, recording):
    done = replay(recording, "--duration", "1s", folder=tmp_path / "run").check(0)
    accounted(done.run)
    assert done.run["recording_complete"] is True  # it was read ahead; what was not due is cancelled
    assert done.run["messages"]["accepted"] == done.run["reconciliation"]["ledger_unique"]
    assert 40 <= done.run["messages"]["accepted"] <= 52
    assert done.run["messages"]["cancelled"] > 0


def test_a_second_signal_does_not_wait_for_answers(tmp_path, recording):
    folder = tmp_path / "run"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with started("replay", str(recording), "--target", url, "--run-dir", str(folder)) as process:
            wait_until((folder / "run.json").exists)
            wait_until(lambda: b"\x03" in (folder / "delivery.map").read_bytes()[4096:])
            process.send_signal(signal.SIGINT)
            threading.Event().wait(0.5)  # two signals at once would be one
            process.send_signal(signal.SIGINT)
            done = finish(process, folder).check(130)
    accounted(done.run)
    assert done.run["messages"]["pending"] > 0
    assert done.run["duration_s"] < 9


def test_locust_interrupted_says_130_and_accounts_for_everything(tmp_path, start_mock, recording):
    mock = start_mock()
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "locust", "-f", "scenarios/replay.py", "--headless", "--host", mock.url,
            "--recording", str(recording), "--run-dir", str(folder),
        ],
        env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: mock.ledger()["stored"] >= 50)
        process.send_signal(signal.SIGTERM)
        done = finish(process, folder).check(130)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=TIMEOUT_S)
    accounted(done.run)
    assert done.run["messages"]["accepted"] == mock.ledger()["unique"]


def test_ctrl_c_under_locust_ends_the_run_also_where_python_would_swallow_it(tmp_path, recording):
    # What is raised while an object is finalized goes nowhere; a socket that closes is such an object.
    file = tmp_path / "locustfile.py"
    file.write_text(
        "import gevent, io, os, signal\n"
        "from locust import events\n"
        "from harness import ReplayUser, replay_under_locust\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "replay_under_locust()\n"
        "class Customer(ReplayUser):\n"
        "    pass\n"
        "class Closing(io.RawIOBase):\n"
        "    def close(self):\n"
        "        if not self.closed:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        super().close()\n"
        "@events.spawning_complete.add_listener\n"
        "def finalize(**_):\n"
        "    gevent.spawn_later(0.3, Closing)\n"
    )
    done = locust(file, "--recording", str(recording), folder=tmp_path / "run").check(130)
    accounted(done.run)
    assert done.run["messages"]["cancelled"] > 0
