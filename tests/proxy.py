"""A TCP proxy that plays faults on chosen requests, for tests that run a real client against a real server.

It stands between a client and an upstream on loopback and passes everything on, except that for each
`POST /v1/…` the first rule of its plan that fits plays its fault. It runs on native threads and needs no
gevent. When the upstream is down, or ends in mid-answer, the client's connection is closed, as it would be
without a proxy. `Expect: 100-continue` is not played along with.

    plan = [Rule(Status(429, (("Retry-After", "1"),)), nth(3)), Rule(CloseAfter(), every(50))]
    with FaultingProxy(mock.port, plan) as proxy:
        run_client(proxy.url)
    assert proxy.played["CloseAfter"] == 4
"""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httptools

from harness.clock import SystemClock
from harness.units import NS_PER_S

_RECEIVED_BYTES = 65_536
_now_ns = SystemClock().now_ns


@dataclass(frozen=True, slots=True)
class Call:
    """One `POST /v1/…` as it came from a client."""

    number: int  # counted from 1, over all connections
    path: str
    body: bytes
    elapsed_s: float  # since the first such call
    raw: bytes


When = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Status:
    """The proxy answers itself; the upstream never hears of the request."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Garbage:
    """The proxy answers what is no HTTP, and closes; the upstream never hears of the request."""

    data: bytes = b"\x00\xffthis is no HTTP\r\n\r\n"


@dataclass(frozen=True, slots=True)
class CloseBefore:
    """The connection ends; the upstream never hears of the request."""


@dataclass(frozen=True, slots=True)
class CloseAfter:
    """The upstream has received and answered, and the connection ends without a word of that."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer waits; the upstream hears of the request at once."""

    seconds: float


Fault = Status | Garbage | CloseBefore | CloseAfter | Delay


@dataclass(frozen=True, slots=True)
class Rule:
    """Play this fault when this holds."""

    fault: Fault
    when: When


def always(call: Call) -> bool:
    return True


def nth(*numbers: int) -> When:
    """Exactly these calls, counted from 1."""
    return lambda call: call.number in numbers


def every(step: int) -> When:
    """Every `step`th call."""
    return lambda call: call.number % step == 0


def between(start_s: float, end_s: float) -> When:
    """Calls from `start_s` until `end_s` after the first one."""
    return lambda call: start_s <= call.elapsed_s < end_s


