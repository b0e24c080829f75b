"""Decide whether a request fits under a limit, by an exact sliding log.

Enters: a scope (whose limit it is) and the instant now. Leaves: 0, or how long to wait. What always
holds: in no window [t, t + window) were more than `count` requests of one scope admitted; a refused
request leaves no trace in the log, so that refusals do not use the window up.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final

from harness.model import Limit
from harness.units import NS_PER_S


class Limiter:
    """The log of one limit. Instants are monotonic ns and never go backwards.

    Memory is at most `count` instants for each scope seen. Raises ValueError for a limit that counts
    something other than requests.
    """

    __slots__ = ("_logs", "limit", "peak_in_window", "refused")

    def __init__(self, limit: Limit) -> None:
        if limit.unit != "requests":
            raise ValueError(f"this limiter counts requests, not {limit.unit}")
        self.limit: Final = limit
        self._logs: dict[Hashable, deque[int]] = {}
        self.refused = 0
        self.peak_in_window = 0

    def admit(self, scope: Hashable, now_ns: int) -> int:
        """0 and the request is in the log; else the ns after which one request will be admitted."""
        log = self._logs.get(scope)
        if log is None:
            log = self._logs[scope] = deque()
        window_ns = self.limit.window_ns
        gone_ns = now_ns - window_ns
        while log and log[0] <= gone_ns:
            log.popleft()
        if len(log) >= self.limit.count:
            self.refused += 1
            return log[0] + window_ns - now_ns
        log.append(now_ns)
        self.peak_in_window = max(self.peak_in_window, len(log))
        return 0

    def reset(self) -> None:
        """Forget every request."""
        self._logs.clear()
        self.refused = 0
        self.peak_in_window = 0


def whole_seconds(wait_ns: int) -> int:
    """A wait in whole seconds, rounded up, so that it is true of `Retry-After`; never 0 for a real wait."""
    return -(-wait_ns // NS_PER_S)
