"""Keep a small recording as its items, so that no further pass reads or parses it.

Enters: the items of a whole pass in reading order, with the JSON of each message whose line is plainly one.
Leaves: the same items under other indexes, and where asked with their messages prepared. What always holds: a
pass from here gives what reading the file again would give.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Final

from msgspec import Raw

from harness.model import Item
from harness.recording.counts import Counts

KEPT_BYTES: Final = 64 << 20  # of the file
KEPT_ITEMS: Final = 100_000  # an item takes some 600 bytes beside its line
BREATH_ITEMS: Final = 64

Prepare = Callable[[Item, Raw], bytes]  # makes `Item.prepared` of a message's JSON

_item: Final = partial(tuple.__new__, Item)  # the constructor itself takes twice as long
_PREPARED: Final = Item._fields.index("prepared")


class Kept:
    """All items of a recording."""

    __slots__ = ("_counts", "_items", "_messages", "_prepared_by")

    def __init__(self, items: Sequence[Item], messages: Sequence[Raw | None], counts: Counts) -> None:
        """`messages` has the JSON of each item, None where its line is not plainly a message."""
        self._items = list(items)
        self._messages: Sequence[Raw | None] = messages  # until they are prepared
        self._prepared_by: Prepare | None = None
        self._counts = replace(counts)

    def suits(self, prepare: Prepare | None) -> bool:
        """Whether a pass with messages prepared in this way can be had from here."""
        return self._prepared_by is None or self._prepared_by == prepare

    def items(
        self,
        counts: Counts,
        first_index: int,
        prepare: Prepare | None,
        breathe: Callable[[], object] | None,
    ) -> Iterator[Item]:
        """The pass again. `breathe` is called now and then while messages are prepared."""
        for field in fields(counts):
            setattr(counts, field.name, getattr(self._counts, field.name))
        if prepare is not None and self._prepared_by is None:
            self._prepare(prepare, breathe)
        for index, item in enumerate(self._items, first_index):
            yield item if item[0] == index else _item((index, *item[1:]))

    def _prepare(self, prepare: Prepare, breathe: Callable[[], object] | None) -> None:
        items = self._items
        for position, message in enumerate(self._messages):
            if message is not None:
                item = items[position]
                items[position] = _item((*item[:_PREPARED], prepare(item, message)))
            if breathe is not None and position % BREATH_ITEMS == 0:
                breathe()
        self._messages = ()
        self._prepared_by = prepare
