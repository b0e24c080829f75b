"""Let the answers of one round of the loop leave together, once all that they answer for is written down.

Enters: bytes for a transport, in the order in which they are to leave. What always holds: `commit` has
returned before the first of them leaves; when it fails, none of them leaves.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from harness.errors import HarnessError


class Outbox:
    """What is to leave soon. `soon` runs a function in the loop's next round."""

    __slots__ = ("_commit", "_failed", "_soon", "_waiting")

    def __init__(
        self,
        commit: Callable[[], None],
        failed: Callable[[HarnessError], None],
        soon: Callable[[Callable[[], None]], object],
    ) -> None:
        self._commit: Final = commit
        self._failed: Final = failed
        self._soon: Final = soon
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Let this leave in the loop's next round."""
        if not self._waiting:
            self._soon(self.send)
        self._waiting.append((transport, data))

    def send(self) -> None:
        """Let all leave now."""
        waiting = self._waiting
        if not waiting:
            return
        self._waiting = []
        try:
            self._commit()
        except HarnessError as error:
            self._failed(error)
            return
        for transport, data in waiting:
            transport.write(data)
