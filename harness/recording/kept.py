"""Keep a small recording as its items once it was read, so that a further pass neither reads nor parses it.

Enters: each item of a whole pass in reading order, with the JSON of its message where the line is plainly
one. Leaves: the same items again, under other indexes. What always holds: a pass from here gives what reading
the file again would give, and a recording beyond the bounds is not kept at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from msgspec import Raw

from harness.model import Item
from harness.recording.counts import Counts

KEPT_BYTES: Final = 64 << 20  # of the file
KEPT_ITEMS: Final = 100_000  # an item takes some 600 bytes beside its line

# Hears of a message's JSON and answers what it made of it; in later passes it is told that in its place.
Keep = Callable[[Item, Raw | bytes], bytes]

_item: Final = partial(tuple.__new__, Item)  # the constructor itself takes twice as long


class Kept:
    """The items of one pass; `complete` once the pass came to its end within the bounds."""

    __slots__ = ("_counts", "_items", "_messages", "_prepared_by", "_seen", "complete")

    def __init__(self, prepared_by: Keep | None) -> None:
        self._items: list[Item] | None = []
        self._messages: list[Raw | bytes | None] = []
        self._prepared_by = prepared_by
        self._seen: Raw | bytes | None = None
        self._counts = Counts()
        self.complete = False

    def see(self, item: Item, message: Raw | bytes) -> None:
        """The next item is plainly a message; this is its JSON, or what was made of it."""
        prepare = self._prepared_by
        self._seen = message if prepare is None else prepare(item, message)

    def add(self, item: Item) -> None:
        """The next item of the pass."""
        items, seen = self._items, self._seen
        self._seen = None
        if items is None:
            return
        if len(items) >= KEPT_ITEMS:
            self._items, self._messages = None, []
            return
        items.append(item)
        self._messages.append(seen)

    def end(self, counts: Counts) -> None:
        """The pass is whole, and this is what it came across."""
        self._counts = replace(counts)
        self.complete = self._items is not None

    def suits(self, prepare: Keep | None) -> bool:
        """Whether a pass that hands messages to `prepare` can be had from here."""
        return self.complete and (
            prepare is None or self._prepared_by is None or self._prepared_by == prepare
        )

    def items(self, counts: Counts, first_index: int, prepare: Keep | None) -> Iterator[Item]:
        """The pass again; `counts` grows as it would if the file was read."""
        if prepare is not None:
            self._prepared_by = prepare
        messages, index = self._messages, first_index
        for position, kept in enumerate(self._items or ()):
            item = kept if kept[0] == index else _item((index, *kept[1:]))
            message = messages[position]
            if prepare is not None and message is not None:
                messages[position] = prepare(item, message)
            index += 1
            counts.items += 1
            counts.bytes_read = item.place.offset
            yield item
        whole = self._counts
        for name in (
            "lines",
            "truncated_last_line",
            "oversize",
            "biggest_bytes",
            "biggest_line",
            "bytes_read",
        ):
            setattr(counts, name, getattr(whole, name))
