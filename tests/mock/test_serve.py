"""The process: real sockets, signals, and deaths."""

import gc
import json
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.mock.launch import launch
from harness.mock.serve import _seldom_collecting
from tests.mock.boxed import KEY, request, track

PROGRAM = "from harness.cli.mock import mock_command; mock_command()"


@pytest.fixture
def start():
    """Starts mocks as a shell would; they are gone when the test is."""
    processes = []

    def started(*options, stdin=subprocess.DEVNULL):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *options],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        with process:  # closes its pipes and waits
            process.kill()


def ready(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 10)[0], "no ready line"
    return json.loads(process.stdout.readline())


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, auth=httpx.BasicAuth(KEY, ""))


def test_it_says_once_where_it_listens_and_ends_cleanly(start):
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start()
        line = ready(process)
        assert line["url"] == f"http://127.0.0.1:{line['port']}"
        assert line["pid"] == process.pid
        with client(line["url"]) as http:
            assert http.post("/v1/track", json=track("m1")).json() == {"success": True}
            assert http.get("/__admin/health").json()["instance"] == line["instance"]
            process.send_signal(number)
            assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_a_taken_port_is_one_sentence_and_exit_1(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("", 1)
    reason = "Address already in use; --port 0 takes a free one"
    assert err == f"harness mock: cannot listen at 127.0.0.1 port {port}: {reason}\n"


def test_a_host_that_is_not_ours_is_one_sentence_and_exit_1(start):
    process = start("--host", "192.0.2.1")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert err.startswith("harness mock: cannot listen at 192.0.2.1")
    assert len(err.splitlines()) == 1


def test_a_second_mock_on_one_ledger_is_one_sentence_and_exit_2(start, tmp_path):
    ready(start("--ledger", str(tmp_path)))
    second = start("--ledger", str(tmp_path))
    _, err = second.communicate(timeout=10)
    assert second.returncode == 2
    assert "another mock keeps its ledger here" in err
    assert len(err.splitlines()) == 1


def test_everything_answered_survives_kill_9(start, tmp_path):
    process = start("--ledger", str(tmp_path), "--limits", "none")
    line = ready(process)
    answered = []

    def send():
        with client(line["url"]) as http:
            for number in range(100_000):
                try:
                    http.post("/v1/track", json=track(f"m{number}")).raise_for_status()
                except httpx.TransportError:
                    return
                answered.append(f"m{number}")
                if number == 200:
                    half_way.set()

    half_way = threading.Event()
    sender = threading.Thread(target=send)
    sender.start()
    assert half_way.wait(30)
    process.kill()
    sender.join(30)
    again = ready(start("--ledger", str(tmp_path)))
    with client(again["url"]) as http:
        lines = [json.loads(text) for text in http.get("/__admin/ledger/ids").text.splitlines()]
        assert again["instance"] == line["instance"]
        assert http.post("/v1/track", json=track("m0")).status_code == 200
        counts = http.get("/__admin/ledger").json()
    assert {line["id"] for line in lines} >= set(answered)
    assert len(lines) - len(answered) in (0, 1), "at most the call whose answer was lost"
    assert (counts["stored"], counts["duplicates"]) == (len(lines), 1)


def test_no_key_is_in_anything_it_writes(start, tmp_path):
    process = start("--ledger", str(tmp_path))
    with client(ready(process)["url"]) as http:
        http.post("/v1/track", json=track("m1", writeKey=KEY))
        http.get(f"/__admin/ledger?write_key={KEY}")
    process.terminate()
    out, err = process.communicate(timeout=10)
    written = out + err + "".join(path.read_text() for path in tmp_path.iterdir())
    assert KEY not in written
    assert (tmp_path / "journal.ndjson").stat().st_mode & 0o077 == 0


def test_it_ends_when_the_pipe_of_its_parent_closes(start):
    process = start("--parent-pipe", stdin=subprocess.PIPE)
    ready(process)
    process.stdin.close()
    assert process.wait(10) == 0


def test_many_connections_at_once_are_all_answered_and_accounted_for():
    with launch(limits="none") as mock:
        sockets = [socket.create_connection(("127.0.0.1", mock.port)) for _ in range(100)]
        for number, connection in enumerate(sockets):
            connection.sendall(
                b"".join(request("POST", "/v1/track", track(f"{number}.{n}")) for n in range(20))
            )
            connection.shutdown(socket.SHUT_WR)
        for connection in sockets:
            data = b""
            while piece := connection.recv(65_536):
                data += piece
            connection.close()
            assert data.count(b"HTTP/1.1 200 OK") == 20
        with client(mock.url) as http:
            assert http.get("/__admin/ledger").json()["unique"] == 2_000


def test_a_limit_is_kept_over_real_sockets_and_its_retry_after_is_whole_seconds():
    with launch(extra=["--limit", "tracking=5/min"]) as mock, client(mock.url) as http:
        answers = [http.post("/v1/track", json=track(f"m{n}")) for n in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        counts = http.get("/__admin/ledger").json()
        assert (counts["stored"], counts["throttled"]) == (5, 3)


def test_a_reader_that_stops_reading_neither_blocks_others_nor_fills_memory():
    with launch(limits="none") as mock, client(mock.url) as http:
        batch = {"batch": [{"type": "x", "messageId": f"m{n:050d}"} for n in range(2_400)]}
        for _ in range(40):
            http.post("/v1/batch", json=batch)
        before_kb = resident_kb(mock.pid)
        with socket.create_connection(("127.0.0.1", mock.port)) as stuck:
            stuck.sendall(request("GET", "/__admin/ledger/ids"))
            for _ in range(20):
                assert http.get("/__admin/health").status_code == 200
            assert resident_kb(mock.pid) - before_kb < 8_192
            total, end = 0, b""
            while not end.endswith(b"\r\n0\r\n\r\n"):
                piece = stuck.recv(1 << 20)
                assert piece, "closed before the last chunk"
                total += len(piece)
                end = (end + piece)[-16:]
        assert total > 96_000 * 100


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("needs /proc")
    lines = status.read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_the_garbage_collector_is_left_as_it_was():
    before = gc.get_threshold()
    with _seldom_collecting():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
