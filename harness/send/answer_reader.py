"""Read one HTTP/1 answer from bytes that come in any pieces.

Enters: bytes as the socket gave them, and the end of the stream. Leaves: the answer, once it is whole.
Three ways with one result (a test feeds all of them): bytes seen before mean what they meant before, and a
server under load says little else; a plain head (`HTTP/1.1`, a final status, a Content-Length) is read here;
everything else (chunks, 1xx, no length, HTTP/1.0) goes to llhttp.
Knows no sockets and no time.
"""

import re
from typing import Final, NamedTuple

import httptools

BODY_KEPT_BYTES: Final = 2_048
BODY_BYTES: Final = 10 << 20  # Segment's answers are small; more than this is something else talking
HEAD_BYTES: Final = 64 << 10  # interim answers included; nginx and Node allow 8 to 32 KiB

_VERSION: Final = b"HTTP/1.1 "
_HEAD_END: Final = b"\r\n\r\n"
_PLAIN_STATUS: Final = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [^\r\n\x00]*)?")
_PLAIN_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"[0-9]{1,12}")
_BODILESS: Final = (204, 304)

_REMEMBERED: Final = 64
_REMEMBERED_BYTES: Final = 4_096


class NotHttpError(Exception):
    """What came is no HTTP answer, or none we are willing to read; the connection makes it a Failure."""


class Whole(NamedTuple):
    """A whole answer."""

    status: int
    retry_after: str | None
    body: bytes  # its first 2 KiB
    reusable: bool  # whether another request may follow on the same connection


class AnswerReader:
    """Reads the answers of one connection, one at a time."""

    __slots__ = ("_body", "_known", "_left_bytes", "_llhttp", "_pending", "_plain")

    def __init__(self) -> None:
        self._known: dict[bytes, Whole] = {}
        self._pending = b""  # a head without its end
        self._plain: Whole | None = None  # a plain answer whose body is not all there
        self._body = b""
        self._left_bytes = 0
        self._llhttp: _Careful | None = None

    def reset(self) -> None:
        """Forget the answer at hand."""
        if self._llhttp is not None:
            self._llhttp.release()
        self._pending = self._body = b""
        self._plain = None
        self._left_bytes = 0
        self._llhttp = None

    def feed(self, data: bytes) -> Whole | None:
        """Take bytes (at least one); answers what is whole now. Raises NotHttpError."""
        if self._llhttp is not None:
            return self._ended(self._llhttp.feed(data))
        if self._plain is not None:
            return self._feed_body(data)
        if self._pending:
            data = self._pending + data
        whole = self._known.get(data)
        if whole is None:
            whole = self._begin(data)
            # Usual are answers that fit into one packet, all alike but for a Date that changes each second.
            if whole is not None and len(data) <= _REMEMBERED_BYTES:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[data] = whole
        self._pending = b"" if whole is not None else self._pending
        return whole

    def finish(self) -> Whole | None:
        """The stream ended; answers what that makes whole: an answer for which no length was given."""
        return None if self._llhttp is None else self._ended(self._llhttp.finish())

    def _begin(self, data: bytes) -> Whole | None:
        end = data.find(_HEAD_END)
        if end < 0 and len(data) <= HEAD_BYTES and data[: len(_VERSION)] == _VERSION[: len(data)]:
            self._pending = data
            return None
        plain = _read_plain_head(data[:end]) if end >= 0 else None
        if plain is None:
            self._pending = b""
            self._llhttp = _Careful(data)
            return self._ended(self._llhttp.feed(data))
        self._plain, self._left_bytes = plain
        if self._left_bytes > BODY_BYTES:
            raise NotHttpError
        self._pending = b""
        return self._feed_body(data[end + len(_HEAD_END) :])

    def _feed_body(self, data: bytes) -> Whole | None:
        if len(self._body) < BODY_KEPT_BYTES:
            self._body = (self._body + data[: self._left_bytes])[:BODY_KEPT_BYTES]
        self._left_bytes -= len(data)
        if self._left_bytes > 0 or self._plain is None:
            return None
        # Nobody asked for what follows an answer: such a stream is out of step and must not be used again.
        return self._ended(self._plain._replace(body=self._body, reusable=self._left_bytes == 0))

    def _ended(self, whole: Whole | None) -> Whole | None:
        if whole is not None:
            self.reset()
        return whole


