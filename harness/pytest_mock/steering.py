"""The mock's clock, in the hands of a test."""

from datetime import datetime
from typing import Any, Final

from harness.mock.admin_client import AdminClient


class MockClock:
    """Freeze, advance and scale it: limits, faults, queues and the mock's dates follow; nobody else's time.

    `advance` can be handed to a client as its `sleep`, so that it waits without anybody waiting.
    """

    __slots__ = ("_admin",)

    def __init__(self, admin: AdminClient) -> None:
        self._admin: Final = admin

    def freeze(self) -> None:
        """Stop it: nothing opens until it is advanced."""
        self._order(freeze=True)

    def advance(self, seconds: float) -> None:
        """Move it forward at once, frozen or not. Raises UsageError for seconds below zero."""
        self._order(advance_s=seconds)

    def scale(self, times: float) -> None:
        """Let it go so many times as fast as real time, 0.001 to 1,000; a frozen one goes on."""
        self._order(scale=times)

    def reset(self) -> None:
        """Let it go with the machine's clock again."""
        self._order(reset=True)

    def now(self) -> datetime:
        """What it shows, in UTC."""
        return datetime.fromisoformat(self._admin.ask("GET", "/clock")["now"])

    def _order(self, **order: Any) -> None:
        self._admin.ask("PUT", "/clock", order)
