"""Make several people of each person: every item once for each copy, in the order of the recorded times.

A copy comes later than the recording by one shift for all its people, so that it keeps every gap and every
link between ids, and memory does not hang on how far the copies are spread: each copy reads the recording for
itself, and holds no more than the reader's own window. Copy 0 is the recording as it is.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from harness.errors import BadLineError
from harness.model import Item

OpenPass = Callable[[], Iterable[Item]]


def copy_shifts(copies: int, spread_ns: int, chance: Random) -> tuple[int, ...]:
    """By how many ns of recorded time each copy is late; rising, below `spread_ns`, the first 0.

    One by chance in each equal part of the spread: equal distances would let a recording that beats once a
    minute beat in step with itself.
    """
    if copies == 1 or spread_ns == 0:
        return (0,) * copies
    part_ns = spread_ns / (copies - 1)
    return (0, *(int((number + chance.random()) * part_ns) for number in range(copies - 1)))


def multiply(open_pass: OpenPass, shifts_ns: Sequence[int]) -> Iterator[Item]:
    """One pass of all copies; `open_pass` reads the recording once more from its start each time.

    Without any shift one reading is enough. An item's index becomes `index * copies + copy`.

    Raises:
        BadLineError: after all copies of what stood before the bad line.
    """
    copies = len(shifts_ns)
    if not any(shifts_ns):
        for item in open_pass():
            for copy in range(copies):
                yield _copied(item, copy, copies, 0)
        return
    yield from _merged(open_pass, shifts_ns)


def recorded_item(item: Item, copies: int) -> Item:
    """The item as its recording has it, for whoever reads its line again."""
    if item.index % copies == 0:
        return item
    mark = key_mark(item.index % copies)
    keys = tuple(key.removeprefix(mark) for key in item.keys)
    return item._replace(keys=keys)


class _Head(NamedTuple):
    """The next item of one copy; sorts by its shifted instant, then as the recording stands."""

    at_ns: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    item: Item
    rest: Iterator[Item]
    copy: int


def _merged(open_pass: OpenPass, shifts_ns: Sequence[int]) -> Iterator[Item]:
    copies = len(shifts_ns)
    heads: list[_Head] = []
    bad: list[BadLineError] = []
    first_ns: int | None = None
    begun = 0

    def next_head(rest: Iterator[Item], copy: int, before_ns: int) -> _Head | None:
        try:
            item = next(rest, None)
        except BadLineError as error:
            bad.append(error)
            return None
        if item is None:
            return None
        moved = _copied(item, copy, copies, shifts_ns[copy])
        # One without a time stands behind what it follows.
        return _Head(before_ns if moved.at_ns is None else moved.at_ns, moved.index, moved, rest, copy)

    while True:
        # A copy is read from where its first item could be next, not earlier: each holds a window.
        while begun < copies and (
            not heads or first_ns is None or heads[0].at_ns >= first_ns + shifts_ns[begun]
        ):
            head = next_head(iter(open_pass()), begun, 0)
            if head is not None:
                heapq.heappush(heads, head)
                if begun == 0:
                    first_ns = head.item.at_ns
            begun += 1
        if not heads:
            break
        head = heads[0]
        yield head.item
        following = next_head(head.rest, head.copy, head.at_ns)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, following)
    if bad:
        raise bad[0]


def _copied(item: Item, copy: int, copies: int, shift_ns: int) -> Item:
    index, at_ns, keys, group = item.index * copies + copy, item.at_ns, item.keys, item.group
    if copy:
        mark = key_mark(copy)
        keys = tuple([mark + key for key in keys])
        at_ns = None if at_ns is None else at_ns + shift_ns
        group = None if group is None else (copy, group)
    return item._replace(index=index, at_ns=at_ns, keys=keys, group=group)


def key_mark(copy: int) -> str:
    """What tells the ids of a copy's person from the recorded ones, in an item's keys."""
    return f"{copy}~"
