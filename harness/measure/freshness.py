"""Measure how long after a message was accepted its person's profile can be read.

From the answer that accepted the first message of a person in this run, to the answer of the first read of
that person's traits that was 2xx. So it is no finer than the reads come: a read that comes 200 ms after the
message, and finds the profile, says *within 200 ms*. A read answered before any message of its person was
accepted says nothing; when such a read is 2xx the profile was there before, and the person is left out.

It begins only where a read stands among the items read before the start, and it watches at most
`PEOPLE_MOST` people, so that memory stays flat; those beyond are not watched.
"""

from collections.abc import Iterable
from typing import Final

from harness.model import Answer, Arrival, Item
from harness.segment.profile_paths import person_of_traits

PEOPLE_MOST: Final = 100_000
_DONE: Final = -1  # readable, or left out


class Freshness:
    """The people of a run, by key: when their first message was accepted."""

    __slots__ = ("_accepted_ns", "watches")

    def __init__(self) -> None:
        self._accepted_ns: dict[str, int] = {}
        self.watches = False  # whether a read of somebody's traits is to come

    def expect(self, item: Item) -> None:
        """A call was read ahead."""
        if item.kind == "GET" and person_of_traits(item.path) is not None:
            self.watches = True

    def accepted(self, arrivals: Iterable[Arrival], done_ns: int) -> None:
        """These messages were accepted."""
        accepted_ns = self._accepted_ns
        for arrival in arrivals:
            for key in arrival.item.keys:
                if key not in accepted_ns and len(accepted_ns) < PEOPLE_MOST:
                    accepted_ns[key] = done_ns

    def read(self, item: Item, answer: Answer) -> int | None:
        """A call was answered; answers the time to record, in ns, when it is the first 2xx of its person."""
        if answer.status is None or not 200 <= answer.status < 300 or item.kind != "GET":
            return None
        key = person_of_traits(item.path)
        if key is None:
            return None
        accepted_ns = self._accepted_ns.get(key)
        if accepted_ns is None and len(self._accepted_ns) >= PEOPLE_MOST:
            return None
        self._accepted_ns[key] = _DONE
        return None if accepted_ns is None or accepted_ns == _DONE else answer.done_ns - accepted_ns
