"""Claims about requests and answers over one connection, against real sockets."""

import socket
import threading
from dataclasses import replace

import gevent
import pytest
from gevent.event import AsyncResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model import Answer, Failure
from tests.send.hub import CLOCK, SECRET, Watched, ask, open_up, request, shown, wait
from tests.send.servers import OK, Caller, ScriptedServer, answering, closing_after, silent


def test_a_hundred_requests_in_a_row_open_one_connection(connected):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert open_up(connection) is None
        answers = [ask(connection) for _ in range(100)]
    assert {shown(answer) for answer in answers} == {(200, None, None, b'{"success":true}')}
    assert server.connections == len(watched.opened) == 1


def test_what_leaves_is_the_request_with_its_credential(connected):
    received: list[bytes | None] = []

    def script(caller: Caller) -> None:
        received.append(caller.request())
        caller.answer(OK)

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        ask(connection, request(b'{"a":1}'))
    assert received == [
        b"POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Authorization: " + SECRET.encode() + b'\r\nContent-Length: 7\r\n\r\n{"a":1}'
    ]


def test_a_request_that_cannot_be_written_is_refused_before_anything_is_begun(connected):
    with ScriptedServer(answering(OK)) as server:
        connected.append(connection := Watched(server.port).connection())
        with pytest.raises(ValueError, match="control character"):
            connection.send(replace(request(), headers=(("X", "\r\n"),)), lambda answer: None)
        assert ask(connection).status == 200


def test_no_repr_holds_a_credential(connected):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        ask(connection)
        told = f"{connection!r} {watched.wire!r} {watched.wire.heads!r} {request()!r}"
    assert SECRET not in told
    assert "<Connection idle>" in told


def test_a_server_that_closes_after_each_answer_is_connected_to_again(connected):
    with ScriptedServer(closing_after(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        for _ in range(5):
            assert ask(connection).status == 200
            gevent.sleep(0.02)  # the server's end arrives by itself, in no time we steer
    assert server.connections == len(watched.opened) == 5


def test_a_close_said_in_the_answer_is_believed_at_once(connected):
    goodbye = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with ScriptedServer(answering(goodbye)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert [ask(connection).status for _ in range(5)] == [200] * 5
    assert len(watched.opened) == 5


@pytest.mark.parametrize("wall_ns", [None, CLOCK.wall_ns])
def test_a_connection_closed_while_idle_costs_no_request_even_when_the_hub_has_not_looked(connected, wall_ns):
    closed = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(OK)
        if caller.number == 1:
            caller.sock.shutdown(socket.SHUT_RDWR)
            closed.set()
        else:
            silent(caller)

    with ScriptedServer(script) as server:
        watched = Watched(server.port, wall_ns=wall_ns)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
        assert closed.wait(5)  # blocks this thread and with it the hub
        threading.Event().wait(0.03)  # longer than a poll of the loop is taken for a look
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


def test_what_the_loop_has_just_seen_open_is_not_looked_at_again(connected):
    """The loop's own poll was a moment ago, or a wall clock says so that moves with it."""
    closed = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(OK)
        caller.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    with ScriptedServer(script) as server:
        loop = gevent.get_hub().loop
        watched = Watched(server.port, wall_ns=lambda: round(loop.now() * 1e9) + 19_000_000)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
        assert closed.wait(5)
        answer = ask(connection)
    assert (answer.failure, len(watched.opened)) == (Failure.CLOSED, 1)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (OK, (200, None, None, b'{"success":true}')),
        (
            b"HTTP/1.1 429 Too Many Requests\r\nretry-after:  7 \r\nContent-Length: 4\r\n\r\nslow",
            (429, None, "7", b"slow"),
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            (200, None, None, b"abcde"),
        ),
        (
            b"HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK,
            (200, None, None, OK[-16:]),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, None, None, b"")),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", (304, None, None, b"")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, None, None, b"ok")),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            (302, None, None, b""),
        ),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhm", (101, None, None, b"")),
    ],
    ids=["plain", "429", "chunked", "interim", "204", "304", "http-1.0", "redirect", "upgrade"],
)
def test_an_answer_reads_the_same_whole_and_byte_by_byte(connected, sent, expected):
    for pieces in ([sent], [sent[at : at + 1] for at in range(len(sent))]):
        with ScriptedServer(answering(*pieces)) as server:
            connected.append(connection := Watched(server.port).connection())
            assert shown(ask(connection)) == expected
            assert server.connections == 1


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_without_a_length_ends_with_its_connection(connected, version):
    with ScriptedServer(closing_after(b"HTTP/" + version + b" 200 OK\r\n\r\nall", b" of it")) as server:
        connected.append(connection := Watched(server.port).connection())
        assert shown(ask(connection)) == (200, None, None, b"all of it")


