"""The mock that the tests of one pytest process share: a process of its own, which ends with theirs."""

from collections.abc import Sequence
from typing import Any, Final

from harness.mock.admin_client import AdminClient, MockGoneError
from harness.mock.launch import RunningMock, launch

_COUNTED: Final = frozenset(
    {
        "throttled",
        "peak_in_window",
        "queued",
        "queued_s",
        "queued_longest_s",
        "oversized",
        "scopes",
        "crowded",
    }
)


class SegmentMockServer:
    """A running mock, its admin, and the limits it began with. A context manager that ends it."""

    __slots__ = ("_running", "admin", "own_limits")

    def __init__(self, running: RunningMock) -> None:
        self._running: Final = running
        self.admin: Final = AdminClient(running.url)
        self.own_limits: Final[list[dict[str, Any]]] = [
            {name: value for name, value in row.items() if name not in _COUNTED and value is not None}
            for row in self.admin.ask("GET", "/limits")["limits"]
        ]

    @property
    def url(self) -> str:
        """Where clients send to, like `http://127.0.0.1:40123`."""
        return self._running.url

    @property
    def port(self) -> int:
        """The port of `url`."""
        return self._running.port

    @property
    def pid(self) -> int:
        """The process."""
        return self._running.pid

    def check(self) -> None:
        """Raise MockGoneError when another mock answers, or none."""
        if self.admin.ask("GET", "/health")["instance"] != self._running.instance:
            raise MockGoneError(
                f"the mock at {self.url} was reset as a whole, or is another one; reset write keys alone"
            )

    def begin_anew(self) -> None:
        """Put back what a test may have changed for all: limits, faults, clock."""
        self.admin.ask("DELETE", "/faults")
        self.admin.ask("PUT", "/limits", {"preset": "none", "rules": self.own_limits})
        self.admin.ask("PUT", "/clock", {"reset": True})

    def stop(self) -> None:
        """End it."""
        self._running.stop()


def start(*, limits: str = "none", options: Sequence[str] = ()) -> SegmentMockServer:
    """A new mock at a free port of loopback. Raises MockStartError.

    `limits` is a preset of docs/mock.md, `options` are further ones of `harness mock`.
    """
    running = launch(limits=limits, extra=options)
    try:
        return SegmentMockServer(running)
    except BaseException:
        running.stop()
        raise
