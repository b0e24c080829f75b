"""Carry requests over connections: 64 callers are 64 of them, each written to before any is read."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import httptools

from harness.clock import Clock

_READ_BYTES: Final = 65_536
_BODY_BYTES: Final = 1 << 20  # what is kept of a body
_CONNECT_WITHIN_S: Final = 5.0


class Reply(NamedTuple):
    """What came back; without a status nothing did."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    sent_ns: int  # real time
    done_ns: int


class Line:
    """One connection, with one request under way at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader: Final = reader
        self._writer: Final = writer
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = b""
        self._complete = False
        self._stays = False
        self.is_open = True

    @property
    def is_good(self) -> bool:
        """False once either side has ended it."""
        return self.is_open and not self._reader.at_eof() and not self._writer.is_closing()

    async def ask(self, data: bytes, clock: Clock, within_s: float) -> Reply:
        """Send and read to the end of the answer; a line without a whole answer is closed."""
        self._headers, self._body, self._complete, self._stays = {}, b"", False, False
        parser = self._parser = httptools.HttpResponseParser(self)
        sent_ns = clock.now_ns()
        status = None
        try:
            self._writer.write(data)
            async with asyncio.timeout(within_s):
                while not self._complete:
                    piece = await self._reader.read(_READ_BYTES)
                    if not piece:
                        break
                    parser.feed_data(piece)
            if self._complete:
                status = parser.get_status_code()
        except (OSError, TimeoutError, httptools.HttpParserError):
            self._stays = False
        if not self._stays:
            self.close()
        return Reply(status, self._headers, self._body, sent_ns, clock.now_ns())

    def close(self) -> None:
        """End it."""
        self.is_open = False
        self._writer.close()

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())

    def on_body(self, body: bytes) -> None:
        self._body += body[: max(0, _BODY_BYTES - len(self._body))]

    def on_message_complete(self) -> None:
        self._complete = True
        self._stays = bool(self._parser.should_keep_alive())  # it can be asked nowhere else


class Wire:
    """The connections to one target."""

    def __init__(
        self,
        route: Callable[[], Sequence[tuple[str, int]]],
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "",
        answer_within_s: float = 15.0,
    ) -> None:
        """`route` answers where to connect, and raises where that is not allowed; it is asked each time.

        With `tls` the certificate is verified for `host`.
        """
        self._route: Final = route
        self._clock: Final = clock
        self._tls: Final = tls
        self._host: Final = host
        self.answer_within_s = answer_within_s
        self._idle: list[Line] = []  # nobody's at the moment

    async def open(self, count: int) -> None:
        """Have so many good connections that are free, or as many as can be had."""
        await asyncio.sleep(0)  # so that an end that came meanwhile is seen
        good = [line for line in self._idle if line.is_good]
        for line in self._idle:
            if not line.is_good:
                line.close()
        self._idle = good
        missing = count - len(self._idle)
        if missing > 0:
            route = self._route()
            found = await asyncio.gather(*(self._connect(route) for _ in range(missing)))
            self._idle += [line for line in found if line is not None]

    async def send(self, requests: Sequence[bytes], callers: int) -> list[Reply]:
        """All of them, over as many lines at once; in the order given, each line one after another.

        Once every line in turn got no answer the rest is not sent, and has none either. Several may send at
        once: each has lines of its own.
        """
        replies: list[Reply | None] = [None] * len(requests)
        wanted = min(callers, len(requests))
        await self.open(wanted)
        lines: list[Line | None] = [*self._idle[:wanted]]
        self._idle = self._idle[wanted:]
        left = iter(enumerate(requests))
        silent = 0

        async def work(line: Line | None) -> None:
            nonlocal silent
            for number, data in left:
                if silent >= callers:
                    replies[number] = _nothing(self._clock.now_ns())
                    continue
                if line is None or not line.is_good:
                    line = await self._connect(self._route())
                if line is None:
                    reply = _nothing(self._clock.now_ns())
                else:
                    reply = await line.ask(data, self._clock, self.answer_within_s)
                silent = silent + 1 if reply.status is None else 0
                replies[number] = reply
            if line is not None:
                self._idle.append(line)

        await asyncio.gather(*map(work, lines or [None]))
        return [reply for reply in replies if reply is not None]

    async def close(self) -> None:
        """End all of them."""
        for line in self._idle:
            line.close()
        self._idle = []
        await asyncio.sleep(0)

    async def _connect(self, route: Sequence[tuple[str, int]]) -> Line | None:
        for host, port in route:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_WITHIN_S):
                    reader, writer = await asyncio.open_connection(
                        host, port, ssl=self._tls, server_hostname=self._host if self._tls else None
                    )
                return Line(reader, writer)
        return None


def _nothing(now_ns: int) -> Reply:
    return Reply(None, {}, b"", now_ns, now_ns)
