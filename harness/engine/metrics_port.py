"""Serve one page that somebody else keeps current, in the loop of the run: a scrape costs it some 0.2 ms.

A thread would cost more: it takes the interpreter's lock for up to 5 ms at a time, and whatever holds the
loop is lag for someone. The page is ready when it is asked for, so nothing is drawn on behalf of a reader,
and no more than a few readers are heard at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import gevent
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from harness.errors import UsageError

PATH: Final = "/metrics"
_READERS_MOST: Final = 8
_HEAD_BYTES_MOST: Final = 8 << 10
_READ_WITHIN_S: Final = 2.0


@contextmanager
def serving(host: str, port: int, page: Callable[[], bytes], content_type: str) -> Iterator[str]:
    """Serve `page()` at PATH; answers the address. Raises UsageError when the port cannot be had."""

    def handle(connection: Any, _address: object) -> None:
        with connection:
            try:
                with gevent.Timeout(_READ_WITHIN_S):
                    connection.sendall(_answer(_head(connection), page, content_type))
            except (OSError, gevent.Timeout):
                return  # the reader went away, or never asked: nothing of the run hangs on it

    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_READERS_MOST)
    except OSError as error:
        listener.close()
        raise UsageError(f"--metrics-port {port}: cannot listen on {host}: {error.strerror}") from None
    server = StreamServer(listener, handle, spawn=Pool(_READERS_MOST))
    server.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{server.server_port}{PATH}"
    finally:
        server.stop(timeout=0)


def _head(connection: Any) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES_MOST:
        some: bytes = connection.recv(_HEAD_BYTES_MOST)
        if not some:
            break
        head += some
    return head


def _answer(head: bytes, page: Callable[[], bytes], content_type: str) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        return _response("405 Method Not Allowed", b"GET alone\n", "text/plain", method)
    if path != PATH.encode():
        return _response("404 Not Found", b"see " + PATH.encode() + b"\n", "text/plain", method)
    return _response("200 OK", page(), content_type, method)


def _response(status: str, body: bytes, content_type: str, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)
