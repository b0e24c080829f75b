"""Run the mock's process: listen, say so, answer until told to stop.

One thread, one loop: a call is answered before the next is looked at. It ends on SIGTERM, on SIGINT and, when
a parent asked for it, as soon as the pipe on standard input closes, so that it never outlives who started it.
"""

import asyncio
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple, TextIO

import orjson
import uvloop

from harness.clock import Clock, SystemClock
from harness.errors import HarnessError
from harness.mock.box import Box
from harness.mock.build import build_box
from harness.mock.exchange import Cancel
from harness.mock.feeding import EVERY_S
from harness.mock.journal import Journal
from harness.mock.ledger import Ledger
from harness.mock.listen import admin_token
from harness.mock.outbox import Outbox
from harness.mock.protocol import Connection
from harness.mock.ready import ready_file, ready_line
from harness.mock.routes import answer
from harness.mock.settings import MockSettings
from harness.mock.tls import server_context

_STANDARD_INPUT: Final = 0
_BACKLOG: Final = 4_096  # connections the kernel holds until the loop has taken them
_COLLECT_AFTER: Final = 100_000  # objects; at Python's 700 a batch sets it off, a tenth of the mock's time
_SHUTDOWN_AFTER_S: Final = 0.05  # so that the answer to whoever asked for it leaves first
_LAST_WORDS_S: Final = 1.0  # for answers that are written but not yet read


class ListenError(HarnessError):
    """The address cannot be listened at."""


class _Server:
    """The open connections of one mock, and why it ends."""

    def __init__(self, ledger: Ledger, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        self._ledger = ledger
        self._connections: set[Connection] = set()
        self._loop = loop
        self.stop: Final = stop
        self.all_closed: Final = asyncio.Event()
        self.failure: HarnessError | None = None

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self.all_closed.set()

    def unreadable(self, reason: str) -> None:
        self._ledger.record_unreadable(self._ledger.key_number(""), reason)

    def failed(self, error: HarnessError) -> None:
        if self.failure is None:
            self.failure = error
        self.stop.set()

    def stop_at_end_of_input(self) -> None:
        if not os.read(_STANDARD_INPUT, 4_096):
            self._loop.remove_reader(_STANDARD_INPUT)
            self.stop.set()

    async def close_all(self) -> None:
        """Close every connection, giving written answers a moment to leave."""
        if self._connections:
            self.all_closed.clear()
            for connection in list(self._connections):
                connection.close()
            try:
                await asyncio.wait_for(self.all_closed.wait(), _LAST_WORDS_S)
            except TimeoutError:
                for connection in list(self._connections):
                    connection.abort()
                await asyncio.sleep(0)


def run(
    settings: MockSettings,
    *,
    parent_pipe: bool = False,
    clock: Clock | None = None,
    entropy: Callable[[int], bytes] = os.urandom,
    ready: TextIO | None = None,
) -> None:
    """Serve until stopped; `ready` (standard output) gets one JSON line once the address answers.

    Raises UsageError when a setting cannot be, ListenError when the address cannot, JournalError when the
    journal fails.
    """
    journal = Journal.open(settings.ledger.directory, entropy)
    try:
        listen = settings.listen
        context = server_context(listen.host, listen.ca_out, listen.names) if listen.tls else None
        with (
            _listening(listen.host, listen.port) as listener,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            start = _Start(settings, journal, listener, context, clock or SystemClock(), entropy, parent_pipe)
            runner.run(_serve(start, ready if ready is not None else sys.stdout))
    finally:
        journal.close()


class _Start(NamedTuple):
    """What a mock starts with."""

    settings: MockSettings
    journal: Journal
    listener: socket.socket
    context: ssl.SSLContext | None
    clock: Clock
    entropy: Callable[[int], bytes]
    parent_pipe: bool


async def _serve(start: _Start, ready: TextIO) -> None:
    loop = asyncio.get_running_loop()
    listen, listener = start.settings.listen, start.listener
    host, port = listener.getsockname()[:2]
    stop = asyncio.Event()

    def stop_soon() -> None:
        loop.call_later(_SHUTDOWN_AFTER_S, stop.set)

    token = admin_token(listen, host, start.entropy)
    box = build_box(
        start.settings,
        start.journal,
        clock=start.clock,
        entropy=start.entropy,
        soon=loop.call_soon,
        call_later=loop.call_later,
        stop=stop_soon,
        token=token.text or None,
        bound_hosts=frozenset(name.lower() for name in (listen.host, *listen.names)),
    )
    watcher = _Server(box.ledger, loop, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if start.parent_pipe:
        loop.add_reader(_STANDARD_INPUT, watcher.stop_at_end_of_input)
    to_answer = partial(answer, box)
    outbox = Outbox(box.ledger.commit, watcher.failed, loop.call_soon)

    def after(delay_ns: int, act: Callable[[], None]) -> Cancel:
        return box.timers.at(box.clock.now_ns() + delay_ns, act)

    with _seldom_collecting():
        server = await loop.create_server(
            lambda: Connection(to_answer, watcher, outbox, loop.call_soon, after),
            sock=listener,
            backlog=_BACKLOG,
            ssl=start.context,
        )
        line = ready_line(
            host,
            port,
            box.ledger.instance,
            ca=listen.ca_out,
            tls=listen.tls,
            token=token.text if token.made else None,
        )
        feeding = asyncio.create_task(_feed(box))
        with ready_file(listen.ready_file, line):
            ready.write(orjson.dumps(line).decode() + "\n")
            ready.flush()
            await stop.wait()
        feeding.cancel()
        server.close()
        await watcher.close_all()
    if watcher.failure is not None:
        raise watcher.failure


async def _feed(box: Box) -> None:
    """Bring profiles up to date in quiet moments."""
    while True:
        await asyncio.sleep(EVERY_S)
        box.feeding.tick()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the garbage collector look at little, and seldom: what is here now, the set of ids too, stays."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(
            f"cannot listen at {host}: {error.strerror}; give --host an address of this machine"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"cannot listen at {host} port {port}: {error.strerror}; --port 0 takes a free one"
        ) from error
    return listener
