"""See whether each person's messages come in the order of their own timestamps.

Equal timestamps are in order. Memory grows with the ids of people, up to a bound; beyond it those not met for
longest are forgotten, half of all at a time, and counted.
"""

from collections.abc import Iterable
from typing import Final

PEOPLE_MOST: Final = 1_000_000


class PersonOrder:
    """The latest timestamp met of each id."""

    __slots__ = ("_older", "_people_most", "_young", "forgotten", "judged", "without_stamp")

    def __init__(self, people_most: int = PEOPLE_MOST) -> None:
        self._young: dict[int, tuple[int, bool]] = {}
        self._older: dict[int, tuple[int, bool]] = {}
        self._people_most: Final = people_most
        self.judged = 0
        self.without_stamp = 0
        self.forgotten = 0

    @property
    def people(self) -> int:
        """How many ids are known."""
        return len(self._young) + len(self._older)

    def met(self, people: Iterable[int], stamp_ms: int | None, *, retried: bool) -> bool | None:
        """A message arrived: None when in order, else whether a retry of either message explains it."""
        if stamp_ms is None:
            self.without_stamp += 1
            return None
        self.judged += 1
        overtaken: list[bool] = []
        for person in people:
            latest = self._young.get(person) or self._older.pop(person, None)
            if latest is not None and latest[0] > stamp_ms:
                overtaken.append(latest[1])
            else:
                latest = stamp_ms, retried
            self._keep(person, latest)
        return retried or all(overtaken) if overtaken else None

    def _keep(self, person: int, latest: tuple[int, bool]) -> None:
        if person not in self._young and 2 * len(self._young) >= self._people_most:
            self.forgotten += len(self._older)
            self._older, self._young = self._young, {}
        self._young[person] = latest
