"""Claims about connections that break, lie, stall or end, against real sockets."""

import gc
import threading

import gevent
import pytest
from gevent.event import AsyncResult

from harness.model import Answer, Failure
from tests.send.hub import Watched, ask, open_up, request, shown, wait
from tests.send.servers import OK, Caller, ScriptedServer, answering, closing_after, silent


def test_a_reset_is_no_end_of_an_answer_without_a_length(connected):
    go = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        go.wait(5)
        caller.reset()

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        result = AsyncResult()
        connection.send(request(), result.set)
        gevent.sleep(0.05)
        go.set()
        assert wait(result).failure is Failure.CLOSED


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 20000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"]
)
def test_an_endless_answer_is_given_up(connected, framing):
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(b"HTTP/1.1 200 OK\r\n" + framing)
        while True:
            caller.answer(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        answer = ask(connection)
        assert answer.failure is Failure.NOT_HTTP
        assert answer.maybe_received


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"\x00\xff",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    ],
    ids=["ssh", "rtsp", "status", "binary", "html", "two-lengths"],
)
def test_garbage_is_not_http_and_the_next_send_opens_anew(connected, garbage):
    def script(caller: Caller) -> None:
        while caller.request() is not None:
            caller.answer(garbage if caller.number == 1 else OK)

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection).failure is Failure.NOT_HTTP
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_a_head_without_an_end_is_given_up(connected, head):
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(head)
        while True:
            caller.answer(b"X-Filler: " + b"x" * 1_000 + b"\r\n")

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        assert ask(connection).failure is Failure.NOT_HTTP


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_end_before_the_end_of_the_answer_is_closed(connected, begun):
    with ScriptedServer(closing_after(begun)) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        answer = ask(connection)
        assert (answer.failure, answer.status) == (Failure.CLOSED, None)
        assert answer.maybe_received
    assert len(watched.opened) == server.connections == 1


def test_a_request_whose_connection_breaks_is_never_sent_twice(connected):
    requests: list[bytes] = []

    def script(caller: Caller) -> None:
        asked = caller.request()
        assert asked is not None
        requests.append(asked)
        caller.reset()

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        assert ask(connection).failure is Failure.CLOSED
        gevent.sleep(0.1)
    assert len(requests) == server.connections == 1


def test_a_silent_server_times_out_and_its_late_answer_is_not_taken_for_the_next(connected):
    late = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        if caller.number == 1:
            late.wait(5)
            caller.answer(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")
        else:
            caller.answer(OK)
            silent(caller)

    with ScriptedServer(script) as server:
        watched = Watched(server.port, answer_timeout_s=0.1)
        connected.append(connection := watched.connection())
        answer = ask(connection)
        assert answer.failure is Failure.TIMEOUT
        assert 0.1e9 <= answer.done_ns - answer.sent_ns < 2e9
        late.set()
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


def test_an_answer_that_drips_times_out_as_a_whole(connected):
    def script(caller: Caller) -> None:
        caller.request()
        for byte in OK * 100:
            caller.answer(bytes([byte]))
            threading.Event().wait(0.02)

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port, answer_timeout_s=0.2).connection())
        answer = ask(connection)
        # One whole answer of 55 bytes takes over a second.
        assert answer.failure is Failure.TIMEOUT


def test_an_answer_that_lies_ready_when_we_are_late_counts(connected):
    with ScriptedServer(answering(OK)) as server:
        connected.append(connection := Watched(server.port, answer_timeout_s=0.1).connection())
        assert open_up(connection) is None
        result = AsyncResult()
        connection.send(request(), result.set)
        threading.Event().wait(0.3)  # blocks the hub past the time-out
        assert wait(result).status == 200


def test_each_request_has_its_own_time_out_on_one_timer(connected):
    def script(caller: Caller) -> None:
        for _ in range(4):
            caller.request()
            threading.Event().wait(0.08)
            caller.answer(OK)
        silent(caller)

    with ScriptedServer(script) as server:
        watched = Watched(server.port, answer_timeout_s=0.2)
        connected.append(connection := watched.connection())
        assert [ask(connection).status for _ in range(4)] == [200] * 4
        assert ask(connection).failure is Failure.TIMEOUT
    assert len(watched.opened) == 1


