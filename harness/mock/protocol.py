"""Turn the bytes of one connection into calls, and replies into bytes, in order.

Enters: bytes, in pieces of any size. Leaves: for each whole request exactly one answer, in the order of the
requests, pipelined ones included. What is no HTTP is answered 400 and the connection closed. It decides
nothing else: what a call means is asked of `answer`. While a reply streams, or the client does not read its
answers, nothing more is read from it. A request that is there as a whole, and whose head is one of those that
`heads` knows, does without the parser; the tests compare both ways.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple, Protocol, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from harness.errors import HarnessError
from harness.mock.exchange import CONTENT_CAP_BYTES, Call, Reply, origin_form, refusal
from harness.mock.heads import END, LONGEST_BYTES, plain_head

HEAD_CAP_BYTES: Final = 64 * 1024
MALFORMED: Final = "malformed_http"
CUT_OFF: Final = "cut_off"

_NOT_HTTP: Final = refusal(400, "invalid_request", "malformed HTTP")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_WANTED: Final = frozenset({b"authorization", b"content-encoding", b"expect"}) | _FRAMING


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


class _Whole(NamedTuple):
    call: Call
    keep_alive: bool
    chunked: bool  # the client understands answers in chunks


# A named tuple's own constructor takes twice as long.
_call: Final = partial(tuple.__new__, Call)
_whole: Final = partial(tuple.__new__, _Whole)


class Connection(asyncio.Protocol):
    """One connection, driven by asyncio; `later` runs a function in the loop's next round."""

    def __init__(
        self, answer: Callable[[Call], Reply], watcher: Watcher, later: Callable[[Callable[[], None]], object]
    ) -> None:
        self._answer = answer
        self._watcher = watcher
        self._later = later
        self._parser = HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._ready: deque[_Whole] = deque()
        self._stream: Iterator[bytes] | None = None
        self._streaming: _Whole | None = None
        self._pump_is_due = False
        self._writable = True
        self._reading = True
        self._broken = False  # what came last is no HTTP
        self._over = False  # nothing more is read or answered
        self._in_head = self._in_body = False
        self._head_bytes = self._body_bytes = 0
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []

    def close(self) -> None:
        """Answer nothing more; what is written still leaves."""
        self._over = True
        if self._transport is not None:
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
        if self._over or self._broken:
            return
        if not (self._in_head or self._in_body or self._stream is not None):
            data = self._take_known(data)
        if data:
            was_in_head = self._in_head
            self._feed(data)
            # Counted from the second piece of a head on: the first may hold whole requests before it.
            self._head_bytes = self._head_bytes + len(data) if was_in_head and self._in_head else 0
            if self._head_bytes > HEAD_CAP_BYTES:
                self._broken = True
        self._serve()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        lost = len(self._ready) + (0 if self._broken else self._in_head or self._in_body)
        self._over = True
        self._stream = None
        self._body = []  # parser and connection hold each other, and are collected late
        self._ready.clear()
        for _ in range(lost):
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

    # The parser calls these:

    def on_message_begin(self) -> None:
        self._in_head = True
        self._target = b""
        self._headers = {}
        self._body = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if self._in_head and name in _WANTED:  # outside the head it is a trailer
            self._headers[name] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > CONTENT_CAP_BYTES:
            self._body.clear()  # drained and counted, not kept
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return  # the parser stops at its head; `_decline` goes on
        self._in_body = False
        call = Call(
            self._parser.get_method().decode("ascii"),
            origin_form(self._target.decode("latin-1")),
            self._headers.get(b"authorization", b""),
            self._headers.get(b"content-encoding", b""),
            b"".join(self._body) if self._body_bytes <= CONTENT_CAP_BYTES else None,
        )
        chunked = self._parser.get_http_version() != "1.0"
        self._ready.append(_Whole(call, self._parser.should_keep_alive(), chunked))
        self._body = []

    # And they set these off:

    def _take_known(self, data: bytes) -> bytes:
        """Take the whole requests at the front whose heads are known; what is left is for the parser."""
        start, size = 0, len(data)
        while start < size:
            end = data.find(END, start, start + LONGEST_BYTES) + len(END)
            head = plain_head(data[start:end]) if end >= len(END) else None
            if head is None or end + head.body_bytes > size:
                break
            start = end + head.body_bytes
            call = _call((head.method, head.target, head.authorization, head.encoding, data[end:start]))
            self._ready.append(_whole((call, True, True)))
        return data[start:] if start else data

    def _feed(self, data: bytes) -> None:
        while data and not self._broken:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = self._decline() + data[int(upgrade.args[0]) :]
            except HttpParserCallbackError:
                raise  # a mistake of ours, not the client's
            except HttpParserError:
                self._broken = True
            else:
                return

    def _decline(self) -> bytes:
        """The head again, without its offer to speak something else, which Java's client makes by default."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._broken = True
        self._parser = HttpRequestParser(self)
        headers = [b"%b: %b\r\n" % header for header in self._headers.items()]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._target, b"".join(headers))

    def _serve(self) -> None:
        """Answer what is whole, then what is no HTTP; hold both back while a reply streams."""
        out: list[bytes] = []
        failure: HarnessError | None = None
        while self._ready and self._stream is None and not self._over:
            whole = self._ready.popleft()
            try:
                reply = self._answer(whole.call)
            except HarnessError as error:
                failure = error
                break
            if whole.keep_alive and isinstance(reply.body, bytes) and whole.call.method != "HEAD":
                out += (reply.head, b"\r\n", reply.body)  # nearly all there are
            else:
                self._reply(whole, reply, out)
        if (self._broken or self._in_body) and self._stream is None and not self._over and failure is None:
            self._end_of_input(out)
        if out and self._transport is not None:
            self._transport.write(b"".join(out))
        if failure is not None:
            self._watcher.failed(failure)
            self.close()
        elif self._over:
            self.close()
        elif self._stream is not None:
            self._read_or_wait()
            self._pump_soon()

    def _end_of_input(self, out: list[bytes]) -> None:
        if self._broken:
            self._tell_unreadable(MALFORMED)
            out += (_NOT_HTTP.head, b"Connection: close\r\n\r\n", cast("bytes", _NOT_HTTP.body))
            self._over = True
        elif self._headers.pop(b"expect", b"").lower() == b"100-continue":
            out.append(_CONTINUE)

    def _reply(self, whole: _Whole, reply: Reply, out: list[bytes]) -> None:
        keep_alive = whole.keep_alive
        is_stream = not isinstance(reply.body, bytes)
        out.append(reply.head)
        if is_stream:
            if whole.chunked:
                out.append(b"Transfer-Encoding: chunked\r\n")
            else:
                keep_alive = False  # the end of the connection is the end of the body
        out.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        if whole.call.method != "HEAD":
            if isinstance(reply.body, bytes):
                out.append(reply.body)
            else:
                self._stream = reply.body
                self._streaming = whole._replace(keep_alive=keep_alive)
                return
        self._over = not keep_alive

    def _pump_soon(self) -> None:
        if not self._pump_is_due:
            self._pump_is_due = True
            self._later(self._pump)

    def _pump(self) -> None:
        """Write one piece of the stream; others have their turn before the next."""
        self._pump_is_due = False
        whole, transport = self._streaming, self._transport
        if self._stream is None or whole is None or transport is None or not self._writable or self._over:
            return
        try:
            piece = next(self._stream, None)
        except HarnessError:
            self.close()  # the missing last chunk tells the client that this is not all
            return
        if piece is None:
            self._stream = self._streaming = None
            if whole.chunked:
                transport.write(b"0\r\n\r\n")
            if not whole.keep_alive:
                self.close()
                return
            self._read_or_wait()
            self._serve()
            return
        if piece:
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if whole.chunked else piece)
        self._pump_soon()

    def _read_or_wait(self) -> None:
        wanted = self._writable and self._stream is None
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
