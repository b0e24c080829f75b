"""Say what a play is: what the mock does to a program, and what the program is told to send."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from harness.units import NS_PER_S

DELIVERED: Final = "delivered"  # settled once every message is stored
REFUSED: Final = "refused"  # settled once every message has been answered
NOTHING: Final = "nothing"  # settled from the start: nothing is to come
SHUTDOWN: Final = "shutdown"  # never settled: the program is told to end while it is held up
NEVER: Final = "never"  # it ends by itself, or its time is over

DEFAULT_COST_MOST_S: Final = 20.0


_WITHOUT_FAULT: Final = frozenset({"plain", "nothing", "too-big"})


class Moment(NamedTuple):
    """What a play is made for: one write key, at one instant."""

    write_key: str
    wall_ns: int  # since 1970, as the program is about to be started
    lead_ns: int  # how long the program takes from its start to its first request, generously
    pause_s: int  # the Retry-After that is announced, where a play leaves it open

    def second_ahead_ns(self, by_s: float) -> int:
        """The first whole second, since 1970, after the program is there and so much has passed."""
        at_ns = self.wall_ns + self.lead_ns + round(by_s * NS_PER_S)
        return -(-at_ns // NS_PER_S) * NS_PER_S


class Staged(NamedTuple):
    """A play made for one moment."""

    faults: tuple[Mapping[str, Any], ...]  # as the admin takes them, without name and write key
    until_ns: int | None = None  # since 1970: when they end, where that is an instant
    facts: Mapping[str, Any] = {}


def as_ever(*faults: Mapping[str, Any]) -> Callable[[Moment], Staged]:
    """The same at every moment."""
    return lambda _moment: Staged(faults)


class Play(NamedTuple):
    """A row of the table of plays. Cases share one, and it is then played once for all of them."""

    name: str
    about: str  # what happens, in words
    stage: Callable[[Moment], Staged] = as_ever()
    events: int = 12  # messages that the program is told to send
    every_ms: int = 0  # between two of them
    pad_bytes: int = 0  # and how much is added to each
    copies: int = 1  # so many processes at once, each with a key of its own
    cost_s: float = 2.0  # what it takes by the client's clock: waits that it is told or expected to make
    settled: str = DELIVERED
    held_up_s: float = 0.5  # of SHUTDOWN: how long before it is told to end
    starts_refused: float = 0.0  # nothing listens for so many seconds
    limit_per_s: int | None = None  # requests that the mock takes in a second
    is_full: bool = False
    doubles: bool = False  # each copy is told to send twice what the one before is

    def of_copy(self, copy: int) -> "Play":
        """As it is for this copy, counted from 0."""
        return self._replace(events=self.events << copy) if self.doubles else self

    @property
    def within_s(self) -> float:
        """When a program has outlived it."""
        return self.cost_s * 1.5 + 10.0

    @property
    def meets_fault(self) -> bool:
        """True when the play is about something that the mock does."""
        return self.name not in _WITHOUT_FAULT and not self.starts_refused and self.limit_per_s is None
