"""Turn a recording's lines into items, in reading order."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Final

import msgspec
import orjson

from harness.errors import BadLineError
from harness.model import Item, Message, Place
from harness.recording.counts import Counts
from harness.recording.header import MARK, Header, parse_header
from harness.recording.lines import Line
from harness.recording.plain_line import PlainLine, fields_of, plain_line
from harness.recording.shapes import NotAnItemError, Shape, lateness_ns, merged, shape_of
from harness.segment.messages import person_keys
from harness.segment.sizes import MESSAGE_BYTES

_NO_ITEMS: Final[Sequence[Item]] = ()
_NEVER_TOO_DEEP: Final = 200  # orjson writes 254 levels

# A named tuple's own constructor takes twice as long.
_item: Final = partial(tuple.__new__, Item)
_place: Final = partial(tuple.__new__, Place)
_json: Final = msgspec.json.Encoder().encode

See = Callable[[Item, msgspec.Raw], object]  # hears of an item that is plainly a message, and of its JSON


class Parser:
    """Reads the lines of one pass, first to last; knows the header, the kind of times, and the next index."""

    def __init__(
        self,
        name: str,
        counts: Counts,
        *,
        first_index: int,
        needs_times: bool,
        keeps_raw: bool,
        see: See | None = None,
    ) -> None:
        self.header = Header()
        self._name = name
        self._counts = counts
        self._index = first_index
        self._needs_times = needs_times
        self._keeps_raw = keeps_raw  # the lines cannot be read again
        self._see = see
        self._relative: bool | None = None  # not known before the first time

    def items(self, line: Line) -> Sequence[Item] | Iterator[Item]:
        """The items of a line: none of a blank one, one of a message or call, many of a batch.

        A batch's are made as they are asked for, since it may have thousands.

        Raises:
            BadLineError: the line, or a message of its batch, is no item, or lacks a time that is needed.
            RecordingError: it is a header that cannot be read.
        """
        counts = self._counts
        counts.lines += 1
        counts.bytes_read = line.read_bytes
        raw = line.raw
        if line.number > 1:
            plain = plain_line(raw)
            if plain is not None and self._is_ordinary(raw, plain):
                return (self._plain_item(line, plain),)
        try:
            fields = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return self._not_json(line)
        if line.number == 1 and type(fields) is dict and MARK in fields:
            self.header = parse_header(fields, f"{self._name}:1")
            return _NO_ITEMS
        try:
            shape = shape_of(fields)
            self._check_time(shape)
        except NotAnItemError as error:
            raise self._bad(line, error) from None
        if shape.batch is not None:
            self._size_bytes(line, shape.batch)  # all before any: a bad line counts no item
            return self._batch(line, shape)
        body = shape.body
        # A message is no larger than its line, and no deeper than the line has brackets: few need weighing.
        size_bytes = len(raw)
        if (
            size_bytes > counts.biggest_bytes
            or size_bytes > MESSAGE_BYTES
            or raw.count(b"{") + raw.count(b"[") > _NEVER_TOO_DEEP
        ):
            self._weigh(line, body)
        group = _archive_group(shape.source, body) if body is fields else None
        place = Place(self._name, line.number, line.offset, size_bytes, -1, raw if self._keeps_raw else None)
        return (self._item(shape, shape.kind, body, group, place),)

    def _is_ordinary(self, raw: bytes, plain: PlainLine) -> bool:
        """True when there is nothing to be noted of this message but that it is there."""
        if plain.at_ns is None:
            if self._needs_times:
                return False
        elif plain.relative is not self._relative:
            return False
        most_bytes = plain.most_bytes
        if raw.count(b"{") + raw.count(b"[") > _NEVER_TOO_DEEP or most_bytes > MESSAGE_BYTES:
            return False
        biggest_bytes = self._counts.biggest_bytes
        return most_bytes <= biggest_bytes or len(_json(fields_of(plain.message))) <= biggest_bytes

    def _plain_item(self, line: Line, plain: PlainLine) -> Item:
        counts, index = self._counts, self._index
        self._index = index + 1
        counts.items += 1
        raw = line.raw
        place = _place((self._name, line.number, line.offset, len(raw), -1, raw if self._keeps_raw else None))
        kind, source, at_ns, _, lateness_ns, keys, group, message, _ = plain
        item = _item((index, "tracking", kind, source, at_ns, lateness_ns, keys, group, place, "", None))
        if self._see is not None:
            self._see(item, message)
        return item

    def _batch(self, line: Line, shape: Shape) -> Iterator[Item]:
        raw = line.raw if self._keeps_raw else None
        group = (self._name, line.number)
        for position, member in enumerate(shape.batch or ()):
            message = merged(member, shape.body)
            self._weigh(line, message)
            place = Place(self._name, line.number, line.offset, len(line.raw), position, raw)
            yield self._item(shape, message["type"], message, group, place)

    def _item(self, shape: Shape, kind: str, message: Message, group: Hashable, place: Place) -> Item:
        index = self._index
        self._index = index + 1
        self._counts.items += 1
        return Item(
            index,
            shape.api,
            kind,
            shape.source,
            shape.at_ns,
            lateness_ns(message),
            person_keys(message),
            group,
            place,
            shape.path,
        )

    def _check_time(self, shape: Shape) -> None:
        if shape.at_ns is None:
            if self._needs_times:
                raise NotAnItemError(
                    'no time, and recorded timing needs one; add "at" or "timestamp", or replay with --rate'
                )
        elif self._relative is None:
            self._relative = shape.relative
        elif self._relative is not shape.relative:
            raise NotAnItemError(
                "seconds since the start and instants stand in one recording; write all times in one way"
            )

    def _weigh(self, line: Line, message: Message) -> None:
        size_bytes = self._size_bytes(line, message)
        counts = self._counts
        counts.oversize += size_bytes > MESSAGE_BYTES
        if size_bytes > counts.biggest_bytes:
            counts.biggest_bytes, counts.biggest_line = size_bytes, line.number

    def _size_bytes(self, line: Line, value: object) -> int:
        try:
            return len(orjson.dumps([[value]])) - len("[[]]")  # as deep as it will be in a batch
        except orjson.JSONEncodeError:
            raise self._bad(line, NotAnItemError("nested too deeply to be sent; remove the line")) from None

    def _not_json(self, line: Line) -> Sequence[Item]:
        if not line.raw.strip():
            return _NO_ITEMS
        if not line.ended:
            self._counts.truncated_last_line = 1
            return _NO_ITEMS
        raise self._bad(line, NotAnItemError("not JSON in UTF-8; correct or remove the line"))

    def _bad(self, line: Line, error: NotAnItemError) -> BadLineError:
        return BadLineError(f"{self._name}:{line.number}: {error}")


def _archive_group(source: str, message: Message) -> Hashable:
    """What messages of one upload share in Segment's archive; None for a message that is not from there."""
    received, sent = message.get("receivedAt"), message.get("sentAt")
    if type(received) is not str or type(sent) is not str:
        return None
    context = message.get("context")
    library = context.get("library") if type(context) is dict else None
    if type(library) is not dict:
        return (source, received, sent, "")
    return (source, received, sent, f"{library.get('name')} {library.get('version')}")


def read_message(raw: bytes, item: Item, where: str) -> Message:
    """The message of an item, out of its line read again.

    A change is seen by the line's end, its JSON, and the message's type, source and ids.

    Raises:
        BadLineError: the line is not the one that the item was read from.
    """
    try:
        shape = shape_of(orjson.loads(raw))
        if shape.batch is None:
            message, kind = shape.body, shape.kind
        else:
            message = merged(shape.batch[item.place.within], shape.body)
            kind = message["type"]
        same = (shape.batch is None) == (item.place.within < 0)
    except (NotAnItemError, IndexError, orjson.JSONDecodeError):
        same = False
    is_elsewhere = bool(item.source) and shape.source != item.source  # sources may have been merged
    if not same or kind != item.kind or is_elsewhere or person_keys(message) != item.keys:
        raise BadLineError(f"{where}: the recording has changed since it was read; replay it anew")
    if shape.api == "tracking" and message.get("type") != kind:
        message = {**message, "type": kind}
    return message
