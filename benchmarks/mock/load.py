"""Load a server from this machine: with wrk for a time, or with a loop of our own for a number of calls."""

import contextlib
import json
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from benchmarks.mock.calls import BATCH_MESSAGES, ID, batch_pieces, single_pieces

_GOOD: Final = b"HTTP/1.1 200"
_GIVEN_UP_AFTER_S: Final = 20.0

# Lua of LuaJIT: `wrk.format` would take longer than the server does, so heads are ready-made.
_SCRIPT: Final = """
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init()
  prefix = string.format("PREFIX%d.", number)
  form = "%0" .. (LENGTH - #prefix) .. "d"
  sent = 0
end
local function id()
  sent = sent + 1
  return prefix .. string.format(form, sent)
end
REQUEST
function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format('{"requests":%d,"us":%d,"bad":%d,"p50_us":%d,"p99_us":%d}',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""
_SINGLE: Final = "function request() return {before} .. id() .. {behind} end"
_BATCH: Final = """
local ids = {{}}
function request()
  for place = 1, {messages} do ids[place] = id() end
  return {start} .. table.concat(ids, {between}) .. {behind} .. {end_}
end
"""


class Load(NamedTuple):
    """What a load was answered."""

    requests: int
    wall_s: float
    p50_ms: float
    p99_ms: float


class BadAnswerError(Exception):
    """A server answered something else than 200, or not at all."""


def by_wrk(port: int, prefix: str, text: str, *, batched: bool, connections: int, duration_s: int) -> Load:
    """Load for a time with wrk, one thread. Raises BadAnswerError when an answer is not 200."""
    program = shutil.which("wrk")
    if program is None:
        raise BadAnswerError("wrk is not here")
    if batched:
        start, between, behind, end = map(_quoted, batch_pieces(BATCH_MESSAGES, text))
        request = _BATCH.format(
            messages=BATCH_MESSAGES, start=start, between=between, behind=behind, end_=end
        )
    else:
        before, behind = map(_quoted, single_pieces(text))
        request = _SINGLE.format(before=before, behind=behind)
    script = _SCRIPT.replace("REQUEST", request).replace("PREFIX", prefix).replace("LENGTH", str(len(ID)))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{duration_s}s", "--timeout", "10s", "-s", file.name]
        ran = subprocess.run(
            [program, *options, f"http://127.0.0.1:{port}"],
            check=True,
            timeout=duration_s + _GIVEN_UP_AFTER_S,
            capture_output=True,
            text=True,
        )
    told = json.loads(ran.stderr)
    if told["bad"]:
        raise BadAnswerError(f"{told['bad']} of {told['requests']} calls were not answered 200")
    return Load(told["requests"], told["us"] / 1e6, told["p50_us"] / 1e3, told["p99_us"] / 1e3)


def by_loop(port: int, requests: Iterable[bytes], connections: int) -> Load:
    """Send each call once, one in flight on a connection, and read every answer. Raises BadAnswerError."""
    begun_s = time.monotonic()
    took_s: list[float] = []
    with _Loop(port, requests, connections) as loop:
        while loop.busy:
            took_s += loop.turn()
    took_s.sort()
    middle, high = took_s[len(took_s) // 2], took_s[len(took_s) * 99 // 100]
    return Load(len(took_s), time.monotonic() - begun_s, middle * 1e3, high * 1e3)


class _Loop(contextlib.AbstractContextManager["_Loop"]):
    """Connections under one epoll."""

    def __init__(self, port: int, requests: Iterable[bytes], connections: int) -> None:
        self._waiting = iter(requests)
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._unsent: dict[int, memoryview] = {}
        self._answer: dict[int, bytes] = {}
        self._since: dict[int, float] = {}
        self.busy = 0
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            self._sockets[connection.fileno()] = connection
            self._poll.register(connection.fileno(), select.EPOLLIN)
        for fd in self._sockets:
            self._send_next(fd)

    def __exit__(self, *_: object) -> None:
        for connection in self._sockets.values():
            connection.close()
        self._poll.close()

    def turn(self) -> list[float]:
        """Read and write what can be; how long each call took that was answered now, in seconds."""
        took_s: list[float] = []
        ready = self._poll.poll(_GIVEN_UP_AFTER_S)
        if not ready:
            raise BadAnswerError(f"no answer for {_GIVEN_UP_AFTER_S:g} s")
        for fd, event in ready:
            if event & select.EPOLLOUT:
                self._go_on(fd)
            if event & ~select.EPOLLOUT:
                self._answer[fd] += self._sockets[fd].recv(65_536)
                if not self._answer[fd].startswith(_GOOD[: len(self._answer[fd])]) or not self._answer[fd]:
                    raise BadAnswerError(f"answered {self._answer[fd][:200]!r}")
                if self._answer[fd].endswith(b"}"):
                    took_s.append(time.monotonic() - self._since[fd])
                    self.busy -= 1
                    self._send_next(fd)
        return took_s

    def _send_next(self, fd: int) -> None:
        following = next(self._waiting, None)
        if following is not None:
            self.busy += 1
            self._answer[fd], self._unsent[fd] = b"", memoryview(following)
            self._since[fd] = time.monotonic()
            self._go_on(fd)

    def _go_on(self, fd: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._unsent[fd] = self._unsent[fd][self._sockets[fd].send(self._unsent[fd]) :]
        self._poll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if self._unsent[fd] else 0))


def _quoted(text: str) -> str:
    """As a string of Lua, whose escapes are those of JSON as far as these texts go."""
    return json.dumps(text)


def has_wrk() -> bool:
    """True when wrk is installed."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: the load comes from a slower loop of our own", file=sys.stderr)
        return False
    return True
