"""Bound what waits in memory, and say for how long and for whose sake the reader stood still."""

from collections.abc import Iterable

from harness.model import Arrival


class Backlog:
    """Counts waiting items and the bytes of those whose lines cannot be read again."""

    def __init__(self, *, items: int, kept_bytes: int) -> None:
        self._items = items
        self._kept_bytes = kept_bytes
        self._kept_now_bytes = 0
        self._full_since_ns: int | None = None
        self.stops = 0
        self.stood_ns: dict[str, int] = {}  # by the source that held the reader up

    def keep(self, arrivals: Iterable[Arrival]) -> None:
        """They were read, and wait."""
        self._kept_now_bytes += sum(map(_kept_bytes, arrivals))

    def drop(self, arrivals: Iterable[Arrival]) -> None:
        """They are settled."""
        self._kept_now_bytes -= sum(map(_kept_bytes, arrivals))

    def is_full(self, waiting: int) -> bool:
        """True when no more may be read while so many items wait."""
        return waiting >= self._items or self._kept_now_bytes >= self._kept_bytes

    def stand(self, now_ns: int) -> None:
        """The reader stands still from here."""
        if self._full_since_ns is None:
            self._full_since_ns = now_ns
            self.stops += 1

    def go_on(self, now_ns: int, source: str) -> None:
        """The reader goes on; if it stood still, it was for this source's sake."""
        if self._full_since_ns is not None:
            self.stood_ns[source] = self.stood_ns.get(source, 0) + now_ns - self._full_since_ns
            self._full_since_ns = None


def _kept_bytes(arrival: Arrival) -> int:
    # The items of one recorded batch share their line; the first of them stands for it.
    place = arrival.item.place
    return len(place.raw) if place.raw is not None and place.within <= 0 else 0
