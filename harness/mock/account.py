"""Count what became of the messages of one write key."""

from collections import Counter
from typing import Any, Final

STORED: Final = "stored"
DUPLICATES: Final = "duplicates"
DISCARDED: Final = "discarded"
REFUSED: Final = "refused"
THROTTLED: Final = "throttled"
FAULTED: Final = "faulted"
CLASSES: Final = (STORED, DUPLICATES, DISCARDED, REFUSED, THROTTLED, FAULTED)

_WITH_REASONS: Final = (DISCARDED, REFUSED, THROTTLED, FAULTED)


class Account:
    """The counts of one write key; `received` is the sum of the classes."""

    __slots__ = (
        "batch_notes",
        "by_class",
        "by_reason",
        "dropped_properties",
        "empty_batches",
        "unique",
        "unreadable",
        "unusable_clocks",
    )

    def __init__(self) -> None:
        self.by_class: Counter[str] = Counter()
        self.by_reason: Counter[tuple[str, str]] = Counter()  # class, reason
        self.unreadable: Counter[str] = Counter()  # reason
        self.unique = 0  # distinct ids stored, whatever was answered
        self.empty_batches = 0
        self.unusable_clocks = 0
        self.dropped_properties = 0  # beyond the most that a message may have
        self.batch_notes: Counter[str] = (
            Counter()
        )  # what Segment notes of a batch some of whose messages are bad

    def add(self, other: "Account") -> None:
        """Take another account's counts in."""
        self.by_class += other.by_class
        self.by_reason += other.by_reason
        self.unreadable += other.unreadable
        self.unique += other.unique
        self.empty_batches += other.empty_batches
        self.unusable_clocks += other.unusable_clocks
        self.dropped_properties += other.dropped_properties
        self.batch_notes += other.batch_notes

    def document(self) -> dict[str, Any]:
        """The counts by name, for JSON."""
        return {
            "received": self.by_class.total(),
            **{class_: self.by_class[class_] for class_ in CLASSES},
            "unique": self.unique,
            "unreadable_requests": self.unreadable.total(),
            **{f"{class_}_by_reason": self._reasons(class_) for class_ in _WITH_REASONS},
            "unreadable_by_reason": dict(self.unreadable),
            "empty_batches": self.empty_batches,
            "unusable_clocks": self.unusable_clocks,
            "dropped_properties": self.dropped_properties,
            "batch_notes": dict(self.batch_notes),
        }

    def _reasons(self, class_: str) -> dict[str, int]:
        return {reason: count for (of, reason), count in self.by_reason.items() if of == class_}
