"""Count what the Profile and Config calls of a run came to, apart from its messages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from harness.measure.api_part import ApiPart
from harness.measure.freshness import Freshness
from harness.measure.index_set import IndexSet
from harness.model import Answer, Arrival, Item, Request


class Calls:
    """Which items are calls, and for each second not yet written a part for each of their APIs."""

    __slots__ = ("_freshness", "_parts", "indexes")

    def __init__(self, freshness: Freshness | None) -> None:
        self._freshness = freshness
        self._parts: defaultdict[int, defaultdict[str, ApiPart]] = defaultdict(lambda: defaultdict(ApiPart))
        self.indexes = IndexSet()

    @property
    def watches(self) -> bool:
        """Whether the messages that are accepted should be told, because reads of their people follow."""
        return self._freshness is not None

    def started(self) -> None:
        """What was read ahead is known: without a read among it nothing is watched."""
        if self._freshness is not None and not self._freshness.watches:
            self._freshness = None

    def selected(self, item: Item) -> None:
        """A call was read, and is to be sent."""
        self.indexes.add(item.index)
        if self._freshness is not None:
            self._freshness.expect(item)

    def accepted(self, arrivals: Iterable[Arrival], done_ns: int) -> None:
        """Messages were accepted."""
        if self._freshness is not None:
            self._freshness.accepted(arrivals, done_ns)

    def answered(self, request: Request, answer: Answer, second: int) -> ApiPart:
        """The part in which this answer is to be counted, with what calls alone have already in it."""
        part = self._parts[second][request.api]
        if answer.unknown_profile:
            part.not_found += 1
        elif request.method == "GET" and answer.status is not None and 200 <= answer.status < 300:
            part.read += 1
        if self._freshness is not None:
            seen = self._freshness.read(request.arrivals[0].item, answer)
            if seen is not None:
                (part.readable if seen.readable else part.still_missing).record(seen.after_ns)
        return part

    def part(self, api: str, second: int) -> ApiPart:
        """What one API came to in one second."""
        return self._parts[second][api]

    def take(self, second: int) -> Mapping[str, ApiPart]:
        """The parts of a second that is written now."""
        return self._parts.pop(second, {})
