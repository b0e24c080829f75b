"""Count what messages were about: by type and event, by source, by size, and the people in them.

What enters: each message of a run with what became of it. What leaves: counts with bounded, masked names, so
that 100,000 event names of a stranger's make a short table and no secret gets into a file.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from harness.masking import masked
from harness.segment.messages import keys_of
from harness.segment.sizes import MESSAGE_BYTES

EVENTS_MOST: Final = 200  # rows that are kept; the rest is added up
NAME_CHARACTERS: Final = 120
SIZE_BOUNDS: Final = (256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, MESSAGE_BYTES)

_KEPT_CHARACTERS: Final = 512
_NAMED_BY: Final = {"track": "event", "page": "name", "screen": "name"}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One type and event."""

    type: str
    event: str | None  # masked and cut; None where the type has none, or the message names none
    characters: int  # of the name as it came
    items: int
    ends: Mapping[str, int]  # what became of them


@dataclass(frozen=True, slots=True)
class Contents:
    """What a run's messages were about."""

    looked_at: int  # messages
    complete: bool  # False: there were more
    by_event: Sequence[EventRow]  # the commonest first
    events: int  # different names, all told
    others: int  # messages of the names that have no row
    by_source: Mapping[str, Mapping[str, int]]  # what became of them, by label
    sizes: Sequence[tuple[int | None, int]]  # (at most so many bytes, messages); None: more than all bounds
    biggest_bytes: int
    mean_bytes: float | None
    users: int  # different userIds among the accepted
    anonymous: int  # different anonymousIds among them that never stand beside a userId


class _Event(NamedTuple):
    """What names an event: enough of a long name to be shown, and its hash."""

    kind: str
    name: str
    characters: int
    whole: int


class ContentCounter:
    """Counts messages one by one; memory grows with names and people."""

    def __init__(self) -> None:
        self._events: defaultdict[_Event, dict[str, int]] = defaultdict(dict)
        self._sources: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._sizes = [0] * (len(SIZE_BOUNDS) + 1)
        self._biggest_bytes = self._all_bytes = self._messages = 0
        self._users: set[int] = set()
        self._anonymous: set[int] = set()
        self._joined: set[int] = set()

    def count(
        self,
        message: Mapping[str, Any],
        *,
        kind: str,
        source: str,
        size_bytes: int,
        end: str,
    ) -> None:
        """One message, with the ids it was sent with, that came to this end."""
        self._messages += 1
        name = message.get(_NAMED_BY.get(kind, ""))
        text = name if isinstance(name, str) else ""
        ends = self._events[_Event(kind, text[:_KEPT_CHARACTERS], len(text), hash(text))]
        ends[end] = ends.get(end, 0) + 1
        self._sources[source][end] += 1
        self._sizes[bisect_left(SIZE_BOUNDS, size_bytes)] += 1
        self._all_bytes += size_bytes
        self._biggest_bytes = max(self._biggest_bytes, size_bytes)
        if end == "accepted":
            self._meet(message)

    def contents(self, *, complete: bool) -> Contents:
        """All that was counted."""
        ranked = sorted(
            ((sum(ends.values()), event, ends) for event, ends in self._events.items()),
            key=lambda entry: (-entry[0], entry[1].kind),
        )
        return Contents(
            looked_at=self._messages,
            complete=complete,
            by_event=tuple(
                EventRow(event.kind, _shown(event), event.characters, items, dict(ends))
                for items, event, ends in ranked[:EVENTS_MOST]
            ),
            events=len(ranked),
            others=sum(items for items, _, _ in ranked[EVENTS_MOST:]),
            by_source={source: dict(ends) for source, ends in self._sources.items()},
            sizes=tuple(zip((*SIZE_BOUNDS, None), self._sizes, strict=True)),
            biggest_bytes=self._biggest_bytes,
            mean_bytes=round(self._all_bytes / self._messages, 1) if self._messages else None,
            users=len(self._users),
            anonymous=len(self._anonymous - self._joined),
        )

    def _meet(self, message: Mapping[str, Any]) -> None:
        user, anonymous = message.get("userId"), message.get("anonymousId")
        users = set(map(hash, keys_of(user, None, None)))
        beside = set(map(hash, keys_of(None, anonymous, None)))
        self._users |= users
        self._anonymous |= beside
        if users:
            # The previousId of an alias is no new person; where it is an anonymousId, it is joined here.
            self._joined |= beside | set(map(hash, keys_of(None, None, message.get("previousId"))))


def _shown(event: _Event) -> str | None:
    return masked(event.name)[:NAME_CHARACTERS] if event.characters else None
