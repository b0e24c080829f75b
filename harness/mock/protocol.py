"""Answer the calls of one connection, each exactly once and in order, however slowly an answer leaves.

Enters: bytes. Leaves: for each whole request one answer, in the order of the requests, pipelined ones
included. What is no HTTP is answered 400 and the connection closed. It decides nothing else: what a call
means is asked of `answer`, and how its bytes leave is the reply's manner. While an answer is under way, or
the client does not read its answers, no other leaves, and only a little more is read.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple, Protocol, cast

from harness.errors import HarnessError
from harness.mock.exchange import Call, Cancel, Later, Manner, Reply, refusal
from harness.mock.incoming import Incoming, Whole
from harness.mock.outbox import Outbox
from harness.units import NS_PER_S

MALFORMED: Final = "malformed_http"
CUT_OFF: Final = "cut_off"

_NOT_HTTP: Final = refusal(400, "invalid_request", "malformed HTTP")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_WAITING: Final = 64  # calls read ahead while an answer is under way
_MOST_WAITING_BYTES: Final = 1 << 20  # of their bodies; the last of them may go beyond it
_DRIPS_PER_S: Final = 20
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # closing resets the connection

After = Callable[[int, Callable[[], None]], Cancel]


class Watcher(Protocol):
    """Who hears what a connection tells of itself."""

    def opened(self, connection: "Connection") -> None:
        """It can be closed from now on."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def unreadable(self, reason: str) -> None:
        """A request was no HTTP, or broke off. Raises HarnessError when that cannot be written down."""

    def failed(self, error: HarnessError) -> None:
        """Something could not be accounted for: the mock must end."""


class _Stream(NamedTuple):
    """An answer that leaves in pieces."""

    pieces: Iterator[bytes]
    chunked: bool
    pause_ns: int  # between two pieces
    ending: str


