"""What every way of counting can do: say how long to wait, and be charged."""

from collections.abc import Hashable
from typing import NamedTuple, Protocol


class Figures(NamedTuple):
    """How one scope stands under one limit."""

    used: int  # units; above the capacity after one request that alone cost more
    remaining: int  # units that would be admitted at once
    more_ns: int  # until more than this remains; 0 when nothing is used
    free_ns: int  # until nothing is used any more


class Meter(Protocol):
    """The account of one limit, for every scope. Pure: the instant is passed in, in monotonic ns.

    Instants are 0 or more and never go back from call to call: `throttle.Limits` sees to that. Asking
    leaves no trace, so that several limits can be asked before any is charged. A request that costs more
    than the whole capacity could never fit, so it is admitted alone, when nothing is used, and then takes
    the time of all it costs.
    """

    capacity: int  # the most that fits at once
    peak: int  # the most that any scope had used at once

    def wait_ns(self, scope: Hashable, cost: int, now_ns: int) -> int:
        """0 when `cost` units (1 or more) fit now; else the ns after which they will."""

    def charge(self, scope: Hashable, cost: int, now_ns: int, delay_ns: int = 0) -> None:
        """Count `cost` units at now + delay, which is at least its `wait_ns`; later ones queue up behind."""

    def take(self, scope: Hashable, cost: int, now_ns: int) -> bool:
        """Charge `cost` units (1 up to the capacity) if they fit now: the two steps in one, for speed."""

    def figures(self, scope: Hashable, now_ns: int) -> Figures:
        """How this scope stands now."""

    def fullest(self, now_ns: int) -> int:
        """The units that the fullest scope has used now; lets go of idle scopes on the way."""

    def forget(self, scope: Hashable) -> None:
        """This scope has used nothing."""

    @property
    def scopes(self) -> int:
        """How many scopes are remembered."""

    @property
    def crowded(self) -> int:
        """How many calls met the account that newcomers share when there are too many scopes."""
