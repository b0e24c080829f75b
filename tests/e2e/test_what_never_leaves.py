"""Foreign write keys, and the guard, on every way in."""

import base64
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.e2e.bench import ROOT, TIMEOUT_S, environment, replay, steady, write_lines
from tests.proxy import FaultingProxy

FOREIGN = "FOREIGNkeyFOREIGNkeyFOREIGNkey42"
OWN = "OWNkeyOWNkeyOWNkeyOWNkeyOWNkeyOW"


def lines_with_a_foreign_key() -> list[dict]:
    lines = steady(6)
    lines[0]["body"]["writeKey"] = FOREIGN
    lines[1]["writeKey"] = FOREIGN
    lines.append(
        {
            "at": 0.1,
            "source": "web",
            "path": "/v1/batch",
            "body": {
                "writeKey": FOREIGN,
                "batch": [
                    {"type": "track", "event": "E", "userId": "u", "writeKey": FOREIGN},
                    {"type": "page", "userId": "u", "projectId": "p", "receivedAt": "2026-01-01T00:00:00Z"},
                ],
            },
        }
    )
    return lines


@pytest.fixture
def recording(tmp_path) -> Path:
    return write_lines(tmp_path / "foreign.ndjson", lines_with_a_foreign_key())


def artefacts(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("batch", ["none", "3", "recorded"])
def test_the_only_key_on_the_wire_is_the_runs_own(tmp_path, start_mock, recording, batch):
    mock = start_mock()
    folder = tmp_path / "run"
    with FaultingProxy(mock.port) as proxy:
        done = replay(
            recording, "--target", proxy.url, "--batch", batch, "--trace", folder=folder,
            env={"SEGMENT_WRITE_KEY": OWN},
        ).check(0)  # fmt: skip
        wire = proxy.wire
    assert FOREIGN.encode() not in wire
    assert b'"projectId"' not in wire
    assert b'"receivedAt"' not in wire
    assert b'"writeKey"' not in wire
    # The harness's own mock gets a made-up key; the shell's never reaches it.
    assert OWN.encode() not in wire
    assert base64.b64encode(f"{OWN}:".encode()) not in wire
    everything = artefacts(folder) + done.out.encode() + done.err.encode()
    for secret in (FOREIGN, OWN, base64.b64encode(f"{OWN}:".encode()).decode()):
        assert secret.encode() not in everything


def test_a_server_on_this_machine_that_is_no_mock_gets_the_shells_key(tmp_path, recording):
    folder = tmp_path / "run"
    with AnswersOk() as server:
        replay(recording, "--target", server.url, folder=folder, env={"SEGMENT_WRITE_KEY": OWN}).check(0)
    assert base64.b64encode(f"{OWN}:".encode()) in server.wire
    assert FOREIGN.encode() not in server.wire
    assert OWN.encode() not in artefacts(folder)
    assert json.loads((folder / "run.json").read_text())["reconciliation"] is None


BEYOND = "http://segment.example"


def test_the_recordings_own_key_is_refused_beyond_this_machine(tmp_path, recording):
    done = replay(
        recording, "--target", BEYOND, "--confirm-host", "segment.example", "--confirm-source",
        f"key:{FOREIGN[-4:]}", "--send-unredacted", folder=tmp_path / "run",
        env={"SEGMENT_WRITE_KEY": FOREIGN},
    ).check(2)  # fmt: skip
    assert "…ey42" in done.err
    assert "came from" in done.err
    assert FOREIGN not in done.err + done.out
    assert not (tmp_path / "run").exists()


def test_locusts_own_command_line_meets_the_same_guard(tmp_path, recording):
    done = subprocess.run(
        [
            sys.executable, "-m", "locust", "-f", "scenarios/replay.py", "--headless", "--host", BEYOND,
            "--recording", str(recording), "--confirm-host", "segment.example",
            "--confirm-source", f"key:{FOREIGN[-4:]}", "--send-unredacted",
            "--run-dir", str(tmp_path / "run"),
        ],
        env=environment(SEGMENT_WRITE_KEY=FOREIGN), cwd=ROOT, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "came from" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_server_beyond_hears_nothing_when_the_guard_says_no(tmp_path, recording):
    """A loopback server stands for one beyond: the story is told another meaning of loopback."""
    with AnswersOk() as server:
        program = (
            "import harness.prepare as p, sys, functools\n"
            "p.aimed.__wrapped__.__kwdefaults__['loopback'] = lambda address: False\n"
            "p._on_this_machine = lambda named: False\n"
            "from harness.cli import main\n"
            f"sys.argv = ['harness', 'replay', {str(recording)!r}, '--target', {server.url!r},\n"
            f"    '--run-dir', {str(tmp_path / 'run')!r}]\n"
            "main()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment(SEGMENT_WRITE_KEY=OWN), cwd=ROOT,
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert server.connections == 0
    for what in ("--confirm-host", "--confirm-source", "--send-unredacted"):
        assert what in done.stderr


def test_a_confirmed_run_beyond_sends_no_destinations_and_shows_its_plan(tmp_path, recording):
    with AnswersOk() as server:
        program = (
            "import harness.prepare as p, sys\n"
            "p.aimed.__wrapped__.__kwdefaults__['loopback'] = lambda address: False\n"
            "p._on_this_machine = lambda named: False\n"
            "from harness.cli import main\n"
            f"sys.argv = ['harness', 'replay', {str(recording)!r}, '--target', {server.url!r},\n"
            f"    '--run-dir', {str(tmp_path / 'run')!r}, '--confirm-host', '127.0.0.1',\n"
            "    '--confirm-source', 'key:EyOW'.replace('Ey', 'ey'), '--send-unredacted']\n"
            "main()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment(SEGMENT_WRITE_KEY=OWN), cwd=ROOT,
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Plan:" in done.stderr
    assert server.wire.count(b'"integrations":{"All":false}') == 8
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["verdict"] == "warn"
    assert [limit["count"] for limit in run["throttle"]["limits"]][:1] == [500]


class AnswersOk:
    """A server that answers 200 to whatever it is sent, and keeps the bytes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.wire = b""
        self.connections = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "AnswersOk":
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as stream:
            while line := stream.readline():
                head, length = line, 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    head += line
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                body = stream.read(length)
                with self._lock:
                    self.wire += head + body
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + b'{"success":true}')
