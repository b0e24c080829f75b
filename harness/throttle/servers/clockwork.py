"""Let the server's time pass: by waiting, or by moving the clock of a mock, which stands still meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from harness.clock import Clock
from harness.units import NS_PER_S, parse_instant_ns

Order = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Clockwork(Protocol):
    """The clock by which a server counts, as far as we know it."""

    steered: bool

    def now_ns(self) -> int:
        """Monotonic."""

    def wall_ns(self) -> int:
        """Since 1970."""

    async def until(self, at_ns: int) -> None:
        """Come back at this instant of `now_ns`, at once when it has passed."""


class RealTime:
    """This machine's clock, taken for the server's."""

    steered = False

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self.now_ns: Final = clock.now_ns
        self.wall_ns: Final = clock.wall_ns

    async def until(self, at_ns: int) -> None:
        left_ns = at_ns - self._clock.now_ns()
        if left_ns > 0:
            await asyncio.sleep(left_ns / NS_PER_S)


class SteeredTime:
    """The clock of a mock, frozen: it moves when we say so, and by as much."""

    steered = True

    def __init__(self, order: Order) -> None:
        """`order` sends what docs/mock.md calls a clock order, and answers what the clock then says."""
        self._order: Final = order
        self._before: dict[str, Any] = {}
        self._began_ns = 0  # of its wall clock
        self._moved_ns = 0

    async def freeze(self) -> None:
        """Stop it where it is, and remember how it went; an order that changes nothing asks for that."""
        self._before = await self._order({})
        stopped = await self._order({"freeze": True})
        self._began_ns = parse_instant_ns(stopped["now"])

    async def let_go(self) -> None:
        """Have it go as it went before: beside the machine's clock, at a scale, or not at all."""
        if not self._before or self._before["frozen"]:
            return
        scale = self._before["scale"]
        await self._order({"reset": True} if scale == 1 else {"scale": scale})

    def now_ns(self) -> int:
        return self._moved_ns

    def wall_ns(self) -> int:
        return self._began_ns + self._moved_ns

    async def until(self, at_ns: int) -> None:
        by_ns = at_ns - self._moved_ns
        if by_ns > 0:
            await self._order({"advance_s": by_ns / NS_PER_S})
            self._moved_ns = at_ns
