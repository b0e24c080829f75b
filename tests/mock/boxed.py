"""A mock without a process: a box on a manual clock, and connections without sockets."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import orjson

from harness.clock import ManualClock
from harness.errors import HarnessError
from harness.mock.box import Box
from harness.mock.build import build_box
from harness.mock.journal import Journal
from harness.mock.limits.rule import LimitRule, from_limit
from harness.mock.outbox import Outbox
from harness.mock.protocol import Connection
from harness.mock.routes import answer
from harness.mock.settings import MockSettings, with_limits
from harness.model import Limit
from harness.segment.write_key import WriteKey

KEY = "mockkey0123456789abcdef0123x9Qd"
OTHER_KEY = "otherkey0123456789abcdef01234z7Y"


def numbered_entropy() -> Callable[[int], bytes]:
    """Bytes that never repeat and are the same in each test."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def limit_of(per_s: int) -> Limit:
    return Limit("tracking", f"{per_s}/s", per_s, 1_000_000_000, "requests", "source", "test")


class Loop:
    """What stands for an event loop: it runs what is due when it is told to."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.soon: list[Callable[[], None]] = []
        self.timers: list[_Timer] = []

    def call_later(self, delay_s: float, act: Callable[[], None]) -> "_Timer":
        timer = _Timer(self.clock.now_ns() + round(delay_s * 1e9), act)
        self.timers.append(timer)
        return timer

    def run(self) -> None:
        """Everything that is due now, and what that sets off."""
        while True:
            due = [timer for timer in self.timers if timer.due_ns <= self.clock.now_ns()]
            self.timers = [timer for timer in self.timers if timer not in due]
            acts = [*self.soon, *(timer.act for timer in due if not timer.cancelled)]
            self.soon.clear()
            if not acts:
                return
            for act in acts:
                act()

    def pass_time(self, seconds: float) -> None:
        """The machine's clock goes on, and what becomes due is run."""
        self.run()
        self.clock.advance(round(seconds * 1e9))
        self.run()


class _Timer:
    def __init__(self, due_ns: int, act: Callable[[], None]) -> None:
        self.due_ns, self.act, self.cancelled = due_ns, act, False

    def cancel(self) -> None:
        self.cancelled = True


_LOOPS: dict[int, Loop] = {}


def loop_of(box: Box) -> Loop:
    return _LOOPS[id(box)]


def box_of(
    *,
    directory=None,
    limit=None,
    rules=(),
    clock=None,
    entropy=None,
    settings=None,
    token=None,
    bound_hosts=frozenset(),
) -> Box:
    entropy = entropy or numbered_entropy()
    clock = clock or ManualClock()
    loop = Loop(clock)
    if settings is None or limit is not None or rules:
        asked: list[LimitRule] = [*rules, *([from_limit(limit)] if limit is not None else [])]
        settings = with_limits(settings or MockSettings(), "none", asked)
    box = build_box(
        settings,
        Journal.open(directory, entropy),
        clock=clock,
        entropy=entropy,
        soon=loop.soon.append,
        call_later=loop.call_later,
        stop=lambda: loop.soon.append(lambda: None),
        token=token,
        bound_hosts=bound_hosts,
    )
    _LOOPS[id(box)] = loop
    return box


class Wire(asyncio.Transport):
    """A transport that remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False
        self.reads = True

    def write(self, data) -> None:
        assert not self.is_closed, "written after the close"
        self.written += bytes(data)

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


class Client:
    """One connection to a box; what the loop would run later, `run_later` runs."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.wire = Wire()
        self.unread: list[str] = []
        self.failures: list[HarnessError] = []
        self.loop = loop_of(box)
        self.connection = Connection(
            partial(answer, box),
            self,
            Outbox(box.ledger.commit, self.failed, self.loop.soon.append),
            self.loop.soon.append,
            lambda delay_ns, act: box.timers.at(box.clock.now_ns() + delay_ns, act),
        )
        self.connection.connection_made(self.wire)

    def opened(self, connection) -> None: ...

    def closed(self, connection) -> None: ...

    def unreadable(self, reason: str) -> None:
        self.unread.append(reason)
        self.box.ledger.record_unreadable(self.box.ledger.key_number(""), reason)

    def failed(self, error: HarnessError) -> None:
        self.failures.append(error)

    def send(self, data: bytes) -> bytes:
        """What this makes the mock write."""
        before = len(self.wire.written)
        self.connection.data_received(data)
        self.loop.run()
        return self.wire.written[before:]

    def call(
        self, method: str, target: str, body: object = None, *, key: str | None = KEY, headers=()
    ) -> "Answered":
        return answered(self.send(request(method, target, body, key=key, headers=headers)))


class Answered:
    """One HTTP answer, taken apart."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return orjson.loads(self.body)

    def lines(self) -> list[Any]:
        return [orjson.loads(line) for line in self.body.splitlines()]


def request(method: str, target: str, body: object = None, *, key: str | None = KEY, headers=()) -> bytes:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", f"Content-Length: {len(content)}"]
    if key is not None:
        lines.append(f"Authorization: {WriteKey(key).basic_auth}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def answered(data: bytes) -> Answered:
    """The one answer in these bytes; fails when there is more, or less."""
    answers = all_answered(data)
    assert len(answers) == 1, data[:2_000]
    return answers[0]


def all_answered(data: bytes) -> list[Answered]:
    """Every answer in these bytes, which end with the last of them."""
    answers: list[Answered] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        status = int(first.split(" ")[1])
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while True:
                size, _, data = data.partition(b"\r\n")
                piece, data = data[: int(size, 16)], data[int(size, 16) + 2 :]
                body += piece
                if not piece:
                    break
        elif status != 100:
            length = int(headers.get("content-length", 0))
            body, data = data[:length], data[length:]
        answers.append(Answered(status, headers, body))
    return answers


def track(message_id: str | None = None, **more: Any) -> dict[str, Any]:
    message = {"type": "track", "userId": "u1", "event": "Order Completed", **more}
    return message if message_id is None else {**message, "messageId": message_id}
