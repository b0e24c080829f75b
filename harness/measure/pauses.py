"""Watch whether the waits that `Retry-After` asked for were kept: a check on our own client."""

from typing import Final, NamedTuple

from harness.measure.counters import Counters, PauseSeen
from harness.units import NS_PER_S

ASKED_CAP_NS: Final = 300 * NS_PER_S  # no client is held to wait longer than it promised to


class Pause(NamedTuple):
    """One pause of one scope, from the first 429 that asked for it to the next send; ns of the same clock."""

    scope: tuple[str, ...]  # API and source first
    from_ns: int
    asked_ns: int  # how long, by the latest instant asked for
    waited_ns: int | None  # None: nothing was sent any more
    asks: int  # answers that asked
    kept: bool


class Pauses:
    """The waits asked for by `Retry-After`: a 429 pauses its whole scope, any other answer its own request.

    A send into a paused scope before the asked instant is one violation, and the asks it broke are not
    honoured. What was in flight when the 429 came had left before, so it is never one.
    """

    __slots__ = ("_again_ns", "_until_ns", "asked", "honoured", "over", "violated")

    def __init__(self) -> None:
        self._again_ns: dict[int, int] = {}  # by a request's first item: not before this instant
        # By scope: (the instant, asks that wait for it, when the first of them came).
        self._until_ns: dict[tuple[str, ...], tuple[int, int, int]] = {}
        self.asked = 0
        self.honoured = 0
        self.violated = 0
        self.over: list[Pause] = []  # the reader empties it

    def ask(self, scope: tuple[str, ...], asked_wait_ns: int, now_ns: int) -> None:
        """A 429 at `now_ns` asked this scope to wait; a shorter ask does not shorten a longer one."""
        until_ns, asks, from_ns = self._until_ns.get(scope, (0, 0, now_ns))
        if not asks:
            from_ns = now_ns
        self._until_ns[scope] = max(until_ns, now_ns + min(asked_wait_ns, ASKED_CAP_NS)), asks + 1, from_ns
        self.asked += 1

    def ask_one(self, index: int, asked_wait_ns: int, now_ns: int) -> None:
        """An answer at `now_ns` asked the request whose first item this is, and which will be sent again."""
        self._again_ns[index] = now_ns + min(asked_wait_ns, ASKED_CAP_NS)
        self.asked += 1

    def send_again(self, index: int, now_ns: int) -> None:
        """The request whose first item this is is about to leave once more."""
        again_ns = self._again_ns.pop(index, None)
        if again_ns is None:
            return
        if now_ns >= again_ns:
            self.honoured += 1
        else:
            self.violated += 1

    def send(self, scope: tuple[str, ...], now_ns: int) -> None:
        """A request of this scope is about to leave."""
        pause = self._until_ns.get(scope)
        if pause is None:
            return
        until_ns, asks, from_ns = pause
        kept = now_ns >= until_ns
        if asks:
            self.over.append(Pause(scope, from_ns, until_ns - from_ns, now_ns - from_ns, asks, kept))
        if kept:
            self.honoured += asks
            del self._until_ns[scope]
        else:
            self.violated += 1
            self._until_ns[scope] = until_ns, 0, from_ns

    def take(self, second: Counters, start_ns: int) -> None:
        """Put all that was counted since the last time into a second of a run that began at `start_ns`."""
        second.retry_after_asked += self.asked
        second.retry_after_honoured += self.honoured
        second.retry_after_violated += self.violated
        second.pauses += (
            PauseSeen(
                over.scope[0],
                over.scope[1],
                over.from_ns - start_ns,
                over.asked_ns,
                over.waited_ns,
                over.asks,
                over.kept,
            )
            for over in self.over
        )
        self.asked = self.honoured = self.violated = 0
        self.over.clear()

    def __bool__(self) -> bool:
        return bool(self._until_ns)

    def end(self) -> None:
        """No more sends will come: the asks still open were kept."""
        for scope, (until_ns, asks, from_ns) in self._until_ns.items():
            self.honoured += asks
            if asks:
                self.over.append(Pause(scope, from_ns, until_ns - from_ns, None, asks, kept=True))
        self._until_ns.clear()
        self.honoured += len(self._again_ns)
        self._again_ns.clear()
