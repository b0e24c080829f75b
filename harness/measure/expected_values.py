"""Compare the values that were expected with those that came; nine bytes a value, as digests."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

SAMPLES_MOST = 20

_TWICE = 2


@dataclass(frozen=True, slots=True)
class ExpectedFigures:
    """What became of the expected values."""

    key: str  # where in a message the value stands
    expected: int  # different values
    listed_again: int  # lines of the list whose value stood there before
    received: int
    missing: int
    unexpected: int  # messages with a value that is not in the list
    repeated: int  # values that came in more than one message
    without_value: int  # messages that have none, and are not judged
    missing_lines: tuple[int, ...] = ()  # of the list, the first of them


class ExpectedValues:
    """A list of digests, and which of them have come."""

    __slots__ = ("_came", "_values", "listed", "unexpected", "without_value")

    def __init__(self, digests: Iterable[int]) -> None:
        listed = array("Q", digests)
        self.listed = len(listed)
        self._values = array("Q")
        for value in sorted(listed):
            if not self._values or self._values[-1] != value:
                self._values.append(value)
        self._came = bytearray(len(self._values))
        self.unexpected = 0
        self.without_value = 0

    def met(self, value: int | None) -> bool:
        """A new message with this value arrived; False when it is one too many."""
        if value is None:
            self.without_value += 1
            return True
        place = self._place(value)
        if place is None:
            self.unexpected += 1
            return False
        self._came[place] = min(_TWICE, self._came[place] + 1)
        return True

    def is_missing(self, value: int) -> bool:
        """Whether a value of the list has not come."""
        place = self._place(value)
        return place is not None and not self._came[place]

    def figures(self, key: str, missing_lines: tuple[int, ...] = ()) -> ExpectedFigures:
        """What it came to."""
        missing = self._came.count(0)
        return ExpectedFigures(
            key,
            len(self._values),
            self.listed - len(self._values),
            len(self._values) - missing,
            missing,
            self.unexpected,
            self._came.count(_TWICE),
            self.without_value,
            missing_lines,
        )

    def _place(self, value: int) -> int | None:
        place = bisect_left(self._values, value)
        return place if place < len(self._values) and self._values[place] == value else None
