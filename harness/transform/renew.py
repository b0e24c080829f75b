"""Make the people of each pass people of their own: none meets the lanes or profiles of another."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from harness.model import Item
from harness.transform.multiply import key_mark


class Rounds:
    """Which copy of the recorded people each pass has: the first `first_copy`, each later one the next."""

    __slots__ = ("_begins", "_first_copy")

    def __init__(self, first_copy: int) -> None:
        self._first_copy = first_copy
        self._begins: list[int] = []  # the index of the first item of each pass, rising

    def begin(self, first_index: int) -> int:
        """Another pass begins, with this index; answers its copy."""
        self._begins.append(first_index)
        return self.next_copy - 1

    def copy_of(self, index: int) -> int:
        """The copy of the pass that this index is in."""
        return self._first_copy + bisect_right(self._begins, index) - 1

    @property
    def next_copy(self) -> int:
        """The first copy that no pass has had."""
        return self._first_copy + len(self._begins)


def renewed(items: Iterable[Item], copy: int) -> Iterator[Item]:
    """The items of a pass as those of copy `copy` (1 or more) of their people; indexes stay."""
    mark = key_mark(copy)
    for item in items:
        group = None if item.group is None else (copy, item.group)
        yield item._replace(keys=tuple([mark + key for key in item.keys]), group=group)


def recorded_before(item: Item, copy: int) -> Item:
    """The item as its recording has it, for whoever reads its line again."""
    mark = key_mark(copy)
    return item._replace(keys=tuple([key.removeprefix(mark) for key in item.keys]))
