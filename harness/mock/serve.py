"""Run the mock's process: listen, say so, answer until told to stop.

One thread, one loop: a call is answered before the next is looked at. It ends on SIGTERM, on SIGINT and, when
a parent asked for it, as soon as the pipe on standard input closes, so that it never outlives who started it.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TextIO

import orjson
import uvloop

from harness.clock import Clock, SystemClock
from harness.errors import HarnessError
from harness.mock.box import Box
from harness.mock.journal import Journal
from harness.mock.ledger import Ledger
from harness.mock.limiter import Limiter
from harness.mock.protocol import Connection
from harness.mock.recent import Recent
from harness.mock.routes import answer
from harness.model import Limit

_STANDARD_INPUT: Final = 0
_BACKLOG: Final = 4_096  # connections the kernel holds until the loop has taken them
_COLLECT_AFTER: Final = 100_000  # objects; at Python's 700 a batch sets it off, a tenth of the mock's time
_LAST_WORDS_S: Final = 1.0  # for answers that are written but not yet read


class ListenError(HarnessError):
    """The address cannot be listened at."""


class _Server:
    """The open connections of one mock, and why it ends."""

    def __init__(self, ledger: Ledger, loop: asyncio.AbstractEventLoop) -> None:
        self._ledger = ledger
        self._connections: set[Connection] = set()
        self._loop = loop
        self.stop: Final = asyncio.Event()
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
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    directory: Path | None = None,
    limit: Limit | None = None,
    parent_pipe: bool = False,
    clock: Clock | None = None,
    entropy: Callable[[int], bytes] = os.urandom,
    ready: TextIO | None = None,
) -> None:
    """Serve until stopped; `ready` (standard output) gets one JSON line once the address answers.

    `directory` keeps the ledger, which otherwise ends with the process. Raises UsageError when that
    directory cannot be used, ListenError when the address cannot, JournalError when the journal fails.
    """
    journal = Journal.open(directory, entropy)
    try:
        box = Box(
            clock=clock if clock is not None else SystemClock(),
            entropy=entropy,
            ledger=Ledger(journal),
            limiter=Limiter(limit) if limit is not None else None,
            recent=Recent(),
        )
        with (
            _listening(host, port) as listener,
            _seldom_collecting(),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_serve(box, listener, parent_pipe, ready if ready is not None else sys.stdout))
    finally:
        journal.close()


async def _serve(box: Box, listener: socket.socket, parent_pipe: bool, ready: TextIO) -> None:  # noqa: FBT001 - private
    loop = asyncio.get_running_loop()
    watcher = _Server(box.ledger, loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, watcher.stop.set)
    if parent_pipe:
        loop.add_reader(_STANDARD_INPUT, watcher.stop_at_end_of_input)
    server = await loop.create_server(
        lambda: Connection(partial(answer, box), watcher, loop.call_soon), sock=listener, backlog=_BACKLOG
    )
    ready.write(orjson.dumps(_ready_line(listener, box)).decode() + "\n")
    ready.flush()
    await watcher.stop.wait()
    server.close()
    await watcher.close_all()
    if watcher.failure is not None:
        raise watcher.failure


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


def _ready_line(listener: socket.socket, box: Box) -> dict[str, str | int]:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return {
        "url": f"http://{shown}:{port}",
        "port": port,
        "pid": os.getpid(),
        "instance": box.ledger.instance,
    }
