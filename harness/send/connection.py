"""One keep-alive connection that carries one request at a time, driven by the hub's watchers.

Enters: a request and who wants its answer. Leaves: exactly one answer, always later than the call, from a
callback of gevent's hub; the hearer may send again at once. Nothing here blocks or switches greenlets.
Always holds: a request is written at most once, so a broken send is the caller's to repeat; a connection
whose answer failed, came late or was followed by anything is closed and never used again; redirects are
not followed. Left out: HTTP/2, pipelining.
"""

import _socket  # the plain socket: gevent replaces `socket` in a patched process, never this one
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import gevent

from harness.errors import GuardError, HarnessError, TargetError
from harness.model import Answer, Failure, Request
from harness.send.answer_reader import AnswerReader, NotHttpError, Whole
from harness.send.heads import Heads
from harness.send.opening import Opening
from harness.send.route import Address, Route
from harness.send.target import Target
from harness.send.tls import Handshake, TlsSocket, client_context
from harness.send.tunnel import Tunnel
from harness.units import NS_PER_S

CONNECT_TIMEOUT_NS: Final = 5 * NS_PER_S
ANSWER_TIMEOUT_NS: Final = 15 * NS_PER_S

_READ: Final = 1  # libev's EV_READ and EV_WRITE
_WRITE: Final = 2
# A look costs as much as half a send, and each poll of the loop is one: it tells what has ended.
_SEEN_OPEN_NS: Final = 20_000_000
_RECEIVED_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Wire:
    """What the connections of a run have in common."""

    route: Route  # called in a greenlet: it may wait for a look-up
    heads: Heads
    now_ns: Callable[[], int]  # monotonic
    opened: Callable[[int], None]  # hears the instant at which each connection is established
    refused: Callable[[HarnessError], None]  # hears what no retry will mend, such as a forbidden address
    target: Target | None = None  # for TLS: whose certificate is asked for; and its proxy
    connect_timeout_ns: int = CONNECT_TIMEOUT_NS
    answer_timeout_ns: int = ANSWER_TIMEOUT_NS
    wall_ns: Callable[[], int] | None = (
        None  # tells how long ago the loop polled; None: look before each send
    )


