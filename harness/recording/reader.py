"""Read a recording as a stream of items, in flat memory, as often as its source allows.

In: a path. Out: items sorted by their recorded instant, as far as a window of them allows, and any message
again from its item. Always: memory holds a chunk, a line and the window; nothing is skipped without a count;
an item's index is its position in reading order. Left out: what an item becomes, and more files than one.
"""

import os
from collections.abc import Callable, Iterator
from itertools import chain, islice
from types import TracebackType
from typing import Any, Final, Self

from msgspec import Raw

from harness.errors import BadLineError, RecordingError
from harness.model import Item, Message
from harness.recording.counts import Counts
from harness.recording.fingerprint import fingerprint
from harness.recording.header import Header
from harness.recording.kept import BREATH_ITEMS, KEPT_BYTES, KEPT_ITEMS, Kept, Prepare
from harness.recording.lines import Line, lines_of
from harness.recording.order import WINDOW_ITEMS, Window
from harness.recording.parser import Parser, See, read_message
from harness.recording.sources import ReadChunk, Source, open_source

TRIED_LINES: Final = 1_000
_BEFORE_ALL_NS: Final = -(1 << 63)


def open_recording(path: str, *, needs_times: bool, read_chunk: ReadChunk = os.read) -> "Recording":
    """Open a recording and read as far as its first usable line.

    `path` is a `.ndjson` or `.jsonl` file, the same with `.gz`, or `-` for standard input, which `read_chunk`
    reads. With `needs_times` a line without a time is no item.

    Raises:
        RecordingError: missing, unreadable, empty, of another kind, or no item in its first 1,000 lines.
    """
    source = open_source(path, read_chunk)
    try:
        return Recording(source, needs_times=needs_times)
    except BaseException:
        source.close()
        raise


