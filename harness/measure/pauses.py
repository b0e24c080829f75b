"""Watch whether a pause that a 429 asked for was kept: a check on our own client."""

from typing import Final

from harness.units import NS_PER_S

ASKED_CAP_NS: Final = 300 * NS_PER_S  # no client is held to wait longer than it promised to


class Pauses:
    """The pauses asked for by `Retry-After` on a 429, by scope.

    A send into a paused scope before the asked instant is one violation, and the asks it broke are not
    honoured. What was in flight when the 429 came had left before, so it is never one.
    """

    __slots__ = ("_until_ns", "asked", "honoured", "violated")

    def __init__(self) -> None:
        self._until_ns: dict[object, tuple[int, int]] = {}  # scope: (instant, asks that wait for it)
        self.asked = 0
        self.honoured = 0
        self.violated = 0

    def ask(self, scope: object, asked_wait_ns: int, now_ns: int) -> None:
        """A 429 at `now_ns` asked this scope to wait; a shorter ask does not shorten a longer one."""
        until_ns, asks = self._until_ns.get(scope, (0, 0))
        self._until_ns[scope] = max(until_ns, now_ns + min(asked_wait_ns, ASKED_CAP_NS)), asks + 1
        self.asked += 1

    def send(self, scope: object, now_ns: int) -> None:
        """A request of this scope is about to leave."""
        pause = self._until_ns.get(scope)
        if pause is None:
            return
        until_ns, asks = pause
        if now_ns < until_ns:
            self.violated += 1
            self._until_ns[scope] = until_ns, 0
        else:
            self.honoured += asks
            del self._until_ns[scope]

    def __bool__(self) -> bool:
        return bool(self._until_ns)

    def end(self) -> None:
        """No more sends will come: the asks still open were kept."""
        self.honoured += sum(asks for _, asks in self._until_ns.values())
        self._until_ns.clear()