class Connection:
    """Satisfies `model.Sender`. Belongs to the thread whose hub it was made in.

    A connect that fails is answered with `Failure.CONNECT`, also when the guard forbade the address (and
    `Wire.refused` heard it) and when the process may open no more sockets.
    """

    __slots__ = (
        "_busy_opening",
        "_closed",
        "_data",
        "_deadline_ns",
        "_done",
        "_fires_ns",
        "_loop",
        "_on_open",
        "_opener",
        "_opening",
        "_openings",
        "_readable",
        "_reader",
        "_sent_ns",
        "_sock",
        "_timer",
        "_unwritten",
        "_wire",
        "_writable",
    )

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._loop: Any = gevent.get_hub().loop
        self._reader = AnswerReader()
        self._sock: _socket.socket | TlsSocket | None = None
        self._readable: Any = None
        self._writable: Any = None
        self._timer: Any = None
        self._fires_ns = 0  # when the timer does; 0 while there is none
        self._deadline_ns = 0  # of the connect or the answer awaited; 0 while there is neither
        self._busy_opening = False  # from the moment it is asked, a round of the loop before `_opening`
        self._opening: Opening | Tunnel | Handshake | None = None
        self._opener: Opening | None = None  # that has further addresses
        self._openings = 0
        self._closed = False
        self._on_open: Callable[[Failure | None], None] | None = None
        self._data = b""  # the request in flight, or about to be
        self._done: Callable[[Answer], None] | None = None
        self._sent_ns = 0
        self._unwritten: memoryview | None = None

    def __repr__(self) -> str:
        if self._closed:
            state = "closed"
        elif self._busy_opening:
            state = "opening"
        elif self._done is not None:
            state = "in flight"
        else:
            state = "not open" if self._sock is None else "idle"
        return f"<Connection {state}>"

    def connect(self, done: Callable[[Failure | None], None]) -> None:
        """Open the connection; `done` hears None, or why not."""
        self._claim()
        if self._closed:
            self._later(done, Failure.STOPPED)
        elif self._sock is not None and not self._is_gone(self._sock):
            self._later(done, None)
        else:
            self._on_open = done
            self._begin_to_open()

    def send(self, request: Request, done: Callable[[Answer], None]) -> None:
        """Send, connecting first where needed; `done` hears exactly one answer."""
        self._claim()
        data = self._wire.heads.of(request) + request.body  # before anything is begun: it may raise
        if self._closed:
            now_ns = self._wire.now_ns()
            self._later(done, Answer(now_ns, now_ns, failure=Failure.STOPPED))
            return
        self._data = data
        self._done = done
        sock = self._sock
        if sock is None or self._is_gone(sock):
            self._begin_to_open()
        else:
            self._write(sock, data, self._wire.now_ns())

    def close(self) -> None:
        """Close for good; a request in flight is answered with `Failure.STOPPED` before this returns."""
        self._closed = True
        if self._busy_opening or self._done is not None:
            if not self._sent_ns:
                self._sent_ns = self._wire.now_ns()
            self._fail(Failure.STOPPED)
        self._drop()
        if self._timer is not None:
            self._timer.close()
            self._timer = None

    def _claim(self) -> None:
        if self._busy_opening or self._done is not None:
            raise RuntimeError("a connection carries one request at a time")

    def _later(self, call: Callable[..., None], *args: object) -> None:
        # Answers never come from inside the call that asks, so a hearer that asks again does not recurse.
        self._loop.run_callback(call, *args)

    # Opening.

    def _begin_to_open(self) -> None:
        self._busy_opening = True
        self._openings += 1
        gevent.spawn(self._open, self._openings)

    def _open(self, opening: int) -> None:
        if self._closed:
            return
        now_ns = self._sent_ns = self._wire.now_ns()
        self._wait_until(now_ns + self._wire.connect_timeout_ns, now_ns)
        addresses: Sequence[Address] = ()
        try:
            addresses = self._wire.route()
        except GuardError as refusal:
            self._wire.refused(refusal)
        if not self._busy_opening or opening != self._openings:
            return  # the look-up took longer than there was time, and that was told
        self._opener = self._opening = Opening(self._loop, addresses, self._opened)
        self._opening.start()

    def _opened(self, sock: _socket.socket | None) -> None:
        target = self._wire.target
        if sock is None:
            self._fail(Failure.CONNECT)
        elif target is None or not target.is_tls:
            self._ready(sock)
        elif target.proxy is not None:
            self._opening = Tunnel(self._loop, sock, target, target.proxy, self._tunnelled)
            self._opening.start()
        else:
            self._shake_hands(sock, target)

    def _tunnelled(self, result: _socket.socket | TargetError | None) -> None:
        target = self._wire.target
        if isinstance(result, _socket.socket) and target is not None:
            self._shake_hands(result, target)
        else:
            self._not_opened(result if isinstance(result, TargetError) else None)

    def _shake_hands(self, sock: _socket.socket, target: Target) -> None:
        tls = TlsSocket(sock, client_context(target.ca_file), target.host)
        self._opening = Handshake(self._loop, tls, target.url, self._shaken)
        self._opening.start()

    def _shaken(self, result: TlsSocket | TargetError | None) -> None:
        if isinstance(result, TlsSocket):
            self._ready(result)
        else:
            self._not_opened(result)

    def _not_opened(self, refusal: TargetError | None) -> None:
        """What follows a connect went wrong: the next address may be better, unless we are not wanted."""
        opener, self._opening = self._opener, None
        if refusal is not None:
            self._wire.refused(refusal)
        elif opener is not None:
            self._opening = opener
            opener.start()
            return
        self._fail(Failure.CONNECT)

    def _ready(self, sock: _socket.socket | TlsSocket) -> None:
        self._sock = sock
        self._busy_opening = False
        self._opening = self._opener = None
        self._readable = self._loop.io(sock.fileno(), _READ)
        self._readable.start(self._on_readable)
        self._wire.opened(self._wire.now_ns())
        if self._done is not None:
            self._write(sock, self._data, self._wire.now_ns())
        elif self._on_open is not None:
            on_open, self._on_open = self._on_open, None
            self._deadline_ns = self._sent_ns = 0
            on_open(None)

    def _is_gone(self, sock: _socket.socket | TlsSocket) -> bool:
        # Asked before each send: the other side may have closed since the loop last polled.
        wall_ns = self._wire.wall_ns
        if wall_ns is not None and abs(wall_ns() - self._loop.now() * NS_PER_S) < _SEEN_OPEN_NS:
            return False
        try:
            sock.recv(1, _socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass  # reset: as gone as a proper end, which is an empty answer
        self._drop()
        return True

    # Writing.

    def _write(self, sock: _socket.socket | TlsSocket, data: bytes, now_ns: int) -> None:
        self._sent_ns = now_ns
        self._wait_until(now_ns + self._wire.answer_timeout_ns, now_ns)
        try:
            written = sock.send(data)
        except BlockingIOError:
            written = 0
        except OSError:
            self._unwritten = memoryview(data)
            self._later(self._broken)
            return
        if written != len(data):
            self._unwritten = memoryview(data)[written:]
            self._writable = self._loop.io(sock.fileno(), _WRITE)
            self._writable.start(self._on_writable, sock)

    def _on_writable(self, sock: _socket.socket | TlsSocket) -> None:
        if self._unwritten is not None:
            try:
                self._unwritten = self._unwritten[sock.send(self._unwritten) :] or None
            except BlockingIOError:
                return
            except OSError:
                self._broken()
                return
        if self._unwritten is None:
            self._unwatch_writable()

    def _broken(self) -> None:
        # The other side may have answered before it closed; `_unwritten` tells whether anybody heard that.
        self._on_readable()
        if self._unwritten is not None:
            self._fail(Failure.CLOSED)

    def _unwatch_writable(self) -> None:
        if self._writable is not None:
            self._writable.stop()
            self._writable.close()
            self._writable = None

    # Reading.

    def _on_readable(self) -> None:
        if self._sock is None:
            return
        try:
            data = self._sock.recv(_RECEIVED_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
            self._reader.reset()  # a reset, unlike an end, never completes an answer
        if self._done is None:
            self._drop()  # ended while idle, or something nobody asked for
            return
        try:
            whole = self._reader.feed(data) if data else self._reader.finish()
        except NotHttpError:
            self._fail(Failure.NOT_HTTP)
            return
        if whole is not None:
            self._answer(whole, self._done)
        elif not data:
            self._fail(Failure.CLOSED)

    def _answer(self, whole: Whole, done: Callable[[Answer], None]) -> None:
        done_ns = self._wire.now_ns()
        answer = Answer(self._sent_ns, done_ns, whole.status, None, whole.retry_after, whole.body)
        self._done = None
        self._deadline_ns = self._sent_ns = 0
        if self._unwritten is not None or not whole.reusable:
            self._drop()
        done(answer)

    def _fail(self, failure: Failure) -> None:
        """End the connect or the request at hand, and the connection with it."""
        done, on_open = self._done, self._on_open
        answer = Answer(self._sent_ns, self._wire.now_ns(), failure=failure)
        self._done = self._on_open = None
        self._data = b""
        self._deadline_ns = self._sent_ns = 0
        self._busy_opening = False
        self._drop()
        if on_open is not None:
            on_open(failure)
        if done is not None:
            done(answer)

    def _drop(self) -> None:
        if self._opening is not None:
            self._opening.close()
        self._opening = self._opener = None
        self._unwatch_writable()
        if self._readable is not None:
            self._readable.stop()
            self._readable.close()
            self._readable = None
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        self._unwritten = None
        self._reader.reset()

    # Time-outs.

    def _wait_until(self, deadline_ns: int, now_ns: int) -> None:
        # One timer outlives many requests: it is set again only when it fires too early, or too late.
        self._deadline_ns = deadline_ns
        if not self._fires_ns or self._fires_ns > deadline_ns:
            self._set_timer(deadline_ns, now_ns)

    def _set_timer(self, fires_ns: int, now_ns: int) -> None:
        if self._timer is not None:
            self._timer.close()
        self._timer = self._loop.timer(max(0, fires_ns - now_ns) / NS_PER_S)
        self._timer.start(self._on_timer, update=True)
        self._fires_ns = fires_ns

    def _on_timer(self) -> None:
        self._fires_ns = 0
        now_ns = self._wire.now_ns()
        if self._deadline_ns and now_ns >= self._deadline_ns and not self._busy_opening:
            self._on_readable()  # if it is we who are late, the answer may be lying there
        if not self._deadline_ns:
            return
        if now_ns < self._deadline_ns:
            self._set_timer(self._deadline_ns, now_ns)
        else:
            self._fail(Failure.CONNECT if self._busy_opening else Failure.TIMEOUT)
