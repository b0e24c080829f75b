"""Say what was seen of one request: when it was under way, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from harness.model import Limit

OWN: Final = "own"
OTHER: Final = "other"  # another key, space or token
SLIDING: Final = "sliding"
FIXED: Final = "fixed"


class Exchange(NamedTuple):
    """One request and its answer. The server counted it at some instant from `sent_ns` to `done_ns`."""

    who: str  # own, other
    units: int  # what it costs, by the limit's unit
    sent_ns: int  # on the server's clock where that is steered, else on ours
    done_ns: int
    status: int | None  # None: no answer
    taken: bool  # answered as one that passed the limit
    headers: Mapping[str, str]  # names in lower case
    wait_ns: int | None = None  # what its Retry-After asks for; None when it says nothing
    ids: tuple[str, ...] = ()  # of its messages
    took_ns: int = 0  # real time

    @property
    def refused(self) -> bool:
        """Whether the limit stopped it."""
        return self.status == 429


Steps = Mapping[str, tuple[Exchange, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scene showed, and what it is held against."""

    limit: Limit
    steps: Steps
    steered: bool = False  # its clock stood still while requests were under way
    beyond: bool = False  # not on this machine: a contract may allow more than the documentation
    counting: str = SLIDING
    stored: frozenset[str] | None = field(default=None, repr=False)  # ids in its ledger; None: it has none

    @property
    def all(self) -> list[Exchange]:
        """Every exchange with the key of the check itself."""
        return [each for step in self.steps.values() for each in step if each.who == OWN]

    def of(self, step: str) -> tuple[Exchange, ...]:
        """The exchanges of one step; none when it was not played."""
        return self.steps.get(step, ())


def units_of(exchanges: Sequence[Exchange]) -> int:
    """What these cost together."""
    return sum(each.units for each in exchanges)
