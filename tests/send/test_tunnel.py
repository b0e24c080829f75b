"""Claims about connections through a proxy."""

import ssl

import pytest
import trustme

from harness.errors import TargetError
from harness.model import Failure
from harness.send.guard import Permit, is_loopback
from harness.send.probe import probe
from harness.send.target import Proxy, Target
from tests.send.hub import Watched, ask, open_up, request
from tests.send.proxies import relaying
from tests.send.servers import OK, Caller, ScriptedServer, answering

HOST = "127.0.0.1"
LOGIN = "Basic dXNlcjpodW50ZXIy"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls_server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)

    def script(caller: Caller) -> None:
        caller.sock = context.wrap_socket(caller.sock, server_side=True)
        answering(OK)(caller)

    with ScriptedServer(script) as server:
        yield server


def through(proxy_port: int, port: int, ca_file: str | None, login: str | None = None) -> Watched:
    target = Target("https", HOST, port, ca_file, Proxy(HOST, proxy_port, login))
    return Watched(proxy_port, target=target, connect_timeout_s=2)


def test_a_tunnel_leads_to_the_target_whose_certificate_is_verified(tls_server, ca_file, connected):
    seen: list[bytes] = []
    with ScriptedServer(relaying(login=LOGIN, seen=seen)) as proxy:
        connected.append(connection := through(proxy.port, tls_server.port, ca_file, LOGIN).connection())
        assert [ask(connection).status for _ in range(3)] == [200, 200, 200]
        untrusted = through(proxy.port, tls_server.port, None, LOGIN)
        connected.append(connection := untrusted.connection())
        assert open_up(connection) is Failure.CONNECT
        assert "certificate" in str(untrusted.refusals[0])
    assert seen[0].startswith(f"CONNECT {HOST}:{tls_server.port} HTTP/1.1\r\nHost: ".encode())
    assert not any(b"Authorization: Basic c2Vj" in asked for asked in seen)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "asks for a user name"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", "it answered 403"),
    ],
)
def test_a_proxy_that_will_never_let_us_through_ends_the_run_with_a_sentence(answer, said, connected):
    with ScriptedServer(answering(answer)) as proxy:
        watched = through(proxy.port, 443, None)
        connected.append(connection := watched.connection())
        assert ask(connection).failure is Failure.CONNECT
    assert said in str(watched.refusals[0])
    assert str(proxy.port) in str(watched.refusals[0])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 502 Bad gateway\r\n\r\n",
        b"HTTP/1.1 504 Late\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nand more",
        b"HTTP/1.1 200 OK\r\n",
        b"X" * 70_000,
        b"",
    ],
)
def test_a_tunnel_that_does_not_come_about_is_a_failed_connect_that_nobody_received(answer, connected):
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(answer)

    with ScriptedServer(script) as proxy:
        watched = through(proxy.port, 443, None)
        connected.append(connection := watched.connection())
        told = ask(connection)
    assert told.failure is Failure.CONNECT
    assert not told.maybe_received
    assert watched.refusals == []


def test_an_interim_answer_before_the_tunnel_is_passed_over(tls_server, ca_file, connected):
    def slowly(caller: Caller) -> None:
        caller.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
        relaying()(caller)

    with ScriptedServer(slowly) as proxy:
        connected.append(connection := through(proxy.port, tls_server.port, ca_file).connection())
        assert ask(connection).status == 200


def test_a_proxy_that_says_nothing_ends_with_the_time_for_connecting(connected):
    def silent(caller: Caller) -> None:
        while caller.receive():
            pass

    with ScriptedServer(silent) as proxy:
        target = Target("https", HOST, 443, None, Proxy(HOST, proxy.port))
        watched = Watched(proxy.port, target=target, connect_timeout_s=0.1)
        connected.append(connection := watched.connection())
        assert ask(connection).failure is Failure.CONNECT


def test_the_next_address_is_tried_when_a_handshake_breaks_off(tls_server, ca_file, connected):
    def breaks(caller: Caller) -> None:
        caller.receive()

    with ScriptedServer(breaks) as broken:
        target = Target("https", HOST, tls_server.port, ca_file)
        watched = Watched(broken.port, tls_server.port, target=target, connect_timeout_s=5)
        connected.append(connection := watched.connection())
        assert ask(connection, request()).status == 200
        assert broken.connections == 1
    assert len(watched.opened) == 1


def test_the_probe_goes_the_same_way_and_says_the_same(tls_server, ca_file):
    def look(proxy_port: int, login: str | None = None):
        target = Target("https", HOST, tls_server.port, ca_file, Proxy(HOST, proxy_port, login))
        return probe(target, Permit(target, beyond=True, is_mock=False, loopback=is_loopback))

    with ScriptedServer(relaying(login=LOGIN)) as proxy:
        assert look(proxy.port, LOGIN).ready
        with pytest.raises(TargetError, match="asks for a user name"):
            look(proxy.port)
        port = proxy.port
    gone = look(port)
    assert not gone.ready
    assert f"through the proxy {HOST}:{port}" in gone.reason
