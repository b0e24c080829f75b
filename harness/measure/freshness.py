"""Measure how long after a message was accepted its person's profile can be read.

The time runs from the answer that accepted the first message of a person in this run. Reads give it two
bounds and no more: *readable* is when the first read found the profile, *still missing* is when a read did
not. The truth lies between them, as finely as reads come. A read answered before any message of its person
was accepted says nothing; when it finds the profile, that was there before, and the person is left out.

It begins only where a read stands among the items read before the start, and it watches at most
`PEOPLE_MOST` people, so that memory stays flat; those beyond are not watched.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from harness.model import Answer, Arrival, Item
from harness.segment.profile_paths import person_of_traits

PEOPLE_MOST: Final = 100_000
_DONE: Final = -1  # readable, or left out


class Seen(NamedTuple):
    """What one read says of its person."""

    readable: bool
    after_ns: int  # the first message was accepted


class Freshness:
    """The people of a run, by key: when their first message was accepted."""

    __slots__ = ("_accepted_ns", "_as_read", "watches")

    def __init__(self, as_read: Callable[[str], str] | None = None) -> None:
        """`as_read` turns a key of an item into the one by which reads name the person, where they differ."""
        self._accepted_ns: dict[str, int] = {}
        self._as_read = as_read
        self.watches = False  # whether a read of somebody's traits is to come

    def expect(self, item: Item) -> None:
        """A call was read ahead."""
        if item.kind == "GET" and person_of_traits(item.path) is not None:
            self.watches = True

    def accepted(self, arrivals: Iterable[Arrival], done_ns: int) -> None:
        """These messages were accepted."""
        accepted_ns, as_read = self._accepted_ns, self._as_read
        for arrival in arrivals:
            keys = arrival.item.keys
            for key in keys if as_read is None else map(as_read, keys):
                if key not in accepted_ns and len(accepted_ns) < PEOPLE_MOST:
                    accepted_ns[key] = done_ns

    def read(self, item: Item, answer: Answer) -> Seen | None:
        """A call was answered: what that says of its person; None when it says nothing, or nothing new."""
        found = answer.status is not None and 200 <= answer.status < 300
        key = person_of_traits(item.path) if item.kind == "GET" else None
        if key is None or not (found or answer.unknown_profile):
            return None
        accepted_ns = self._accepted_ns.get(key)
        if found and (accepted_ns is not None or len(self._accepted_ns) < PEOPLE_MOST):
            self._accepted_ns[key] = _DONE
        return (
            None if accepted_ns is None or accepted_ns == _DONE else Seen(found, answer.done_ns - accepted_ns)
        )
