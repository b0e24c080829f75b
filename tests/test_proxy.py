"""Claims about the faulting proxy, with a blocking client of the standard library and a scripted upstream."""

import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.proxy import (
    Call,
    CloseAfter,
    CloseBefore,
    Delay,
    FaultingProxy,
    Garbage,
    Rule,
    Status,
    always,
    between,
    every,
    nth,
)
from tests.send.servers import OK, Caller, ScriptedServer, answering


class Upstream(ScriptedServer):
    """Answers 200 and keeps what it received."""

    def __init__(self, *, port: int = 0) -> None:
        self.received: list[bytes] = []
        super().__init__(self._keep, port=port)

    def _keep(self, caller: Caller) -> None:
        while (asked := caller.request()) is not None:
            self.received.append(asked)
            caller.answer(OK)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def client_of(proxy: FaultingProxy) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)


def post(client: http.client.HTTPConnection, path: str = "/v1/track", body: bytes = b"{}") -> int | str:
    """The status, or the name of what went wrong."""
    try:
        client.request("POST", path, body)
        response = client.getresponse()
        response.read()
    except (http.client.HTTPException, OSError) as error:
        client.close()
        return type(error).__name__
    return response.status


def test_without_a_plan_everything_passes_over_one_connection(upstream):
    with FaultingProxy(upstream.port) as proxy:
        client = client_of(proxy)
        assert [post(client, body=b"%d" % number) for number in range(20)] == [200] * 20
        client.close()
    assert [asked.rpartition(b"\r\n\r\n")[2] for asked in upstream.received] == [b"%d" % n for n in range(20)]
    assert proxy.wire == b"".join(upstream.received)
    assert (proxy.calls, proxy.connections, upstream.connections) == (20, 1, 1)
    assert not proxy.played


def test_chosen_requests_are_answered_by_the_proxy_and_never_reach_the_upstream(upstream):
    plan = [Rule(Status(429, (("Retry-After", "7"),), b"slow"), nth(2)), Rule(Status(500), every(3))]
    with FaultingProxy(upstream.port, plan) as proxy:
        client = client_of(proxy)
        assert post(client) == 200
        client.request("POST", "/v1/batch", b"{}")
        response = client.getresponse()
        assert (response.status, response.getheader("Retry-After"), response.read()) == (429, "7", b"slow")
        assert [post(client) for _ in range(4)] == [500, 200, 200, 500]
        client.close()
    assert len(upstream.received) == 3
    assert proxy.played == {"Status": 3}
    assert proxy.calls == 6


def test_the_first_rule_that_fits_plays(upstream):
    with FaultingProxy(upstream.port, [Rule(Status(503), nth(1)), Rule(Status(500), always)]) as proxy:
        client = client_of(proxy)
        assert [post(client), post(client)] == [503, 500]
        client.close()


def test_closing_before_hides_the_request_and_closing_after_hides_the_answer(upstream):
    with FaultingProxy(upstream.port, [Rule(CloseBefore(), nth(1)), Rule(CloseAfter(), nth(2))]) as proxy:
        client = client_of(proxy)
        assert post(client, body=b"one") == "RemoteDisconnected"
        assert upstream.received == []
        assert post(client, body=b"two") == "RemoteDisconnected"
        assert upstream.received[0].endswith(b"two")
        assert post(client) == 200
        client.close()
    assert proxy.played == {"CloseBefore": 1, "CloseAfter": 1}


def test_garbage_is_no_http(upstream):
    with FaultingProxy(upstream.port, [Rule(Garbage(), nth(1))]) as proxy:
        client = client_of(proxy)
        assert post(client) == "BadStatusLine"
        assert post(client) == 200
        client.close()


def test_a_delayed_answer_waits_while_the_upstream_has_the_request(upstream):
    with FaultingProxy(upstream.port, [Rule(Delay(0.3), always)]) as proxy:
        client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=0.1)
        assert post(client) == "TimeoutError"
        assert len(upstream.received) == 1
        patient = client_of(proxy)
        assert post(patient) == 200
        patient.close()


def test_a_time_window_counts_from_the_first_call():
    when = between(1.0, 2.0)
    calls = [Call(1, "/v1/track", b"", elapsed_s, b"") for elapsed_s in (0.0, 0.999, 1.0, 1.999, 2.0)]
    assert [when(call) for call in calls] == [False, False, True, True, False]


def test_what_is_no_tracking_call_is_passed_and_not_counted(upstream):
    with FaultingProxy(upstream.port, [Rule(Status(500), always)]) as proxy:
        client = client_of(proxy)
        client.request("GET", "/__admin/ledger")
        response = client.getresponse()
        assert (response.status, response.read()) == (200, b'{"success":true}')
        assert post(client, "/__admin/reset") == 200
        client.close()
    assert proxy.calls == 0


def test_a_streamed_answer_passes_whole():
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in [b"x" * 50_000 + b"\n"] * 40)
    streamed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    with ScriptedServer(answering(streamed)) as server, FaultingProxy(server.port) as proxy:
        client = client_of(proxy)
        for _ in range(2):
            client.request("GET", "/__admin/ledger/ids?prefix=a.")
            assert len(client.getresponse().read()) == 40 * 50_001
        client.close()


def test_an_answer_without_a_length_passes_whole():
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    with ScriptedServer(script) as server, FaultingProxy(server.port) as proxy:
        client = client_of(proxy)
        client.request("POST", "/v1/track", b"{}")
        assert client.getresponse().read() == b"all of it"
        client.close()


def test_an_upstream_that_dies_closes_the_client_and_one_that_comes_back_serves_again():
    first = Upstream()
    with FaultingProxy(first.port) as proxy:
        client = client_of(proxy)
        with first:
            assert post(client) == 200
        assert post(client) == "RemoteDisconnected"
        with Upstream(port=first.port) as second:
            assert [post(client), post(client)] == [200, 200]
        assert len(second.received) == 2
        client.close()


def test_an_upstream_that_dies_in_mid_answer_cuts_the_client_off():
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with ScriptedServer(script) as server, FaultingProxy(server.port) as proxy:
        assert post(client_of(proxy)) == "IncompleteRead"


def test_many_clients_at_once_are_each_counted_once(upstream):
    with FaultingProxy(upstream.port, [Rule(Status(500), every(10))]) as proxy:
        statuses: list[int | str] = []

        def run() -> None:
            client = client_of(proxy)
            statuses.extend(post(client) for _ in range(25))
            client.close()

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert proxy.calls == 200
    assert (statuses.count(200), statuses.count(500)) == (180, 20)
    assert len(upstream.received) == 180


def test_a_client_that_speaks_no_http_is_closed(upstream):
    with FaultingProxy(upstream.port) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(b"\x00\x01\x02\r\n\r\n")
        client.settimeout(5)
        assert client.recv(10) == b""
    assert proxy.wire.startswith(b"\x00")


def test_the_proxy_needs_no_gevent():
    probe = "import sys, tests.proxy; sys.exit('gevent' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
