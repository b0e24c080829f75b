"""A client that sends any bytes over a real socket, and takes nothing but correct HTTP for an answer."""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httptools

ANSWERED_WITHIN_S = 10.0
BASIC = "Basic bW9ja2tleTAxMjM0NTY3ODlhYmNkZWYwMTIzeDlRZDo="  # of a made-up key


class Answer:
    """One whole HTTP answer; its parser is the strict one of httptools."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


class Raw:
    """One connection. What comes back and is no HTTP raises httptools.HttpParserError."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_closed = False  # by the mock
        self.answers: list[Answer] = []
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """A mock that has heard enough may close before it has read all of it."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def end(self) -> None:
        """Nothing more will be sent; answers are still read."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Leave rudely: the mock gets a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def read(self, count: int) -> list[Answer]:
        """The answers so far, once there are `count` (interim ones included) or the mock has closed."""
        while len(self.answers) < count and not self.is_closed:
            self._receive()
        return self.answers

    def read_all(self) -> list[Answer]:
        """Every answer until the mock closes. Raises TimeoutError when it does not."""
        while not self.is_closed:
            self._receive()
        return self.answers

    def statuses(self) -> list[int]:
        return [answer.status for answer in self.answers]

    def _receive(self) -> None:
        try:
            data = self.sock.recv(65_536)
        except ConnectionResetError:  # it closed with bytes of ours unread: no fault of an HTTP server
            data = b""
        if data:
            self._parser.feed_data(data)
        else:
            self.is_closed = True

    # The parser calls these:

    def on_message_begin(self) -> None:
        self._headers, self._body = {}, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.answers.append(Answer(self._parser.get_status_code(), self._headers, self._body))


def request(  # the framing is the caller's, if it names one
    target: str, body: bytes = b"", *headers: str, method: str = "POST", version: str = "1.1"
) -> bytes:
    framed = any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers)
    lines = [f"{method} {target} HTTP/{version}", "Host: 127.0.0.1", f"Authorization: {BASIC}", *headers]
    if not framed and (body or method not in ("GET", "HEAD", "OPTIONS")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def track(message_id: str) -> bytes:
    """The body of a good call."""
    return b'{"userId":"u","event":"E","messageId":"%b"}' % message_id.encode()


def asked(port: int, target: str) -> Answer:
    """The answer to a GET on a connection of its own."""
    with Raw(port) as wire:
        wire.send(request(target, method="GET"))
        return wire.read(1)[0]


def ids(port: int, prefix: str = "") -> dict[str, str]:
    """Each id in the ledger, and the class of its last arrival."""
    lines = asked(port, f"/__admin/ledger/ids?prefix={prefix}").body.splitlines()
    return {line["id"]: line["class"] for line in map(json.loads, lines)}


def peak_bytes(pid: int) -> int:
    """The most memory that a process has held so far; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