class Connection(asyncio.Protocol):
    """One connection, driven by asyncio.

    `later` runs a function in the loop's next round; `after` runs one after so many ns, unless called off.
    """

    def __init__(
        self,
        answer: Callable[[Call], Reply | Later],
        watcher: Watcher,
        outbox: Outbox,
        later: Callable[[Callable[[], None]], object],
        after: After,
    ) -> None:
        self._answer = answer
        self._watcher = watcher
        self._outbox = outbox
        self._later = later
        self._after = after
        self._incoming = Incoming()
        self._transport: asyncio.Transport | None = None
        self._stream: _Stream | None = None
        self._call_off: Cancel | None = None  # of the answer that comes later
        self._is_waiting = False  # for an answer that comes later
        self._pump_is_due = False
        self._writable = True
        self._reading = True
        self._hangs = False  # nothing is read or answered, and it stays open
        self._over = False  # nothing more is read or answered

    def close(self) -> None:
        """Answer nothing more; what is written still leaves."""
        self._over = True
        if self._transport is not None:
            self._outbox.send()
            self._transport.close()

    def abort(self) -> None:
        """Be gone at once, with what is not yet written."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio calls these:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._watcher.opened(self)

    def data_received(self, data: bytes) -> None:
        incoming = self._incoming
        if not (self._over or self._hangs or incoming.broken):
            incoming.feed(data)
            self._serve()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._over = True
        self._stream = None
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
        for _ in range(self._incoming.forget()):
            self._tell_unreadable(CUT_OFF)
        self._watcher.closed(self)

    def pause_writing(self) -> None:
        self._writable = False
        self._read_or_wait()

    def resume_writing(self) -> None:
        self._writable = True
        self._read_or_wait()
        if self._stream is not None:
            self._pump_soon()

    # And they set these off:

    def _serve(self) -> None:
        """Answer what is whole, then what is no HTTP, while no answer is under way."""
        out: list[bytes] = []
        incoming = self._incoming
        ready = incoming.ready
        failure: HarnessError | None = None
        while ready and not self._is_held():
            whole = ready.popleft()
            try:
                reply = self._answer(whole.call)
            except HarnessError as error:
                failure = error
                break
            if isinstance(reply, Later):
                self._wait_for(whole, reply)
            elif whole.is_plain and reply.manner is None and isinstance(reply.body, bytes):
                out += (reply.head, b"\r\n", reply.body)  # nearly all there are
            else:
                self._leave(whole, reply, out)
        held = self._is_held()
        if incoming.broken and not held and failure is None:
            self._tell_unreadable(MALFORMED)
            out += (_NOT_HTTP.head, b"Connection: close\r\n\r\n", cast("bytes", _NOT_HTTP.body))
            self._over = True
        elif not held and incoming.asks_to_go_on():
            out.append(_CONTINUE)
        if out and self._transport is not None:
            self._outbox.put(self._transport, b"".join(out))
        if failure is not None:
            self._watcher.failed(failure)
            self.close()
        elif self._over:
            self.close()
        else:
            self._read_or_wait()
            if self._stream is not None:
                self._pump_soon()

    def _is_held(self) -> bool:
        return self._over or self._hangs or self._is_waiting or self._stream is not None

    def _wait_for(self, whole: Whole, reply: Later) -> None:
        def deliver(late: Reply) -> None:
            self._is_waiting = False
            self._call_off = None
            if self._over:
                return
            out: list[bytes] = []
            self._leave(whole, late, out)
            if out and self._transport is not None:
                self._outbox.put(self._transport, b"".join(out))
            self._serve()

        self._is_waiting = True
        self._call_off = reply.begin(deliver)

    def _leave(self, whole: Whole, reply: Reply, out: list[bytes]) -> None:
        if reply.manner is not None:
            self._play(whole, reply, reply.manner, out)
            return
        keep_alive = whole.keep_alive
        out.append(reply.head)
        if not isinstance(reply.body, bytes):
            if whole.is_recent:
                out.append(b"Transfer-Encoding: chunked\r\n")
            else:
                keep_alive = False  # the end of the connection is the end of the body
        if keep_alive and not whole.is_recent:
            out.append(b"Connection: keep-alive\r\n")
        out.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        if whole.call.method != "HEAD":
            if not isinstance(reply.body, bytes):
                self._stream = _Stream(reply.body, whole.is_recent, 0, "keep" if keep_alive else "close")
                return
            out.append(reply.body)
        self._over = not keep_alive

    def _play(self, whole: Whole, reply: Reply, manner: Manner, out: list[bytes]) -> None:
        ending = manner.ending if whole.keep_alive or manner.ending != "keep" else "close"
        data = manner.instead
        if data is None:
            body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
            closing = b"Connection: close\r\n\r\n" if ending == "close" else b"\r\n"
            data = reply.head + closing + (body if whole.call.method != "HEAD" else b"")
        data = data[: manner.sent_bytes]
        if manner.bytes_per_s is not None and data:
            size = max(1, round(manner.bytes_per_s / _DRIPS_PER_S))
            pieces = (data[start : start + size] for start in range(0, len(data), size))
            pause_ns = round(size / manner.bytes_per_s * NS_PER_S)
            self._stream = _Stream(pieces, False, pause_ns, ending)
            return
        out.append(data)
        self._end(ending)

    def _end(self, ending: str) -> None:
        """What becomes of the connection after an answer; `_serve` closes what is over."""
        if ending == "close":
            self._over = True
        elif ending == "hang":
            self._hangs = True
        elif ending == "reset":
            self._hangs = True  # until what is written has left
            self._later(self._reset_soon)

    def _reset_soon(self) -> None:
        self._later(self._reset)

    def _reset(self) -> None:
        transport = self._transport
        if transport is None or self._over:
            return
        self._over = True
        self._outbox.send()
        opened: socket.socket | None = transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()

    def _pump_soon(self, pause_ns: int = 0) -> None:
        if not self._pump_is_due:
            self._pump_is_due = True
            if pause_ns:
                self._call_off = self._after(pause_ns, self._pump)
            else:
                self._later(self._pump)

    def _pump(self) -> None:
        """Write one piece of the stream; others have their turn before the next."""
        self._pump_is_due = False
        self._outbox.send()
        stream, transport = self._stream, self._transport
        if stream is None or transport is None or not self._writable or self._over:
            return
        try:
            piece = next(stream.pieces, None)
        except HarnessError:
            self.close()  # the missing last chunk tells the client that this is not all
            return
        if piece is None:
            self._stream = None
            if stream.chunked:
                transport.write(b"0\r\n\r\n")
            self._end(stream.ending)
            self._serve()
            return
        if piece:
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if stream.chunked else piece)
        self._pump_soon(stream.pause_ns)

    def _read_or_wait(self) -> None:
        stream, ready = self._stream, self._incoming.ready
        # A slow answer reads on meanwhile, so as to notice when its client goes.
        is_free = self._writable and (stream is None or stream.pause_ns > 0)
        wanted = is_free and not (ready and _is_enough(ready))
        if self._transport is None or self._over or wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _tell_unreadable(self, reason: str) -> None:
        try:
            self._watcher.unreadable(reason)
        except HarnessError as error:
            self._watcher.failed(error)


def _is_enough(ready: Collection[Whole]) -> bool:
    """True when these calls, which wait behind an answer, are as much as is kept of one connection."""
    waiting_bytes = sum(len(whole.call.body or b"") for whole in ready)
    return len(ready) >= _MOST_WAITING or waiting_bytes >= _MOST_WAITING_BYTES
