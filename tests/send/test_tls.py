"""Claims about TLS, against real servers with certificates made for the test."""

import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
import trustme

from harness.errors import TargetError, UsageError
from harness.model import Failure
from harness.send.guard import Permit, is_loopback
from harness.send.probe import probe
from harness.send.target import Target, parse_target
from harness.send.tls import client_context
from tests.send.hub import Watched, ask, open_up, request, shown
from tests.send.servers import OK, Caller, Script, ScriptedServer, answering

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def over_tls(authority: trustme.CA, script: Script, name: str = HOST, **issued) -> Script:
    """The script behind TLS, with a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **issued).configure_cert(context)
    return behind(context, script)


def behind(context: ssl.SSLContext, script: Script) -> Script:
    def tls(caller: Caller) -> None:
        try:
            caller.sock = context.wrap_socket(caller.sock, server_side=True)
        except ssl.SSLError:
            return  # the client turned away
        script(caller)

    return tls


def at(port: int, ca_file: str | None) -> Watched:
    return Watched(port, target=Target("https", HOST, port, ca_file), connect_timeout_s=2)


def test_requests_are_answered_over_one_verified_connection(authority, ca_file, connected):
    with ScriptedServer(over_tls(authority, answering(OK))) as server:
        watched = at(server.port, ca_file)
        connected.append(connection := watched.connection())
        assert open_up(connection) is None
        answers = [ask(connection) for _ in range(50)]
        connection.close()
    assert {shown(answer) for answer in answers} == {(200, None, None, b'{"success":true}')}
    assert server.connections == len(watched.opened) == 1


def test_large_requests_and_answers_in_pieces_come_through_whole(authority, ca_file, connected):
    received: list[int] = []

    def script(caller: Caller) -> None:
        while (asked := caller.request()) is not None:
            received.append(len(asked.partition(b"\r\n\r\n")[2]))
            for piece in (OK[:10], OK[10:40], OK[40:]):
                caller.answer(piece)

    with ScriptedServer(over_tls(authority, script)) as server:
        connected.append(connection := at(server.port, ca_file).connection())
        for size in (1, 16_384, 300_000, 2_000_000):
            assert ask(connection, request(b"x" * size)).status == 200
        connection.close()
    assert received == [1, 16_384, 300_000, 2_000_000]


def test_a_server_that_reads_slowly_gets_the_whole_request_once(authority, ca_file, connected):
    def script(caller: Caller) -> None:
        caller.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        asked = caller.request()
        assert asked is not None
        bodies.append(asked.partition(b"\r\n\r\n")[2])
        caller.answer(OK)

    bodies: list[bytes] = []
    body = bytes(range(256)) * 4_000
    with ScriptedServer(over_tls(authority, script)) as server:
        connected.append(connection := at(server.port, ca_file).connection())
        assert ask(connection, request(body)).status == 200
    assert bodies == [body]


@pytest.mark.parametrize(
    ("name", "issued", "own", "reason"),
    [
        (HOST, {}, False, "unable to get local issuer|self.signed"),
        ("elsewhere.test", {}, True, "not valid for"),
        (HOST, {"not_after": dt.datetime(2020, 1, 1)}, True, "expired"),  # noqa: DTZ001 - trustme wants it so
    ],
    ids=["unknown authority", "another host", "expired"],
)
def test_a_certificate_that_is_not_to_be_trusted_ends_the_run_with_one_sentence(
    authority, ca_file, connected, name, issued, own, reason
):
    requests: list[bytes | None] = []
    with ScriptedServer(
        over_tls(authority, lambda caller: requests.append(caller.request()), name, **issued)
    ) as server:
        watched = at(server.port, ca_file if own else None)
        connected.append(connection := watched.connection())
        assert open_up(connection) is Failure.CONNECT
    assert requests in ([], [None])
    assert isinstance(watched.refusals[0], TargetError)
    with pytest.raises(TargetError, match=f"certificate is not to be trusted .*({reason}).*--ca-file"):
        raise watched.refusals[0]


@pytest.mark.parametrize(
    "script",
    [
        lambda caller: caller.reset(),
        lambda caller: caller.answer(b"HTTP/1.1 200 OK\r\n\r\n"),
        lambda caller: caller.receive(),
    ],
    ids=["reset", "no TLS", "closed in the handshake"],
)
def test_a_handshake_that_breaks_off_is_a_failed_connect_and_no_refusal(ca_file, connected, script):
    with ScriptedServer(script) as server:
        watched = at(server.port, ca_file)
        connected.append(connection := watched.connection())
        assert open_up(connection) is Failure.CONNECT
    assert watched.refusals == []


def test_a_handshake_that_stalls_ends_with_the_time_for_connecting(ca_file, connected):
    with ScriptedServer(_receive_all) as server:
        watched = Watched(
            server.port, target=Target("https", HOST, server.port, ca_file), connect_timeout_s=0.2
        )
        connected.append(connection := watched.connection())
        assert open_up(connection) is Failure.CONNECT


def _receive_all(caller: Caller) -> None:
    while caller.receive():
        pass


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_a_version_before_1_2_is_not_spoken(authority, ca_file, connected):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv1_1"]
    with ScriptedServer(behind(context, answering(OK))) as server:
        connected.append(connection := at(server.port, ca_file).connection())
        assert open_up(connection) is Failure.CONNECT


def test_an_answer_without_a_length_that_ends_without_goodbye_is_no_answer(authority, ca_file, connected):
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        socket.socket.shutdown(caller.sock, socket.SHUT_RDWR)  # of the socket alone: no close_notify

    with ScriptedServer(over_tls(authority, script)) as server:
        connected.append(connection := at(server.port, ca_file).connection())
        assert ask(connection).failure is Failure.CLOSED


@pytest.mark.parametrize("together", [True, False])
def test_one_that_ends_with_goodbye_is_an_answer(authority, ca_file, connected, together):
    def script(caller: Caller) -> None:
        caller.request()
        caller.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(together))
        caller.answer(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        assert isinstance(caller.sock, ssl.SSLSocket)
        caller.sock.settimeout(5)
        caller.sock.unwrap()

    with ScriptedServer(over_tls(authority, _ignoring(script))) as server:
        connected.append(connection := at(server.port, ca_file).connection())
        assert shown(ask(connection)) == (200, None, None, b"all of it")


def _ignoring(script: Script) -> Script:
    def quiet(caller: Caller) -> None:
        with contextlib.suppress(OSError):  # the client need not say goodbye in its turn
            script(caller)

    return quiet


def test_a_connection_that_was_closed_while_idle_is_opened_again_for_the_next_request(
    authority, ca_file, connected
):
    def script(caller: Caller) -> None:
        if caller.request() is not None:
            caller.answer(OK)

    with ScriptedServer(over_tls(authority, script)) as server:
        watched = at(server.port, ca_file)
        connected.append(connection := watched.connection())
        for _ in range(3):
            assert ask(connection).status == 200
            while "not open" not in repr(connection):
                gevent.sleep(0.001)  # until the hub has seen the end
    assert len(watched.opened) == 3


def _permit(target: Target) -> Permit:
    return Permit(target, beyond=False, is_mock=False, loopback=is_loopback)


def test_the_probe_verifies_as_the_load_does(authority, ca_file):
    with ScriptedServer(over_tls(authority, answering(OK))) as server:
        trusted = parse_target(f"https://{HOST}:{server.port}", ca_file)
        assert probe(trusted, _permit(trusted)).ready
        stranger = parse_target(f"https://{HOST}:{server.port}")
        with pytest.raises(TargetError, match="--ca-file"):
            probe(stranger, _permit(stranger))


@pytest.mark.parametrize("write", [lambda path: None, lambda path: path.write_text("no certificate")])
def test_a_file_without_certificates_is_a_usage_error(tmp_path: Path, write: Callable[[Path], object]):
    write(tmp_path / "ca.pem")
    with pytest.raises(UsageError, match=r"--ca-file .*ca\.pem"):
        client_context(str(tmp_path / "ca.pem"))
