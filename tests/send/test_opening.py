"""Claims about opening a connection, against real sockets."""

import _socket
import resource
import socket
from types import SimpleNamespace

from harness.errors import GuardError
from harness.model import Failure
from harness.send.route import Address
from tests.send.hub import Watched, ask, open_up
from tests.send.servers import OK, ScriptedServer, answering


def test_a_send_connects_by_itself(connected):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
        assert len(watched.opened) == 1


def test_connecting_twice_opens_once(connected):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert open_up(connection) is None
        assert open_up(connection) is None
        assert len(watched.opened) == 1


def test_a_refused_connection_is_a_connect_failure_that_nobody_received(connected):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    watched = Watched(port)
    connected.append(connection := watched.connection())
    answer = ask(connection)
    assert answer.failure is Failure.CONNECT
    assert not answer.maybe_received
    assert answer.done_ns >= answer.sent_ns > 0
    assert open_up(connection) is Failure.CONNECT
    assert watched.opened == []


def test_a_server_that_does_not_accept_times_out_as_a_connect_failure(connected):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        connected.append(connection := Watched(port, connect_timeout_s=0.2).connection())
        assert ask(connection).failure is Failure.CONNECT
        for filler in fillers:
            filler.close()


def test_the_next_address_is_tried_when_one_refuses(connected):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        dead = unused.getsockname()[1]
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(dead, server.port)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
    assert len(watched.opened) == 1


def test_a_name_without_addresses_is_a_connect_failure(connected):
    connected.append(connection := Watched(route=list).connection())
    assert ask(connection).failure is Failure.CONNECT


def test_an_address_family_the_machine_does_not_know_is_a_connect_failure(connected):
    connected.append(connection := Watched(route=lambda: [Address(12_345, "127.0.0.1", 1)]).connection())
    assert ask(connection).failure is Failure.CONNECT


def test_no_free_descriptor_is_a_connect_failure_and_not_a_crash(connected):
    server = ScriptedServer(answering(OK))  # begins to accept below: that needs a descriptor too
    connected.append(connection := Watched(server.port).connection())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # fewer than are open
    try:
        assert ask(connection).failure is Failure.CONNECT
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with server:
        assert ask(connection).status == 200


def test_an_address_the_guard_forbids_fails_the_attempt_and_is_told_loudly(connected):
    def route() -> list[Address]:
        raise GuardError("the name moved")

    watched = Watched(route=route)
    connected.append(connection := watched.connection())
    assert ask(connection).failure is Failure.CONNECT
    assert [str(refusal) for refusal in watched.refusals] == ["the name moved"]


def test_a_connection_to_itself_is_none(connected, monkeypatch):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)

        class OwnPeer(_socket.socket):
            def getsockname(self):
                return self.getpeername()

        monkeypatch.setattr(
            "harness.send.opening._socket", SimpleNamespace(**(vars(_socket) | {"socket": OwnPeer}))
        )
        connected.append(connection := watched.connection())
        assert ask(connection).failure is Failure.CONNECT
    assert watched.opened == []
