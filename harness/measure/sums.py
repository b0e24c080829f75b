"""Add up what became of the items, and say where two accounts of it disagree."""

from collections.abc import Mapping
from dataclasses import dataclass

ENDS = ("accepted", "rejected", "abandoned", "dropped", "cancelled", "pending")
_COUNTED_APART = ("filtered", "accepted", "rejected", "abandoned", "dropped")


@dataclass(frozen=True, slots=True)
class Sums:
    """Items of one sort (messages, or calls) by what became of them."""

    recorded: int = 0
    filtered: int = 0
    selected: int = 0
    accepted: int = 0
    rejected: int = 0
    abandoned: int = 0
    dropped: int = 0
    cancelled: int = 0
    pending: int = 0

    def disagreements(self, word: str) -> list[str]:
        """A sentence for each of the two sums that does not hold; `word` is what is counted."""
        found = []
        if self.recorded != self.selected + self.filtered:
            found.append(
                f"{self.recorded} {word} recorded, but {self.selected} selected + {self.filtered} filtered"
            )
        ended = sum(getattr(self, end) for end in ENDS)
        if self.selected != ended:
            found.append(f"{self.selected} {word} selected, but {ended} ended in some state")
        if self.pending < 0:
            found.append(f"{-self.pending} {word} more ended than were selected")
        return found


def add_up(
    counted: Mapping[str, int], mapped: Mapping[str, int] | None, *, recorded: int | None, closed: bool
) -> tuple[Sums, Sums, tuple[str, ...]]:
    """`(messages, calls, disagreements)` from the tally's counts and the delivery map's.

    `counted` has names like `messages.accepted` and `calls.selected`; `mapped` is `DeliveryMap.became`.
    The map is exact even after a kill but does not tell messages from calls, so calls are as counted and
    messages the rest. `recorded` is the reader's own count; without it, what the map has seen. After a
    clean end (`closed`) the two accounts were made apart and must agree; after a kill the counts lack the
    last second and are not compared.
    """
    calls = _counted_sums(counted, "calls")
    if mapped is None:
        messages = _counted_sums(counted, "messages")
        return messages, calls, ()
    known = {name: count for name, count in mapped.items() if name != "unread"}
    all_selected = sum(known.values()) - known["filtered"]
    all_recorded = sum(known.values()) if recorded is None else recorded
    counted_selected = counted.get("messages.selected", 0) + calls.selected
    messages = Sums(
        recorded=all_recorded - calls.recorded,
        filtered=known["filtered"] - calls.filtered,
        selected=(counted_selected if closed else all_selected) - calls.selected,
        **{end: known[end] - getattr(calls, end) for end in ENDS},
    )
    disagreements = messages.disagreements("messages") + calls.disagreements("calls")
    if closed:
        for name in _COUNTED_APART:
            count = counted.get(f"messages.{name}", 0) + counted.get(f"calls.{name}", 0)
            if count != known[name]:
                disagreements.append(
                    f"{count} items counted as {name}, but {known[name]} in the delivery map"
                )
    return messages, calls, tuple(disagreements)


def _counted_sums(counted: Mapping[str, int], prefix: str) -> Sums:
    part = {name: counted.get(f"{prefix}.{name}", 0) for name in ("selected", *_COUNTED_APART, "cancelled")}
    ended = sum(part[end] for end in ENDS if end != "pending")
    return Sums(**part, recorded=part["selected"] + part["filtered"], pending=part["selected"] - ended)
