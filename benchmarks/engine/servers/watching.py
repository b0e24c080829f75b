"""A server that answers 200 and writes down when each request came and what ids were in it.

    python watching.py PORT [--ids] [--spin] [--pause AUTHORIZATION AFTER_S LASTS_S]

A request's instant is `CLOCK_MONOTONIC` right after its first bytes were read; with --spin the server polls
without sleeping, so that its own waking adds nothing. --pause answers one Authorization 429 with the seconds
that are left in Retry-After, from AFTER_S behind its first request on, for LASTS_S. One core, one thread,
standard library alone. `GET /counts` tells the sums, `GET /stamps` the instants (8 bytes each) of what was
not paused.
"""

import argparse
import gc
import json
import math
import re
import select
import socket
import time
from array import array
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb'"messageId":"([^"]+)"')
_BODY: Final = b'{"success":true}'
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" + _BODY
_REFUSED: Final = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n"


class Server:
    """All connections and what came over them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._keeps_ids: bool = options.ids
        self._timeout_s = 0.0 if options.spin else -1.0
        self._paused: str | None
        self._paused, after_s, lasts_s = options.pause or (None, 0, 0)
        self._pause_after_ns, self._pause_ns = int(float(after_s) * 1e9), int(float(lasts_s) * 1e9)
        self._pause_starts_ns = 0
        self.stamps = array("q")
        self.ids: list[bytes] = []
        self.requests = self.refused = self.paused_taken = self.unreadable = 0
        self._begun: dict[int, tuple[int, bytes]] = {}  # a request that is not whole: since when, what came
        self._sockets: dict[int, socket.socket] = {}
        self._listener = socket.create_server(("127.0.0.1", options.port), backlog=4_096)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener.fileno(), select.EPOLLIN)

    def serve(self) -> None:
        """Until it is ended."""
        listener = self._listener.fileno()
        while True:
            for fd, _ in self._poll.poll(self._timeout_s):
                if fd == listener:
                    self._accept()
                else:
                    self._read(fd, self._sockets[fd])

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except BlockingIOError:
                return
            taken.setblocking(False)
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[taken.fileno()] = taken
            self._poll.register(taken.fileno(), select.EPOLLIN)

    def _read(self, fd: int, taken: socket.socket) -> None:
        try:
            data = taken.recv(1 << 18)
        except ConnectionError:
            data = b""
        now_ns = time.monotonic_ns()
        if not data:
            self._begun.pop(fd, None)
            self._sockets.pop(fd).close()
            return
        if fd in self._begun:
            now_ns, before = self._begun.pop(fd)
            data = before + data
        head_ends = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, head_ends + 2) if head_ends >= 0 else None
        whole_bytes = head_ends + 4 + (int(length[1]) if length else 0)
        if head_ends < 0 or len(data) < whole_bytes:
            self._begun[fd] = (now_ns, data)
            return
        if len(data) > whole_bytes:
            self.unreadable += 1  # nobody here pipelines
        taken.sendall(
            self._told(data) if data.startswith(b"GET /") else self._answer(data, head_ends, now_ns)
        )

    def _answer(self, data: bytes, head_ends: int, now_ns: int) -> bytes:
        self.requests += 1
        if self._paused is not None and data.find(self._paused.encode(), 0, head_ends) >= 0:
            left_ns = self._left_ns(now_ns)
            if left_ns > 0:
                self.refused += 1
                return _REFUSED % math.ceil(left_ns / 1e9)
            self.paused_taken += 1
            return _OK
        self.stamps.append(now_ns)
        if self._keeps_ids:
            self.ids += _ID.findall(data, head_ends)
        return _OK

    def _left_ns(self, now_ns: int) -> int:
        if not self._pause_starts_ns:
            self._pause_starts_ns = now_ns + self._pause_after_ns
        ends_ns = self._pause_starts_ns + self._pause_ns
        return ends_ns - now_ns if now_ns >= self._pause_starts_ns else 0

    def _told(self, data: bytes) -> bytes:
        if data.startswith(b"GET /stamps"):
            body = self.stamps.tobytes()
        else:
            counts = {
                "requests": self.requests,
                "messages": len(self.ids),
                "unique": len(set(self.ids)),
                "refused": self.refused,
                "paused_taken": self.paused_taken,
                "pause_starts_ns": self._pause_starts_ns,
                "unreadable": self.unreadable,
            }
            body = json.dumps(counts).encode()
        for each in self._sockets.values():
            each.setblocking(True)  # what is told may be megabytes, and no load is on
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--ids", action="store_true")
    parser.add_argument("--spin", action="store_true")
    parser.add_argument("--pause", nargs=3)
    server = Server(parser.parse_args())
    gc.disable()
    server.serve()
