"""Small scripted servers on native threads, for clients that run in gevent's hub."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + b'{"success":true}'

Script = Callable[["Caller"], None]


class Caller:
    """One accepted connection, as the script sees it."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number  # counted from 1
        self._rest = b""

    def request(self) -> bytes | None:
        """The next request, whole; None when the client closed instead."""
        while b"\r\n\r\n" not in self._rest:
            data = self.receive()
            if not data:
                return None
            self._rest += data
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(rest) < length:
            data = self.receive()
            if not data:
                return None
            rest += data
        self._rest = rest[length:]
        return head + b"\r\n\r\n" + rest[:length]

    def receive(self) -> bytes:
        try:
            return self.sock.recv(65_536)
        except OSError:
            return b""

    def answer(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def reset(self) -> None:
        """Close with a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class ScriptedServer:
    """Runs the script once for each connection, on its own thread; ends with the `with` block."""

    def __init__(self, script: Script, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self._script = script
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.errors: list[BaseException] = []
        self._callers: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread in accept() is not woken by close(), only by shutdown().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._callers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for sock in self._callers:
            sock.close()
        if self.errors and error is None:
            raise self.errors[0]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._callers.append(sock)
            thread = threading.Thread(target=self._serve, args=(Caller(sock, self.connections),), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, caller: Caller) -> None:
        try:
            self._script(caller)
        except OSError:
            pass  # the client went away, which is what many a script provokes
        except BaseException as error:  # noqa: BLE001 - raised again in the test, by __exit__
            self.errors.append(error)
        finally:
            with contextlib.suppress(OSError):
                caller.sock.shutdown(socket.SHUT_RDWR)
            caller.sock.close()


def answering(*pieces: bytes) -> Script:
    """Each request gets these bytes, one write a piece."""

    def script(caller: Caller) -> None:
        while caller.request() is not None:
            caller.answer(*pieces)

    return script


def closing_after(*pieces: bytes) -> Script:
    """One request gets these bytes, and then the connection ends."""

    def script(caller: Caller) -> None:
        if caller.request() is not None:
            caller.answer(*pieces)

    return script


def silent(caller: Caller) -> None:
    """Reads and never answers."""
    while caller.receive():
        pass
