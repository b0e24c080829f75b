"""Count what became of messages behind the 200, by source, step, destination and reason."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from harness.segment.stages.stage import Fate, Outcome

MOST_ROWS: Final = 10_000  # reasons and destinations are few; a stage with a reason for each message is not


class Row(NamedTuple):
    """What is counted together."""

    source: int  # the number of the source's write key in the ledger
    fate: Fate
    destination: str | None
    reason: str | None


class StageCounts:
    """How many messages came in, and where they ended."""

    __slots__ = ("_received", "_rows", "_unlisted")

    def __init__(self) -> None:
        self._received: dict[int, int] = {}
        self._rows: dict[Row, int] = {}
        self._unlisted: dict[tuple[int, Fate], int] = {}

    def receive(self, source: int, messages: int = 1) -> None:
        """Messages of this source were answered 200."""
        self._received[source] = self._received.get(source, 0) + messages

    def end(self, source: int, outcomes: Iterable[Outcome]) -> None:
        """A message ended in these ways, one for each destination it was meant for."""
        for outcome in outcomes:
            self.end_many(source, outcome, 1)

    def end_many(self, source: int, outcome: Outcome, messages: int) -> None:
        """So many messages ended in this one way."""
        row = Row(source, outcome.fate, outcome.destination, outcome.reason)
        if row in self._rows or len(self._rows) < MOST_ROWS:
            self._rows[row] = self._rows.get(row, 0) + messages
        else:
            place = (source, outcome.fate)
            self._unlisted[place] = self._unlisted.get(place, 0) + messages

    def reset(self, source: int | None = None) -> None:
        """Forget everything, or everything of one source."""
        self._received = _others(self._received, source)
        self._rows = {row: count for row, count in self._rows.items() if source not in {None, row.source}}
        self._unlisted = {
            place: count for place, count in self._unlisted.items() if source not in {None, place[0]}
        }

    def report(self, source: int | None = None) -> dict[str, object]:
        """The counts of all sources or of one: `received`, one figure a fate, and `rows`.

        A fate is a figure over destinations: a message for two of them may be delivered twice. `rows` are
        `{"source", "stage", "destination", "reason", "count"}` in Segment's order; `unlisted` is how many
        messages are in the figures and in no row, because there were too many different ones.
        """
        rows = [(row, count) for row, count in self._rows.items() if source in {None, row.source}]
        unlisted = [(fate, count) for (key, fate), count in self._unlisted.items() if source in {None, key}]
        totals = dict.fromkeys(Fate, 0)
        for row, count in rows:
            totals[row.fate] += count
        for fate, count in unlisted:
            totals[fate] += count
        rows.sort(key=_order)
        return {
            "received": sum(count for key, count in self._received.items() if source in {None, key}),
            **{fate.value.replace(" ", "_"): count for fate, count in totals.items()},
            "rows": [
                {
                    "source": row.source,
                    "stage": row.fate.value,
                    "destination": row.destination,
                    "reason": row.reason,
                    "count": count,
                }
                for row, count in rows
            ],
            "unlisted": sum(count for _, count in unlisted),
        }


_FATES: Final = tuple(Fate)


def _order(counted: tuple[Row, int]) -> tuple[int, int, str, str]:
    row = counted[0]
    return row.source, _FATES.index(row.fate), row.destination or "", row.reason or ""


def _others(counts: dict[int, int], source: int | None) -> dict[int, int]:
    return {} if source is None else {key: count for key, count in counts.items() if key != source}
