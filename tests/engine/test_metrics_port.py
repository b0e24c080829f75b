"""The metrics port on real sockets: what it answers, and that it lets go."""

import gevent
import pytest
from gevent import socket

from harness.engine.metrics_port import serving
from harness.errors import UsageError

TEXT = "text/plain; version=0.0.4"


def ask(address, head):
    host, port = address.removeprefix("http://").removesuffix("/metrics").rsplit(":", 1)
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.sendall(head)
        answer = b""
        while some := sock.recv(65_536):
            answer += some
    return answer


def test_the_page_of_the_moment_is_served():
    pages = iter([b"a 1\n", b"a 2\n"])
    with serving("127.0.0.1", 0, lambda: next(pages), TEXT) as address:
        for body in (b"a 1\n", b"a 2\n"):
            head, _, found = ask(address, b"GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n").partition(
                b"\r\n\r\n"
            )
            assert found == body
            assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n")
            assert b"\r\nContent-Length: 4\r\n" in head


@pytest.mark.parametrize(
    ("head", "status", "body"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404", b"see /metrics\n"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405", b"GET alone\n"),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", b"200", b""),
        (b"\xff\xfe\r\n\r\n", b"405", b"GET alone\n"),
        (b"GET /metrics " + b"x" * 20_000, b"200", b"page"),
    ],
)
def test_other_questions_have_plain_answers(head, status, body):
    with serving("127.0.0.1", 0, lambda: b"page", TEXT) as address:
        try:
            answer = ask(address, head)
        except ConnectionError:  # it did not read all of it, and closed
            assert len(head) > 8 << 10
            return
    assert answer.split(b" ")[1] == status
    assert answer.partition(b"\r\n\r\n")[2] == body


def test_readers_that_never_ask_hold_nobody_up():
    with serving("127.0.0.1", 0, lambda: b"page", TEXT) as address:
        port = int(address.rsplit(":", 1)[1].partition("/")[0])
        idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(3)]
        assert ask(address, b"GET /metrics HTTP/1.1\r\n\r\n").endswith(b"page")
        for sock in idle:
            sock.close()
    gevent.sleep(0)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def test_a_port_that_is_taken_is_refused_in_one_sentence():
    with serving("127.0.0.1", 0, lambda: b"", TEXT) as address:
        port = int(address.rsplit(":", 1)[1].partition("/")[0])
        taken = serving("127.0.0.1", port, lambda: b"", TEXT)
        taken = serving("127.0.0.1", port, lambda: b"", TEXT)
        with pytest.raises(UsageError, match=f"--metrics-port {port}: cannot listen on 127.0.0.1"), taken:
            pass
