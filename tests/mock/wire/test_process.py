"""The process: TLS, the ready file, a death in the middle of its work, and its end by the admin."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time

import httpx
import pytest

from harness.mock.launch import launch
from tests.mock.boxed import KEY, OTHER_KEY, request, track
from tests.mock.wire.wired import Wired, read_out


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    with launch(limits="none", extra=["--tls", "--ca-out", str(ca_file)]) as running:
        context = ssl.create_default_context(cafile=str(ca_file))
        wired = Wired(running, verify=context)
        yield wired, context
        wired.close()


def test_a_client_that_trusts_its_authority_is_served_and_another_refuses_it(secure):
    mock, _ = secure
    assert mock.running.url.startswith("https://")
    assert mock.track("m1").json() == {"success": True}
    by_name = mock.http.get(f"https://localhost:{mock.port}/__admin/health")
    assert by_name.json()["instance"] == mock.running.instance
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(mock.running.url, trust_env=False)
    with socket.create_connection(("127.0.0.1", mock.port)) as plain:
        plain.sendall(request("POST", "/v1/track", track("m2")))
        assert b"200 OK" not in read_out(plain, 1).data
    assert mock.track("m1").status_code == 200
    assert mock.classes() == {"stored": 1, "duplicates": 1}


@pytest.mark.parametrize(
    ("outcome", "sees", "ends"),
    [
        ("reset-before-head", 0, "reset"),
        ("reset-before-body", 1, "reset"),
        ("reset-after-body", 1, "reset"),
        ("empty", 0, "closed"),
        ("truncated", 1, "closed"),
        ("garbage", 0, "closed"),
        ("drip", 1, "open"),
        ("hang", 0, "open"),
    ],
)
def test_faults_are_played_over_tls_too(secure, outcome, sees, ends):
    mock, context = secure
    mock.begin()
    more = {"bytes_per_s": 10_000} if outcome == "drip" else {}
    mock.set_faults({"outcome": outcome, **more})
    with (
        socket.create_connection(("127.0.0.1", mock.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as connection,
    ):
        connection.sendall(request("POST", "/v1/track", track("m1")))
        connection.settimeout(0.3)
        seen, ending = b"", ""
        while not ending:
            try:
                piece = connection.recv(65_536)
                seen, ending = seen + piece, "" if piece else "closed"
            except TimeoutError:
                ending = "open"
            except (
                ConnectionResetError,
                ssl.SSLEOFError,
            ):  # OpenSSL takes a reset for an end without a goodbye
                ending = "reset"
    assert seen.count(b"HTTP/1.1 200") == sees
    assert ending == ends
    assert mock.fault()["used"] == 1


def test_the_ready_file_is_there_while_it_answers_and_the_admin_ends_it_cleanly(tmp_path):
    file = tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "mock", "--ready-file", str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        deadline = time.monotonic() + 10
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        line = json.loads(file.read_text("utf-8"))
        assert line["pid"] == process.pid
        with (
            httpx.Client(base_url=line["url"], trust_env=False) as client,
            socket.create_connection(("127.0.0.1", line["port"])) as late,
        ):
            assert client.post("/v1/track", json=track("m1"), auth=(KEY, "")).status_code == 200
            client.put("/__admin/faults", json=[{"latency": {"ms": 3_600_000}}])
            late.sendall(request("POST", "/v1/track", track("m2")))
            assert client.post("/__admin/ledger/wait", json={"count": 2}).json()["met"]
            assert client.post("/__admin/shutdown").json() == {"state": "ending"}
            assert read_out(late, 5).ending == "closed"
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out) == line
    assert not file.exists()


def test_a_ledger_goes_on_after_kill_9_with_the_partition_that_was_emptied_still_empty(tmp_path):
    with launch(ledger=tmp_path, limits="none") as first:
        mock = Wired(first)
        for number in range(3):
            assert mock.track(f"a{number}").status_code == 200
            assert mock.track(f"b{number}", key=OTHER_KEY).status_code == 200
        mock.track("b0", key=OTHER_KEY)
        mock.admin("POST", f"reset?write_key={KEY}")
        assert mock.track("a0").status_code == 200, "an emptied partition takes its old ids again"
        mock.send("{", path="/v1/track")
        mock.set_faults({"name": "f", "status": 500, "when": "after"})
        assert mock.track("a9").status_code == 500
        before = mock.counts()
        listed = mock.http.get("/__admin/ledger/ids").text
        os.kill(first.pid, signal.SIGKILL)
        mock.close()
    journal = tmp_path / "journal.ndjson"
    with journal.open("ab") as file:
        file.write(b'["cut off in the mid')  # as a death while writing leaves it
    with launch(ledger=tmp_path, limits="none") as second:
        mock = Wired(second)
        after = mock.counts()
        assert second.instance == first.instance
        assert after.pop("journal_truncated_lines") == 1
        names = before.keys() - {"stages", "limits", "journal_truncated_lines"}
        own = [name for name in names if not name.startswith(("kept_", "evicted_"))]
        assert {name: after[name] for name in own} == {name: before[name] for name in own}
        assert mock.http.get("/__admin/ledger/ids").text == listed
        for message_id, key in (("a0", KEY), ("a9", KEY), ("b2", OTHER_KEY), ("a1", KEY)):
            assert mock.track(message_id, key=key).status_code == 200
        assert mock.classes(KEY) == {"stored": 2, "duplicates": 2, "faulted": 1}
        assert mock.classes(OTHER_KEY) == {"stored": 3, "duplicates": 2}
        mock.admin("POST", f"reset?write_key={OTHER_KEY}")
        assert mock.classes() == {"stored": 2, "duplicates": 2, "faulted": 1}
        mock.close()


def test_options_and_ledger_reach_a_mock_that_a_program_has_for_itself(tmp_path):
    options = ["--limit", "tracking=2/min", "--limit", "config=1/min"]
    with launch(ledger=tmp_path, limits="none", extra=options) as running:
        mock = Wired(running)
        assert [mock.track(f"m{n}").status_code for n in range(3)] == [200, 200, 429]
        assert [mock.config("/sources").status_code for _ in range(2)] == [200, 429]
        assert [row["origin"] for row in mock.admin("GET", "limits")["limits"]] == ["--limit"] * 2
        mock.close()
    journal = (tmp_path / "journal.ndjson").read_text("utf-8")
    assert [f'"m{number}"' in journal for number in range(3)] == [True] * 3
