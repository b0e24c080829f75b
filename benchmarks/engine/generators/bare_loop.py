"""A bare Python epoll loop: what a generator in Python could do at most that keeps no account.

As fast as it is answered; or, with a rate, each request at its due time, spinning until then.
"""

import os
import select
import socket
import time
from itertools import count
from urllib.parse import urlsplit

from benchmarks.engine.bodies import AUTHORIZATION, ID_LETTERS, pieces


class Bodies:
    """Requests with new ids and the time of this millisecond."""

    def __init__(self, host: str, batch: int) -> None:
        before, between, behind = (piece.encode() for piece in pieces())
        self._numbers = count()
        self._batch = batch
        message = b"%b%%0*d%b%%b%b" % (before, between, behind)
        self._message = message + b"}"
        path = "/v1/batch" if batch > 1 else "/v1/track"
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {AUTHORIZATION}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._single = message + b',"sentAt":"%b"}'
        self._head += b"%d\r\n\r\n" % len(self._body(b"2026-03-01T10:00:07.123Z"))
        self._second, self._second_text = 0, b""

    def next(self) -> bytes:
        """The next request, whole."""
        now_ms = time.time_ns() // 1_000_000
        second, ms = divmod(now_ms, 1_000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second)).encode()
        return self._head + self._body(b"%b%03dZ" % (self._second_text, ms))

    def _body(self, now: bytes) -> bytes:
        if self._batch == 1:
            return self._single % (ID_LETTERS, next(self._numbers), now, now)
        message, numbers = self._message, self._numbers
        messages = [message % (ID_LETTERS, next(numbers), now) for _ in range(self._batch)]
        return b'{"batch":[' + b",".join(messages) + b'],"sentAt":"' + now + b'"}'


def main() -> None:
    """Send for the time that is asked."""
    address = urlsplit(os.environ["BENCH_URL"])
    seconds, rate = float(os.environ["BENCH_SECONDS"]), float(os.environ["BENCH_RATE"] or 0)
    bodies = Bodies(address.netloc, int(os.environ["BENCH_BATCH"]))
    poll, sockets = select.epoll(), {}
    for _ in range(int(os.environ["BENCH_CONNECTIONS"])):
        opened = socket.create_connection((address.hostname or "", address.port or 80))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(not rate)
        sockets[opened.fileno()] = opened
        poll.register(opened.fileno(), select.EPOLLIN)
    if rate:
        paced(sockets, poll, bodies, rate, seconds)
    else:
        flat_out(sockets, poll, bodies, seconds)


def flat_out(sockets: dict[int, socket.socket], poll: select.epoll, bodies: Bodies, seconds: float) -> None:
    """One request in flight on each connection, the next as soon as it is answered."""
    ends_s = time.monotonic() + seconds
    for opened in sockets.values():
        opened.sendall(bodies.next())
    while time.monotonic() < ends_s:
        for fd, _ in poll.poll(1):
            opened = sockets[fd]
            if b" 200 " not in opened.recv(65_536)[:16]:
                raise SystemExit("not answered 200")
            opened.sendall(bodies.next())


def paced(
    sockets: dict[int, socket.socket], poll: select.epoll, bodies: Bodies, rate: float, seconds: float
) -> None:
    """Each request at its due time, on a connection that is free."""
    free, start_ns = list(sockets.values()), time.monotonic_ns() + 100_000_000
    for number in range(int(rate * seconds)):
        due_ns = start_ns + int(number * 1e9 / rate)
        request = bodies.next()
        while time.monotonic_ns() < due_ns or not free:
            for fd, _ in poll.poll(0):
                sockets[fd].recv(65_536)
                free.append(sockets[fd])
        free.pop().sendall(request)


if __name__ == "__main__":
    main()