@pytest.mark.parametrize("unasked", [b"", b"HTTP/1.1 4", b"HTTP/1.1 408 Idle\r\nContent-Length: 0\r\n\r\n"])
def test_whatever_comes_while_nothing_is_asked_ends_the_connection(connected, unasked):
    go = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(OK)
        go.wait(5)
        caller.answer(unasked)
        if unasked:
            silent(caller)

    with ScriptedServer(script) as server:
        connected.append(connection := Watched(server.port).connection())
        assert ask(connection).status == 200
        assert repr(connection) == "<Connection idle>"
        go.set()
        gevent.sleep(0.1)  # it arrives by itself
        assert repr(connection) == "<Connection not open>"


def test_an_idle_connection_never_times_out(connected):
    with ScriptedServer(answering(OK)) as server:
        watched = Watched(server.port, answer_timeout_s=0.05, connect_timeout_s=0.05)
        connected.append(connection := watched.connection())
        assert open_up(connection) is None
        for _ in range(2):
            gevent.sleep(0.2)
            assert ask(connection).status == 200
    assert len(watched.opened) == 1


def test_an_answer_before_the_request_is_written_is_taken_and_ends_the_connection(connected):
    early = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
    seen = threading.Event()

    def script(caller: Caller) -> None:
        if caller.number == 1:
            caller.receive()
            caller.answer(early)
            seen.wait(5)
            silent(caller)
        else:
            caller.request()
            caller.answer(OK)

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert shown(ask(connection, request(bytes(20_000_000)))) == (413, None, None, b"big")
        seen.set()
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


def test_a_reader_that_resets_in_mid_request_is_closed_once(connected):
    def script(caller: Caller) -> None:
        caller.receive()
        caller.reset()

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection, request(bytes(20_000_000))).failure is Failure.CLOSED
    assert server.connections == 1


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("first", [OK, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
def test_a_second_answer_is_never_taken_for_the_next_request(connected, together, first):
    second = b"HTTP/1.1 500 Nobody Asked\r\nContent-Length: 0\r\n\r\n"

    def script(caller: Caller) -> None:
        while caller.request() is not None:
            pieces = (first,) if caller.number > 1 else (first + second,) if together else (first, second)
            caller.answer(*pieces)

    with ScriptedServer(script) as server:
        watched = Watched(server.port)
        connected.append(connection := watched.connection())
        assert ask(connection).status == 200
        gevent.sleep(0.02)  # the second answer arrives by itself
        assert ask(connection).status == 200
        assert ask(connection).status == 200
    assert len(watched.opened) == 2


@pytest.mark.parametrize("settle_s", [0.0, 0.05])
def test_closing_answers_what_is_in_flight_with_stopped(settle_s):
    with ScriptedServer(silent) as server:
        connection = Watched(server.port).connection()
        heard: list[Answer] = []
        connection.send(request(), heard.append)
        gevent.sleep(settle_s)
        connection.close()
        connection.close()
        gevent.sleep(0.02)
        assert [answer.failure for answer in heard] == [Failure.STOPPED]
        assert 0 < heard[0].sent_ns <= heard[0].done_ns
        assert ask(connection).failure is Failure.STOPPED
        assert open_up(connection) is Failure.STOPPED
        assert repr(connection) == "<Connection closed>"


def test_closing_while_connecting_tells_who_waits():
    with ScriptedServer(silent) as server:
        connection = Watched(server.port).connection()
        heard: list[Failure | None] = []
        connection.connect(heard.append)
        connection.close()
        gevent.sleep(0.02)
        assert heard == [Failure.STOPPED]
        assert server.connections == 0


def test_a_closed_connection_leaves_nothing_in_the_loop():
    loop = gevent.get_hub().loop
    before = loop.activecnt
    with ScriptedServer(answering(OK)) as server:
        connection = Watched(server.port).connection()
        assert ask(connection).status == 200
        assert loop.activecnt > before
        connection.close()
    assert loop.activecnt == before
    del connection
    gc.collect()  # a socket left open would be a ResourceWarning, and so an error