def test_a_large_answer_is_drained_and_its_first_2_kib_are_kept(connected):
    body = bytes(range(256)) * 16_384  # 4 MiB
    large = b"HTTP/1.1 500 Oh\r\nContent-Length: %d\r\n\r\n" % len(body)
    with ScriptedServer(answering(large, body)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        for _ in range(2):
            assert shown(ask(connection)) == (500, None, None, body[:2048])
    assert len(watched.opened) == 1


def test_a_large_request_arrives_whole_through_a_slow_reader(connected):
    body = bytes(range(256)) * 40_000  # 10 MB: more than socket buffers hold
    received: list[bytes | None] = []

    def script(caller: Caller) -> None:
        threading.Event().wait(0.1)
        received.append(caller.request())
        caller.answer(OK)
        received.append(caller.request())
        caller.answer(OK)

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection, request(body)).status == 200
        assert ask(connection).status == 200
    assert received[0] is not None
    assert received[0].endswith(b"\r\n\r\n" + body)
    assert len(watched.opened) == 1


def test_a_half_closed_connection_still_brings_its_answer(connected):
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(OK)
        caller.sock.shutdown(socket.SHUT_WR)
        silent(caller)

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
        gevent.sleep(0.05)  # the server's end arrives by itself
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


def test_the_hearer_may_send_again_at_once(connected):
    statuses: list[int | None] = []
    ended = AsyncResult()

    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())

        def heard(answer: Answer) -> None:
            statuses.append(answer.status)
            if len(statuses) == 2_000:  # deeper than the interpreter's stack
                ended.set(None)
            else:
                connection.send(request(), heard)

        connection.send(request(), heard)
        wait(ended)
    assert set(statuses) == {200}
    assert len(watched.opened) == 1


def test_sending_again_at_once_does_not_recurse_when_everything_fails(connected):
    failures: list[Failure | None] = []
    ended = AsyncResult()
    watched = Watched(route=list)
    connected.append(connection := watched.connection())

    def heard(answer: Answer) -> None:
        failures.append(answer.failure)
        if len(failures) == 2_000:
            ended.set(None)
        else:
            connection.send(request(), heard)

    connection.send(request(), heard)
    wait(ended)
    assert set(failures) == {Failure.CONNECT}


def test_nothing_is_answered_inside_the_call_that_asks(connected):
    heard: list[object] = []
    connected.append(connection := Watched(route=list).connection())
    connection.send(request(), heard.append)
    assert heard == []
    gevent.sleep(0.01)
    assert len(heard) == 1


def test_a_second_request_in_flight_is_refused(connected):
    with ScriptedServer(silent) as server:
        connected.append(connection := Watched(server.port).connection())
        heard: list[object] = []
        connection.send(request(), heard.append)
        with pytest.raises(RuntimeError, match="one request"):
            connection.send(request(), heard.append)


_ANSWERS = (
    OK,
    b"HTTP/1.1 429 Slow\r\nDate: x\r\nRetry-After: 3\r\nContent-Length: 1\r\n\r\n!",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\nTrailer: 1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",
    b"HTTP/1.1 503 Down\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndown",
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answer=st.sampled_from(_ANSWERS), cuts=st.lists(st.integers(1, 120), max_size=6))
def test_where_the_network_splits_an_answer_does_not_matter(answer, cuts):
    at = sorted({cut for cut in cuts if cut < len(answer)})
    pieces = [answer[start:end] for start, end in zip([0, *at], [*at, len(answer)], strict=True)]
    seen = []
    for parts in ([answer], pieces):
        with ScriptedServer(answering(*parts)) as server:
            connection = Watched(server.port).connection()
            seen.append(shown(ask(connection)))
            connection.close()
    assert seen[0] == seen[1]
