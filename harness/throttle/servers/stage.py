"""Play one step after another at a server, within bounds, and keep what was seen."""

import asyncio
from collections.abc import Callable
from typing import Final

from harness.clock import Clock
from harness.model import Limit
from harness.throttle.servers.asks import Asks
from harness.throttle.servers.clockwork import Clockwork
from harness.throttle.servers.exchange import OWN, Exchange, Steps
from harness.throttle.servers.wire import Reply, Wire
from harness.units import NS_PER_MS, NS_PER_S

CALLERS: Final = 64
WAIT_MOST_NS: Final = 300 * NS_PER_S  # no client waits longer for a Retry-After
_AFTER_EDGE: Final = 20  # a scene begins this part of a window behind the edge of a clock's window
_SLACK_NS: Final = 20 * NS_PER_MS
_SPREAD_MOST: Final = 1_000  # steps of a steered clock; beyond that several requests share one

WaitOf = Callable[[str | None, int], int | None]


class BoundReachedError(Exception):
    """No more may be sent, or there is no time for it; the sentence says which."""


class Bounds:
    """How many requests may still be sent, and until when."""

    def __init__(self, requests_most: int, ends_ns: int, clock: Clock) -> None:
        self.sent = 0
        self._most: Final = requests_most
        self._ends_ns: Final = ends_ns
        self._clock: Final = clock

    def take(self, count: int) -> None:
        """Raises BoundReachedError."""
        if self.sent + count > self._most:
            raise BoundReachedError(f"{self.sent:,} requests were sent and {self._most:,} are allowed")
        self.check()
        self.sent += count

    def check(self, longer_ns: int = 0) -> None:
        """Raises BoundReachedError when this would take longer than there is time."""
        if self._clock.now_ns() + longer_ns > self._ends_ns:
            raise BoundReachedError("the time that was allowed is over")


class Stage:
    """What scenes act on. One limit, one API; the account of the key begins empty with each scene."""

    def __init__(
        self,
        *,
        limit: Limit,
        wire: Wire,
        clockwork: Clockwork,
        asks: Asks,
        bounds: Bounds,
        wait_of: WaitOf,
    ) -> None:
        """`wait_of` reads a Retry-After: the header and now since 1970, to ns."""
        self.limit: Final = limit
        self.window_ns: Final = limit.window_ns
        self.asks: Final = asks
        self.clockwork: Final = clockwork
        self._wire: Final = wire
        self._bounds: Final = bounds
        self._wait_of: Final = wait_of
        self._steps: dict[str, list[Exchange]] = {}
        self._began_ns = 0
        self._free_ns = clockwork.now_ns()  # when the server has forgotten all of it

    @property
    def count(self) -> int:
        """The limit's."""
        return self.limit.count

    @property
    def steps(self) -> Steps:
        """What was seen since the scene began."""
        return {name: tuple(step) for name, step in self._steps.items()}

    async def begin(self, callers: int) -> None:
        """Wait until nothing is used, then until a window of a clock has just begun; have lines open."""
        self._steps = {}
        await self._until(self._free_ns)
        now_ns, wall_ns = self.clockwork.now_ns(), self.clockwork.wall_ns()
        behind_ns = self.window_ns // _AFTER_EDGE
        to_edge_ns = -wall_ns % self.window_ns
        await self._until(now_ns + to_edge_ns + behind_ns)
        await self._wire.open(min(callers, CALLERS))
        self._began_ns = self.clockwork.now_ns()

    async def at(self, part: float) -> None:
        """Wait until this part of a window, or so many windows, after the scene began."""
        await self._until(self._began_ns + round(part * self.window_ns))

    async def until(self, at_ns: int) -> None:
        """Wait until this instant of the server's clock."""
        await self._until(at_ns)

    async def send(
        self, step: str, count: int, *, who: str = OWN, messages: int = 1, padding_bytes: int = 0
    ) -> tuple[Exchange, ...]:
        """So many requests as fast as 64 callers can."""
        if count <= 0:
            return ()
        self._bounds.take(count)
        asks = [self.asks.one(who, messages, padding_bytes) for _ in range(count)]
        before_ns = self.clockwork.now_ns()
        replies = await self._wire.send([ask.data for ask in asks], CALLERS)
        units = messages if self.limit.unit == "messages" else 1
        seen = tuple(
            self._exchange(reply, who, units, ask.ids, before_ns)
            for reply, ask in zip(replies, asks, strict=True)
        )
        self._steps.setdefault(step, []).extend(seen)
        self._free_ns = max([self._free_ns, *(self._frees_ns(each) for each in seen)])
        return seen

    async def spread(self, step: str, count: int, *, messages: int = 1, padding_bytes: int = 0) -> None:
        """So many requests, evenly over one window."""
        if self.clockwork.steered:
            at_once = -(-count // _SPREAD_MOST)
            for sent in range(0, count, at_once):
                await self._until(self._began_ns + -(-sent * self.window_ns // count))
                await self.send(
                    step, min(at_once, count - sent), messages=messages, padding_bytes=padding_bytes
                )
            return

        free = asyncio.Semaphore(CALLERS)

        async def one(number: int) -> None:
            await self._until(self._began_ns + number * self.window_ns // count)
            async with free:
                await self.send(step, 1, messages=messages, padding_bytes=padding_bytes)

        await asyncio.gather(*map(one, range(count)))

    async def _until(self, at_ns: int) -> None:
        if not self.clockwork.steered:
            self._bounds.check(at_ns - self.clockwork.now_ns())
        await self.clockwork.until(at_ns)

    def _exchange(self, reply: Reply, who: str, units: int, ids: tuple[str, ...], before_ns: int) -> Exchange:
        steered = self.clockwork.steered
        return Exchange(
            who=who,
            units=units,
            sent_ns=before_ns if steered else reply.sent_ns,
            done_ns=before_ns if steered else reply.done_ns,
            status=reply.status,
            taken=self.asks.taken(reply.status),
            headers=reply.headers,
            wait_ns=self._wait_of(reply.headers.get("retry-after"), self.clockwork.wall_ns()),
            ids=ids,
            took_ns=reply.done_ns - reply.sent_ns,
        )

    def _frees_ns(self, each: Exchange) -> int:
        """When it counts no more, whatever it was."""
        slack_ns = 0 if self.clockwork.steered else _SLACK_NS
        asked_ns = min(each.wait_ns or 0, WAIT_MOST_NS) if each.refused else 0
        return each.done_ns + max(self.window_ns, asked_ns) + slack_ns
