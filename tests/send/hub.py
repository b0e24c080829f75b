"""Drive connections from a test: wait in the hub for what they answer."""

from collections.abc import Callable, Sequence
from typing import Any

from gevent import Timeout
from gevent.event import AsyncResult

from harness.clock import SystemClock
from harness.errors import HarnessError
from harness.model import Answer, Arrival, Failure, Item, Place, Request
from harness.send.connection import Connection, Wire
from harness.send.heads import Heads
from harness.send.route import Address
from harness.send.target import Target
from harness.units import NS_PER_S

CLOCK = SystemClock()
PLACE = Place("recording.ndjson", 1, 0, 0, -1, None)
SECRET = "Basic c2VjcmV0LXdyaXRlLWtleTo="


def item(index: int = 0, kind: str = "track", *, source: str = "web", **changes: Any) -> Item:
    fields: dict[str, Any] = {
        "index": index,
        "api": "tracking",
        "kind": kind,
        "source": source,
        "at_ns": None,
        "lateness_ns": 0,
        "keys": (),
        "group": None,
        "place": PLACE,
    }
    return Item(**(fields | changes))


def request(body: bytes = b'{"event":"x"}', *, path: str = "/v1/track", method: str = "POST") -> Request:
    headers = (("Content-Type", "application/json"),)
    return Request("tracking", "web", method, path, headers, body, (Arrival(0, item()),), 1)


class Watched:
    """A wire to loopback ports, with what its connections reported."""

    def __init__(
        self,
        *ports: int,
        connect_timeout_s: float = 5.0,
        answer_timeout_s: float = 5.0,
        route: Callable[[], Sequence[Address]] | None = None,
        now_ns: Callable[[], int] = CLOCK.now_ns,
        wall_ns: Callable[[], int] | None = None,
        target: Target | None = None,
    ) -> None:
        self.opened: list[int] = []
        self.refusals: list[HarnessError] = []
        found = [Address(2, "127.0.0.1", port) for port in ports]
        self.wire = Wire(
            route=route or (lambda: found),
            heads=Heads("127.0.0.1", lambda source: SECRET),
            now_ns=now_ns,
            opened=self.opened.append,
            refused=self.refusals.append,
            connect_timeout_ns=round(connect_timeout_s * NS_PER_S),
            answer_timeout_ns=round(answer_timeout_s * NS_PER_S),
            target=target,
            wall_ns=wall_ns,
        )

    def connection(self) -> Connection:
        return Connection(self.wire)


def wait(result: AsyncResult, timeout_s: float = 10.0) -> Any:
    """What the hub brings; AssertionError when it brings nothing."""
    with Timeout(timeout_s, AssertionError("nothing was answered")):
        return result.get()


def ask(connection: Connection, asked: Request | None = None) -> Answer:
    """Send and wait for the answer."""
    result = AsyncResult()
    connection.send(request() if asked is None else asked, result.set)
    answer = wait(result)
    assert isinstance(answer, Answer)
    return answer


def open_up(connection: Connection) -> Failure | None:
    """Connect and wait for what came of it."""
    result = AsyncResult()
    connection.connect(result.set)
    failure: Failure | None = wait(result)
    return failure


def shown(answer: Answer) -> tuple[int | None, Failure | None, str | None, bytes]:
    """What an answer says, without its instants."""
    return answer.status, answer.failure, answer.retry_after, answer.body