class Recording:
    """An open recording; see `open_recording`."""

    def __init__(self, source: Source, *, needs_times: bool) -> None:
        self.counts = Counts()  # of the latest pass: each has its own
        self._source = source
        self._needs_times = needs_times
        self._first_pass: Iterator[Line] | None = None
        self._kept: Kept | None = None
        self.header = self._try()

    @property
    def name(self) -> str:
        """The path as given; `stdin` for standard input."""
        return self._source.name

    @property
    def size_bytes(self) -> int | None:
        """The size of the file, compressed where it is gzipped; None for standard input."""
        return self._source.size_bytes

    @property
    def rereadable(self) -> bool:
        """Whether `items` can be called again."""
        return self._source.rereadable

    @property
    def progress(self) -> float | None:
        """How much of the file the latest pass has read, 0 to 1; None for standard input."""
        size_bytes = self._source.size_bytes
        if size_bytes is None:
            return None
        # A file that has grown since it was opened is read to its new end.
        return self.counts.bytes_read / max(size_bytes, self.counts.bytes_read)

    def fingerprint(self) -> dict[str, Any]:
        """What recognises this recording: see `fingerprint.fingerprint`."""
        return fingerprint(self._source)

    def about(self) -> dict[str, Any]:
        """What a report says of it, as far as that is known before it is read."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "fingerprint": self.fingerprint(),
            "privacy": self.header.privacy,
        }

    def items(
        self,
        *,
        first_index: int = 0,
        breathe: Callable[[], object] | None = None,
        watch: Callable[[bytes], object] | None = None,
        prepare: Prepare | None = None,
        see: See | None = None,
        in_time: bool = True,
        whole: bool = False,
    ) -> Iterator[Item]:
        """One pass: the items by (instant, reading order), those without an instant behind what they follow.

        Unless they are wanted as they stand (`in_time` False): that needs no window, and is cheaper by half.

        `breathe` is called now and then while items are read that cannot be given out yet, since the window
        must fill first. `watch` sees each line, header and bad ones included, before it is parsed; `see` each
        item that is plainly a message with its JSON, which spares reading it again. With `whole` a small
        recording is read to its end before its first item is given out, and kept: later passes cost next to
        nothing, and its messages are prepared.

        Raises:
            BadLineError: a line is no item; what stood before it was given out first.
            RecordingError: a second pass over a source that can be read once.
        """
        if self._first_pass is not None:
            lines, self._first_pass = self._first_pass, None
        elif self._source.rereadable:
            lines = lines_of(self._source.chunks(), self.name)
        else:
            raise RecordingError(f"{self.name}: can be read once only; save it as a file to read it again")
        counts = self.counts = Counts()
        kept = self._kept
        if kept is not None and watch is None and kept.suits(prepare):
            items = kept.items(counts, first_index, prepare, breathe)
        elif whole and self._is_small:
            items = self._keep(lines, counts, first_index, watch, prepare=prepare, breathe=breathe)
        else:
            items = self._read(lines, counts, first_index, watch, see)
        return self._sorted(items, counts, breathe) if in_time else items

    def message(self, item: Item) -> Message:
        """The message of an item of this recording: its JSON, with what its batch adds and its `type`.

        Raises:
            BadLineError: the file has changed since the item was read.
        """
        place = item.place
        raw, descriptor = place.raw, self._source.descriptor
        if raw is None:
            if descriptor is None:
                raise ValueError(f"{place.file}:{place.line} is no item of {self.name}")
            raw = os.pread(descriptor, place.length + 1, place.offset)
            if raw[place.length :] not in (b"\n", b""):
                raw = b""
            raw = raw[: place.length]
        return read_message(raw, item, f"{place.file}:{place.line}")

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _try(self) -> Header:
        """The header, once a usable line has shown that this is a recording."""
        lines = lines_of(self._source.chunks(), self.name)
        parser = self._parser(Counts(), 0)
        seen: list[Line] = []
        problem: str | None = None
        while len(seen) < TRIED_LINES:
            try:
                line = next(lines, None)
                if line is None:
                    break
                seen.append(line)
                if next(iter(parser.items(line)), None) is not None:
                    # A stream is read once: its first pass begins with the lines that are here.
                    self._first_pass = None if self._source.rereadable else chain(seen, lines)
                    return parser.header
            except BadLineError as error:
                problem = problem or str(error)
        if problem is None:
            raise RecordingError(f"{self.name}: holds no message; name a recording with at least one")
        raise RecordingError(f"{problem} (no item in the first {len(seen):,} lines)")

    def _parser(self, counts: Counts, first_index: int, see: See | None = None) -> Parser:
        return Parser(
            self.name,
            counts,
            first_index=first_index,
            needs_times=self._needs_times,
            keeps_raw=self._source.descriptor is None,
            see=see,
        )

    @property
    def _is_small(self) -> bool:
        return self._source.descriptor is not None and (self._source.size_bytes or 0) <= KEPT_BYTES

    def _keep(
        self,
        lines: Iterator[Line],
        counts: Counts,
        first_index: int,
        watch: Callable[[bytes], object] | None,
        *,
        prepare: Prepare | None,
        breathe: Callable[[], object] | None,
    ) -> Iterator[Item]:
        """The items in reading order, once all are read; as they are read behind what cannot be kept."""
        items: list[Item] = []
        plain: dict[int, Raw] = {}
        reading = self._read(
            lines, counts, first_index, watch, lambda item, raw: plain.update({item[0]: raw})
        )
        bad: BadLineError | None = None
        try:
            for item in islice(reading, KEPT_ITEMS):
                items.append(item)
                if breathe is not None and len(items) % BREATH_ITEMS == 0:
                    breathe()
        except BadLineError as error:
            bad = error
        if bad is None and len(items) < KEPT_ITEMS:
            kept = self._kept = Kept(items, [plain.get(item[0]) for item in items], counts)
            del items, plain
            yield from kept.items(counts, first_index, prepare, breathe)
            return
        plain.clear()
        yield from items
        if bad is not None:
            raise bad
        yield from reading

    def _read(
        self,
        lines: Iterator[Line],
        counts: Counts,
        first_index: int,
        watch: Callable[[bytes], object] | None,
        see: See | None,
    ) -> Iterator[Item]:
        """The items in reading order."""
        items_of = self._parser(counts, first_index, see).items
        for line in lines:
            if watch is not None:
                watch(line.raw)
            yield from items_of(line)
        counts.bytes_read = max(counts.bytes_read, self._source.size_bytes or 0)  # gzip ends with a trailer
        if self._source.cut_short:
            counts.truncated_last_line = 1

    def _sorted(
        self, items: Iterator[Item], counts: Counts, breathe: Callable[[], object] | None
    ) -> Iterator[Item]:
        window = Window(WINDOW_ITEMS)
        last_ns = _BEFORE_ALL_NS  # where an item without an instant stands
        bad: BadLineError | None = None
        try:
            for item in items:
                if item.at_ns is not None:
                    last_ns = item.at_ns
                if not window.put(last_ns, item):
                    counts.too_late += 1
                    yield item
                    continue
                counts.resorted = window.resorted
                if window.full and (ready := window.take()) is not None:
                    yield ready
                elif breathe is not None and counts.items % BREATH_ITEMS == 0:
                    breathe()
        except BadLineError as error:
            bad = error
        # What stood before a bad line is given out before the line is told.
        yield from iter(window.take, None)
        if bad is not None:
            raise bad