class FaultingProxy:
    """Listens while its `with` block runs; figures are safe to read at any time."""

    def __init__(self, upstream_port: int, plan: Sequence[Rule] = (), *, port: int = 0) -> None:
        self.upstream_port = upstream_port  # may be set anew while running
        self._plan = tuple(plan)
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1_024)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.calls = 0  # POST /v1/… received whole
        self.played: Counter[str] = Counter()  # by the fault's class name
        self.connections = 0
        self.errors: list[Exception] = []  # of the proxy's own; raised when the block ends
        self._wire: list[bytes] = []
        self._first_ns = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._socks: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        _shut(self._listener)
        self._threads[0].join(10)  # from here on nothing new is accepted
        with self._lock:
            socks = list(self._socks)
        for sock in socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        if self.errors and error is None:
            raise self.errors[0]

    @property
    def wire(self) -> bytes:
        """Every byte received from clients; connections interleave."""
        with self._lock:
            return b"".join(self._wire)

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._hold(client)
            self._start(self._serve, client)

    def _hold(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._socks.add(sock)

    def _let_go(self, sock: socket.socket | None) -> None:
        if sock is not None:
            with self._lock:
                self._socks.discard(sock)
            _shut(sock)

    def _serve(self, client: socket.socket) -> None:
        upstream = _Upstream(self)
        try:
            requests = _Requests(client, self._note)
            while (asked := requests.next()) is not None:
                if not self._exchange(client, upstream, asked):
                    return
        except OSError:
            pass  # either side went away: what both sides do in the tests this is for
        except Exception as error:  # noqa: BLE001 - raised in the test, by __exit__
            self.errors.append(error)
        finally:
            self._let_go(client)
            upstream.close()

    def _note(self, data: bytes) -> None:
        with self._lock:
            self._wire.append(data)

    def _exchange(self, client: socket.socket, upstream: "_Upstream", asked: "_Asked") -> bool:
        """Answer one request; False when the connection is to end."""
        match self._choose(asked):
            case Status(status, headers, body):
                client.sendall(_answer(status, headers, body))
                return True
            case Garbage(data):
                client.sendall(data)
                return False
            case CloseBefore():
                return False
            case CloseAfter():
                upstream.ask(asked.raw)
                upstream.relay(None)
                return False
            case Delay(seconds):
                upstream.ask(asked.raw)
                self._ending.wait(seconds)
                return upstream.relay(client)
            case None:
                upstream.ask(asked.raw)
                return upstream.relay(client)

    def _choose(self, asked: "_Asked") -> Fault | None:
        if asked.method != b"POST" or not asked.path.startswith("/v1/"):
            return None
        with self._lock:
            now_ns = _now_ns()
            self.calls += 1
            self._first_ns = self._first_ns or now_ns
            call = Call(self.calls, asked.path, asked.body, (now_ns - self._first_ns) / NS_PER_S, asked.raw)
            fault = next((rule.fault for rule in self._plan if rule.when(call)), None)
            if fault is not None:
                self.played[type(fault).__name__] += 1
        return fault


@dataclass(frozen=True, slots=True)
class _Asked:
    method: bytes
    path: str
    body: bytes
    raw: bytes


class _Requests:
    """The requests of one client connection, one after another; the on_ methods are httptools' callbacks."""

    def __init__(self, sock: socket.socket, note: Callable[[bytes], None]) -> None:
        self._sock = sock
        self._note = note

    def next(self) -> _Asked | None:
        """The next request, whole; None when the client closed. Raises ConnectionError for no HTTP."""
        parser = httptools.HttpRequestParser(self)
        self._path, self._body, self._whole = b"", b"", False
        pieces: list[bytes] = []
        while not self._whole:
            data = self._sock.recv(_RECEIVED_BYTES)
            if not data:
                return None
            self._note(data)
            pieces.append(data)
            try:
                parser.feed_data(data)
            except httptools.HttpParserError as error:
                raise ConnectionError("the client speaks no HTTP, or pipelines") from error
        return _Asked(parser.get_method(), self._path.decode("latin-1"), self._body, b"".join(pieces))

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_begin(self) -> None:
        if self._whole:
            raise ValueError("a second request before the answer to the first")  # httptools wraps it

    def on_message_complete(self) -> None:
        self._whole = True


class _Upstream:
    """The proxy's own connection to the upstream; the on_ methods are httptools' callbacks."""

    def __init__(self, proxy: FaultingProxy) -> None:
        self._proxy = proxy
        self._sock: socket.socket | None = None

    def ask(self, raw: bytes) -> None:
        """Pass a request on. Raises OSError when the upstream is down."""
        if self._sock is not None and self._is_gone():
            self.close()  # restarted meanwhile
        if self._sock is None:
            self._sock = socket.create_connection(("127.0.0.1", self._proxy.upstream_port))
            self._proxy._hold(self._sock)
        self._sock.sendall(raw)

    def relay(self, client: socket.socket | None) -> bool:
        """Pass the answer on as it comes, or drop it; False when the client's connection is to end."""
        assert self._sock is not None
        parser = httptools.HttpResponseParser(self)
        self._parser, self._whole, self._keeps = parser, False, True
        while not self._whole:
            data = self._sock.recv(_RECEIVED_BYTES)
            if not data:
                return False  # before the answer's end, or at the end of one without a length
            parser.feed_data(data)
            if client is not None:
                client.sendall(data)
        if not self._keeps:
            self.close()
        return self._keeps

    def close(self) -> None:
        self._proxy._let_go(self._sock)
        self._sock = None

    def on_message_complete(self) -> None:
        self._whole = self._parser.get_status_code() >= 200
        self._keeps = self._parser.should_keep_alive()

    def _is_gone(self) -> bool:
        assert self._sock is not None
        self._sock.setblocking(False)
        try:
            return self._sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._sock.setblocking(True)


def _answer(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Played", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(
        OSError
    ):  # shutdown wakes a thread that waits in accept() or recv(); close() does not
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
