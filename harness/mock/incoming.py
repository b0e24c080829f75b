"""Turn the bytes of one connection into whole calls, in the order in which they came.

Enters: bytes, in pieces of any size. Leaves: calls, each with what its answer has to know of the connection.
What is no HTTP is noticed, and ends the reading. A request whose head is one of those that `heads` knows does
without the parser; the tests compare both ways.
"""

from collections import deque
from functools import partial
from typing import Final, NamedTuple

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from harness.mock.exchange import CONTENT_CAP_BYTES, Call, origin_form
from harness.mock.heads import END, LONGEST_BYTES, Head, plain_head

HEAD_CAP_BYTES: Final = 64 * 1024


class Whole(NamedTuple):
    """A whole call."""

    call: Call
    keep_alive: bool
    is_plain: bool  # it stays open, is recent, and wants the body of its answer
    is_recent: bool  # HTTP/1.1: it stays open unless said otherwise, and takes answers in chunks


# A named tuple's own constructor takes twice as long.
_call: Final = partial(tuple.__new__, Call)
_whole: Final = partial(tuple.__new__, Whole)


class Incoming:
    """The reading side of one connection."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_head",
        "_head_bytes",
        "_headers",
        "_in_body",
        "_in_head",
        "_missing_bytes",
        "_parser",
        "_target",
        "broken",
        "ready",
    )

    def __init__(self) -> None:
        self._parser = HttpRequestParser(self)
        self.ready: Final[deque[Whole]] = deque()
        self.broken = False  # what came last is no HTTP
        self._in_head = self._in_body = False
        self._head: Head | None = None  # a known one, whose body is not yet there as a whole
        self._head_bytes = self._body_bytes = self._missing_bytes = 0
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []

    @property
    def is_amid(self) -> bool:
        """True while a call has begun and is not whole."""
        return not self.broken and (self._in_head or self._in_body or self._head is not None)

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        if self._head is not None:
            data = self._take_more(self._head, data)
        if not (self._in_head or self._in_body):
            data = self._take_known(data)
        if data:
            was_in_head = self._in_head
            self._parse(data)
            # Counted from the second piece of a head on: the first may hold whole requests before it.
            self._head_bytes = self._head_bytes + len(data) if was_in_head and self._in_head else 0
            if self._head_bytes > HEAD_CAP_BYTES:
                self.broken = True

    def asks_to_go_on(self) -> bool:
        """True once for a head that wants to be told `100 Continue` before its body."""
        return self._in_body and self._headers.pop(b"expect", b"").lower() == b"100-continue"

    def forget(self) -> int:
        """Drop all that is not answered, and answer how many calls that was; the connection is gone."""
        lost = len(self.ready) + self.is_amid
        self._body = []  # parser and connection hold each other, and are collected late
        self.ready.clear()
        return lost

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
        if self._in_head:  # outside the head it is a trailer
            self._headers[name.lower()] = value

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
            self._headers,
            b"".join(self._body) if self._body_bytes <= CONTENT_CAP_BYTES else None,
        )
        is_recent = self._parser.get_http_version() != "1.0"
        keep_alive = self._parser.should_keep_alive()
        is_plain = keep_alive and is_recent and call.method != "HEAD"
        self.ready.append(Whole(call, keep_alive, is_plain, is_recent))
        self._body = []

    # And these set them off:

    def _take_more(self, head: Head, data: bytes) -> bytes:
        """Take more of the body of a known head; what is behind it is left."""
        missing_bytes = self._missing_bytes
        if len(data) < missing_bytes:
            self._body.append(data)
            self._missing_bytes = missing_bytes - len(data)
            return b""
        self._body.append(data[:missing_bytes])
        self._take_whole(head, b"".join(self._body))
        self._head, self._body = None, []
        return data[missing_bytes:]

    def _take_known(self, data: bytes) -> bytes:
        """Take the requests at the front whose heads are known; what is left is for the parser."""
        start, size = 0, len(data)
        while start < size:
            end = data.find(END, start, start + LONGEST_BYTES) + len(END)
            head = plain_head(data[start:end]) if end >= len(END) else None
            if head is None:
                break
            start = end + head.body_bytes
            if start > size:
                self._head, self._body, self._missing_bytes = head, [data[end:]], start - size
                return b""
            self._take_whole(head, data[end:start])
        return data[start:] if start else data

    def _take_whole(self, head: Head, body: bytes) -> None:
        call = _call((head.method, head.target, head.headers, body))
        self.ready.append(_whole((call, True, True, True)))

    def _parse(self, data: bytes) -> None:
        while data and not self.broken:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = self._decline() + data[int(upgrade.args[0]) :]
            except HttpParserCallbackError:
                raise  # a mistake of ours, not the client's
            except HttpParserError:
                self.broken = True
            else:
                return

    def _decline(self) -> bytes:
        """The head again, without its offer to speak something else, which Java's client makes by default."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self.broken = True
        self._parser = HttpRequestParser(self)
        kept = {
            name: value for name, value in self._headers.items() if name not in (b"upgrade", b"connection")
        }
        headers = [b"%b: %b\r\n" % header for header in kept.items()]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._target, b"".join(headers))
