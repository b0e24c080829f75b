"""Remember each message that was turned away until it comes again, and judge how long that took.

Memory grows with what is turned away and not yet back, up to a bound; beyond it the oldest are forgotten and
counted.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from harness.units import NS_PER_MS

KEPT_MOST: Final = 1_000_000
EARLY_NS: Final = 5 * NS_PER_MS  # so much too early is no offence: timers of some languages fire early


class OpenTry(NamedTuple):
    """A message's last try, which the sender was told had failed."""

    at_ns: int
    asked_ns: int | None  # the wait that Retry-After asked for
    may_return: bool  # its status is one that is tried again
    stored: bool  # it is here all the same


class Return(NamedTuple):
    """How soon a message came again."""

    waited_ns: int
    too_early: bool | None  # None: nothing was asked


class OpenTries:
    """The messages that are still out, by identity."""

    __slots__ = ("_kept_most", "_open", "forgotten")

    def __init__(self, kept_most: int = KEPT_MOST) -> None:
        self._kept_most: Final = kept_most
        # Not a dict: finding its oldest walks over all that left before.
        self._open: OrderedDict[int, OpenTry] = OrderedDict()
        self.forgotten = 0

    def __contains__(self, identity: int) -> bool:
        return identity in self._open

    def __len__(self) -> int:
        return len(self._open)

    def returned(self, identity: int, now_ns: int) -> tuple[OpenTry, Return] | None:
        """The last try of a message that has come again, which is over now; None for one that was not out."""
        last = self._open.pop(identity, None)
        if last is None:
            return None
        waited_ns = now_ns - last.at_ns
        asked_ns = last.asked_ns
        return last, Return(waited_ns, None if asked_ns is None else waited_ns < asked_ns - EARLY_NS)

    def turned_away(self, identity: int, last: OpenTry) -> OpenTry | None:
        """It is out; answers the try that is forgotten for its sake, if one has to be."""
        forgotten = None
        if len(self._open) >= self._kept_most and identity not in self._open:
            _, forgotten = self._open.popitem(last=False)
            self.forgotten += 1
        self._open[identity] = last
        return forgotten

    def __iter__(self) -> Iterator[OpenTry]:
        """The last tries of all that are out."""
        return iter(self._open.values())
