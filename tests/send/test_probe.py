"""Claims about the control path, against real sockets."""

import json
import socket
import subprocess
import sys
import threading

import pytest

from harness.errors import GuardError, TargetError
from harness.send.guard import Permit, is_loopback
from harness.send.probe import Probe, fetch_ledger, probe, stream_ids
from harness.send.target import Target
from tests.send.servers import OK, Caller, Script, ScriptedServer, answering, closing_after, silent

LINES = [{"id": f"r.{number}", "class": "stored"} for number in range(3)]


def at(port: int, *, host: str = "127.0.0.1") -> tuple[Target, Permit]:
    target = Target("http", host, port)
    return target, Permit(target, beyond=False, is_mock=False, loopback=is_loopback)


def json_answer(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def chunked(*pieces: bytes, ends: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (
        head
        + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        + (b"0\r\n\r\n" if ends else b"")
    )


def ndjson(*lines: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def dripping(caller: Caller) -> None:
    caller.request()
    caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        caller.answer(b"x")
        threading.Event().wait(0.01)


def test_our_mock_names_itself_and_its_ledger():
    asked: list[bytes | None] = []

    def script(caller: Caller) -> None:
        asked.append(caller.request())
        caller.answer(json_answer({"mock": "segment-harness", "instance": "i-1"}))

    with ScriptedServer(script) as server:
        assert probe(*at(server.port)) == Probe(ready=True, is_mock=True, instance="i-1", reason="")
    assert asked[0] is not None
    assert asked[0].startswith(b"GET /__admin/health HTTP/1.1\r\n")
    assert b"authorization" not in asked[0].lower()


@pytest.mark.parametrize(
    "script",
    [
        answering(OK),
        answering(json_answer({"mock": "another"})),
        answering(json_answer(["segment-harness"])),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope"),
        answering(json_answer({"mock": "segment-harness"}).replace(b"200 OK", b"404 No")),
        answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        closing_after(b"garbage\r\n\r\n"),
        closing_after(b""),
        silent,
        dripping,
    ],
    ids=["json", "other-mock", "list", "text", "404", "redirect", "garbage", "closes", "silent", "drips"],
)
def test_whatever_else_accepts_a_connection_is_ready_and_no_mock(script: Script):
    with ScriptedServer(script) as server:
        assert probe(*at(server.port), timeout_s=0.3) == Probe(
            ready=True, is_mock=False, instance=None, reason=""
        )


def test_nothing_there_is_not_ready():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    found = probe(*at(port))
    assert not found.ready
    assert found.reason == f"Nothing answers at http://127.0.0.1:{port}."


def test_a_name_that_does_not_resolve_is_not_ready():
    found = probe(*at(80, host="nowhere.test"), resolve=lambda host, port: [])
    assert (found.ready, found.reason) == (False, "The name nowhere.test does not resolve.")


def test_the_name_is_called_at_the_address_the_permit_saw():
    asked: list[bytes | None] = []

    def script(caller: Caller) -> None:
        asked.append(caller.request())
        caller.answer(OK)

    with ScriptedServer(script) as server:
        # The first address refuses, as ::1 does where a server listens on IPv4 alone.
        assert probe(
            *at(server.port, host="here.test"), resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]
        ).ready
        assert asked[0] is not None
        assert b"host: here.test:%d\r\n" % server.port in asked[0].lower()
        with pytest.raises(GuardError):
            probe(*at(server.port, host="here.test"), resolve=lambda host, port: ["192.0.2.1"])


def test_a_proxy_in_the_environment_is_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with ScriptedServer(answering(OK)) as server:
        assert probe(*at(server.port)).ready


def test_the_counts_of_the_ledger_are_fetched():
    with ScriptedServer(answering(json_answer({"received": 3}))) as server:
        assert fetch_ledger(*at(server.port)) == {"received": 3}


@pytest.mark.parametrize(
    "script",
    [
        answering(OK.replace(b"200 OK", b"404 No")),
        answering(json_answer([])),
        closing_after(b""),
        closing_after(OK[:-3]),
    ],
    ids=["404", "list", "closes", "cut"],
)
def test_no_ledger_is_said_in_a_sentence(script: Script):
    with ScriptedServer(script) as server, pytest.raises(TargetError, match=rf"127.0.0.1:{server.port}.*\?$"):
        fetch_ledger(*at(server.port))


def test_the_ids_stream_in_order_over_any_pieces():
    text = ndjson(*LINES)
    for pieces in ([text], [text[at : at + 1] for at in range(len(text))], [text[:10], text[10:]]):
        with ScriptedServer(answering(chunked(*pieces))) as server:
            assert list(stream_ids(*at(server.port), "r.")) == LINES


def test_an_empty_ledger_has_no_ids():
    with ScriptedServer(answering(chunked())) as server:
        assert list(stream_ids(*at(server.port), "r.")) == []


def test_ids_are_asked_by_prefix():
    asked: list[bytes | None] = []

    def script(caller: Caller) -> None:
        asked.append(caller.request())
        caller.answer(chunked())

    with ScriptedServer(script) as server:
        list(stream_ids(*at(server.port), "r&x=1."))
    assert asked[0] is not None
    assert asked[0].startswith(b"GET /__admin/ledger/ids?prefix=r%26x%3D1. HTTP/1.1\r\n")


def test_ids_come_before_the_last_was_written():
    go = threading.Event()

    def script(caller: Caller) -> None:
        caller.request()
        first, rest = ndjson(LINES[0]), ndjson(*LINES[1:])
        caller.answer(chunked(first, ends=False))
        go.wait(10)
        caller.answer(b"%x\r\n%b\r\n0\r\n\r\n" % (len(rest), rest))

    with ScriptedServer(script) as server:
        ids = stream_ids(*at(server.port), "r.")
        assert next(ids) == LINES[0]
        go.set()
        assert list(ids) == LINES[1:]


@pytest.mark.parametrize(
    "script",
    [
        closing_after(chunked(ndjson(*LINES), ends=False)),
        answering(chunked(ndjson(*LINES)[:-5])),
        answering(chunked(b"no json\n")),
        answering(chunked(b"[]\n")),
        answering(OK.replace(b"200 OK", b"500 No")),
    ],
    ids=["cut", "half-line", "text", "list", "500"],
)
def test_half_a_ledger_is_never_taken_for_a_whole_one(script: Script):
    with ScriptedServer(script) as server, pytest.raises(TargetError):
        list(stream_ids(*at(server.port), "r."))


def test_a_line_without_an_end_is_given_up():
    def script(caller: Caller) -> None:
        caller.request()
        caller.answer(chunked(ends=False))
        while True:
            caller.answer(b"1000\r\n" + b"x" * 4_096 + b"\r\n")

    with ScriptedServer(script) as server, pytest.raises(TargetError, match="a line over 65536 bytes"):
        list(stream_ids(*at(server.port), "r."))


def test_the_control_path_works_in_a_process_that_gevent_patched():
    with ScriptedServer(answering(json_answer({"mock": "segment-harness", "instance": "i"}))) as server:
        program = (
            "from gevent import monkey; monkey.patch_all()\n"
            "from harness.send.guard import Permit, is_loopback\n"
            "from harness.send.probe import probe\n"
            "from harness.send.target import parse_target\n"
            f"target = parse_target('http://localhost:{server.port}')\n"
            "permit = Permit(target, beyond=False, is_mock=False, loopback=is_loopback)\n"
            "found = probe(target, permit)\n"
            "raise SystemExit(0 if found.is_mock else repr(found))\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, "")
