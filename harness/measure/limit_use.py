"""Count what was sent against each limit, in each of its scopes, in windows of the limit's length."""

from collections.abc import Iterator, Sequence
from typing import Final

from harness.measure.counters import Use
from harness.measure.window import SlidingCount
from harness.model import Limit

Scope = tuple[int, str]  # the place of a limit among those given, and whose share of it


class LimitUse:
    """The windows of all limits, made as their scopes are met."""

    __slots__ = ("_limits", "_of", "_windows")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits: Final = tuple(limits)
        self._windows: Final[dict[Scope, SlidingCount]] = {}
        self._of: Final[dict[tuple[str, str], tuple[tuple[Scope, bool, SlidingCount], ...]]] = {}

    def send(self, api: str, source: str, messages: int, now_ns: int) -> None:
        """A request with so many messages leaves."""
        for _, by_messages, window in self._windows_of(api, source):
            window.add(messages if by_messages else 1, now_ns)

    def scopes_of(self, api: str, source: str) -> Iterator[Scope]:
        """What a request of this source counts against."""
        return (scope for scope, _, _ in self._windows_of(api, source))

    def take(self, until_ns: int) -> Iterator[tuple[int, str, Use]]:
        """What each scope made of its limit since the last time, where it made anything of it."""
        for (limit, scope), window in self._windows.items():
            peak, over_ns = window.take(until_ns)
            if peak or over_ns:
                yield limit, scope, Use(peak, over_ns, 0)

    def _windows_of(self, api: str, source: str) -> tuple[tuple[Scope, bool, SlidingCount], ...]:
        windows = self._of.get((api, source))
        if windows is None:
            found = []
            for place, limit in enumerate(self._limits):
                if limit.api == api:
                    scope = (place, source if limit.scope == "source" else "")
                    window = self._windows.get(scope)
                    if window is None:
                        window = self._windows[scope] = SlidingCount(limit.window_ns, limit.count)
                    found.append((scope, limit.unit == "messages", window))
            windows = self._of[api, source] = tuple(found)
        return windows