def _read_plain_head(head: bytes) -> tuple[Whole, int] | None:
    """An answer without its body, and the bytes of that; None when anything in the head asks for care.

    `head` comes without its last, empty line.
    """
    status_line, *lines = head.split(b"\r\n")
    status = _PLAIN_STATUS.fullmatch(status_line)
    if status is None or int(status[1]) in _BODILESS:
        return None
    body_bytes: int | None = None
    retry_after: str | None = None
    for line in lines:
        header = _PLAIN_HEADER.fullmatch(line)
        if header is None:
            return None
        name, value = header[1].lower(), header[2]
        if name == b"content-length":
            if body_bytes is not None or _LENGTH.fullmatch(value) is None:
                return None
            body_bytes = int(value)
        elif name in (b"transfer-encoding", b"upgrade") or (
            name == b"connection" and value.lower() != b"keep-alive"
        ):
            return None
        elif name == b"retry-after" and retry_after is None:
            retry_after = value.decode("latin-1")
    if body_bytes is None:
        return None
    return Whole(int(status[1]), retry_after, b"", reusable=True), body_bytes


class _Careful:
    """One answer and the interim ones before it, through llhttp; the on_ methods are httptools' callbacks."""

    def __init__(self, begun: bytes) -> None:
        if not begun.startswith((b"HTTP/", b"\r\n")) and begun not in (b"H", b"HT", b"HTT", b"HTTP", b"\r"):
            raise NotHttpError  # llhttp would also take RTSP and ICE
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0  # of a final answer, once its head is read
        self._retry_after: str | None = None
        self._body = b""
        self._seen_bytes = 0  # of the head, then of the body
        self._interim = False
        self._bounded = False
        self._whole: Whole | None = None

    def release(self) -> None:
        # The parser holds us: without the garbage collector, which rests during a run, both would stay.
        del self._parser

    def feed(self, data: bytes) -> Whole | None:
        if not self._status:
            self._seen_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # 101: whole, and not to be used again
        except httptools.HttpParserError as error:
            if self._whole is None:
                raise NotHttpError from error
            self._whole = self._whole._replace(reusable=False)
        if self._whole is None and self._seen_bytes > (BODY_BYTES if self._status else HEAD_BYTES):
            raise NotHttpError
        return self._whole

    def finish(self) -> Whole | None:
        if self._status and not self._bounded:
            self._whole = Whole(self._status, self._retry_after, self._body, reusable=False)
        return self._whole

    def on_message_begin(self) -> None:
        if self._whole is not None:
            self._whole = self._whole._replace(reusable=False)  # a second answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"retry-after" and self._retry_after is None:
            self._retry_after = value.decode("latin-1")
        elif lower in (b"content-length", b"transfer-encoding"):
            self._bounded = True

    def on_headers_complete(self) -> None:
        if self._whole is not None:
            return
        status = self._parser.get_status_code()
        self._interim = status < 200 and status != 101
        if not self._interim:
            self._status = status
            self._seen_bytes = 0

    def on_body(self, data: bytes) -> None:
        if self._whole is not None:
            return
        self._seen_bytes += len(data)
        if len(self._body) < BODY_KEPT_BYTES:
            self._body = (self._body + data)[:BODY_KEPT_BYTES]

    def on_message_complete(self) -> None:
        if self._whole is not None:
            return
        if self._interim:
            self._bounded = False
            self._retry_after = None
            return
        reusable = self._parser.should_keep_alive() and self._status != 101
        self._whole = Whole(self._status, self._retry_after, self._body, reusable)
