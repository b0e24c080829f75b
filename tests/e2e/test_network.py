"""Claims about the way to a target: proxies, time-outs, addresses."""

import json
import socket

import pytest

from tests.e2e.bench import Mock, replay, steady, write_lines
from tests.send.proxies import relaying
from tests.send.servers import Caller, ScriptedServer


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_lines(tmp_path_factory.mktemp("r") / "r.ndjson", steady(40, gap_s=0.005))


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    mock = Mock(tmp_path_factory.mktemp("m") / "ledger")
    yield mock
    mock.kill()


def test_a_replay_through_a_proxy_is_reconciled_and_names_the_proxy(recording, mock, tmp_path):
    seen: list[bytes] = []
    with ScriptedServer(relaying(seen=seen)) as proxy:
        done = replay(
            recording, "--target", mock.url, "--proxy", f"127.0.0.1:{proxy.port}", folder=tmp_path / "run"
        ).check(0)
        place = f"127.0.0.1:{proxy.port}"
    assert set(done.run["proxies"].values()) == {place}
    assert f"through {place}" in done.out
    assert done.run["reconciliation"]["ledger_unique"] == 40
    posts = [request for request in seen if request.startswith(b"POST")]
    assert len(posts) == 40
    assert all(request.startswith(f"POST {mock.url}/v1/".encode()) for request in posts)


def test_a_name_behind_a_proxy_is_beyond_this_machine_whatever_it_is_called_here(recording, mock, tmp_path):
    with ScriptedServer(relaying()) as proxy:
        url = mock.url.replace("127.0.0.1", "localhost")
        refused = replay(
            recording, "--target", url, "--proxy", f"127.0.0.1:{proxy.port}", folder=tmp_path / "run"
        )
    assert refused.code == 2
    assert "--confirm-host localhost" in refused.err
    assert proxy.connections == 0


def test_a_password_of_a_proxy_is_in_no_file_and_no_line(recording, mock, tmp_path):
    refused = replay(
        recording,
        "--target",
        mock.url,
        "--proxy",
        "http://user:hunter2@127.0.0.1:9",
        folder=tmp_path / "run",
    )
    assert refused.code == 2
    assert "hunter2" not in refused.err + refused.out
    assert not (tmp_path / "run").exists()


def test_an_answer_that_takes_longer_than_it_may_is_tried_again(recording, tmp_path):
    slow = iter([True])

    def script(caller: Caller) -> None:
        while (request := caller.request()) is not None:
            if request.startswith(b"POST") and next(slow, False):
                caller.receive()  # until the client gives up
                return
            caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with ScriptedServer(script) as server:
        url = f"http://127.0.0.1:{server.port}"
        folder = tmp_path / "run"
        done = replay(recording, "--target", url, "--answer-timeout", "200ms", folder=folder)
    assert done.run["messages"]["accepted"] == 40
    assert done.run["plan"]["answer_timeout_s"] == 0.2
    assert done.run["requests"]["by_status"]["none"] == 1


@pytest.mark.parametrize("option", ["--connect-timeout", "--answer-timeout"])
def test_no_time_at_all_is_refused(option, recording, tmp_path):
    refused = replay(recording, option, "0s", folder=tmp_path / "run")
    assert (refused.code, "leaves no time" in refused.err) == (2, True)


def test_an_ipv6_address_is_a_target_like_any_other(recording, tmp_path):
    heads: list[bytes] = []

    def script(caller: Caller) -> None:
        while (request := caller.request()) is not None:
            heads.append(request)
            caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    try:
        server = ScriptedServer(script, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        url = f"http://[::1]:{server.port}"
        done = replay(recording, "--target", url, folder=tmp_path / "run").check(0)
    assert done.run["target"] == url
    assert done.run["messages"]["accepted"] == 40
    assert f"\r\nHost: [::1]:{server.port}\r\n".encode() in heads[-1]
    assert socket.has_ipv6


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


def broken_answers() -> list[bytes]:
    """An answer cut at every byte, and what is none."""
    return [
        *(OK[:end] for end in range(0, len(OK), 3)),
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
        INTERIM * 3_000,
    ]


def test_however_answers_break_each_post_is_counted_and_each_repeat_is_marked(tmp_path):
    recording = write_lines(tmp_path / "r.ndjson", steady(60, gap_s=0.001))
    broken = iter(broken_answers())
    sends: dict[str, list[int]] = {}

    def script(caller: Caller) -> None:
        while (request := caller.request()) is not None:
            if request.startswith(b"POST"):
                head, _, body = request.partition(b"\r\n\r\n")
                again = [line for line in head.split(b"\r\n") if line.lower().startswith(b"x-retry-count")]
                retry = int(again[0].partition(b":")[2]) if again else 0
                sends.setdefault(json.loads(body)["messageId"], []).append(retry)
                if (answer := next(broken, None)) is not None:
                    caller.answer(answer)
                    return
            caller.answer(INTERIM, OK)

    with ScriptedServer(script) as server:
        url = f"http://127.0.0.1:{server.port}"
        done = replay(recording, "--target", url, "--batch", "none", folder=tmp_path / "run")
    assert done.run["sums_hold"] is True
    assert done.run["messages"]["accepted"] == len(sends) == 60
    posts = sum(map(len, sends.values()))
    assert posts == 60 + len(broken_answers())
    assert done.run["requests"]["sent"] == posts
    assert done.run["requests"]["by_status"] == {"200": 60, "none": len(broken_answers())}
    assert all(retries == list(range(len(retries))) for retries in sends.values())


def test_a_server_that_floods_one_user_does_not_hold_up_the_others(tmp_path):
    recording = write_lines(tmp_path / "r.ndjson", steady(60, gap_s=0.001))
    floods = iter([True])

    def script(caller: Caller) -> None:
        while (request := caller.request()) is not None:
            if request.startswith(b"POST") and next(floods, False):
                for _ in range(200):  # ends when the client closes
                    caller.answer(OK * 4_000)
                return
            caller.answer(OK)

    with ScriptedServer(script) as server:
        url = f"http://127.0.0.1:{server.port}"
        done = replay(recording, "--target", url, folder=tmp_path / "run").check(0)
    assert done.run["messages"]["accepted"] == 60
    assert done.run["requests"]["sent"] == 60
