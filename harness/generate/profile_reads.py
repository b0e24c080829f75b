"""Add reads of profiles to a recording: the traits of people who were just tracked.

In: a recording. Out: its lines, with reads among them by time. Each message that names somebody is followed
by a read with a chance of `ratio`, `after` its own time. Memory holds the reads that are not due yet; what
leaves hangs on the lines and the seed alone. A recording out of order stays as it is: its reader sorts.
"""

import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from random import Random
from typing import Any, Final

import orjson

from harness.errors import BadLineError, RecordingError
from harness.model import Item
from harness.recording.counts import Counts
from harness.recording.header import Header
from harness.recording.lines import Line, lines_of
from harness.recording.parser import Parser
from harness.recording.shapes import shape_of
from harness.recording.sources import ReadChunk, open_source
from harness.recording.writer import Written, write_recording
from harness.segment.profile_paths import traits_path
from harness.units import NS_PER_S, format_instant_us

MADE_BY: Final = "harness generate profile-reads"


@dataclass(frozen=True, slots=True)
class Asked:
    """What reads to add."""

    ratio: float  # reads for each message that names somebody, 0 to 1
    after_ns: int
    space: str  # of the paths; a replay puts its own in its place
    seed: int
    reads_only: bool = False  # leave the recording's own lines out


@dataclass(slots=True)
class Added:
    """What came of it."""

    reads: int = 0
    nobody: int = 0  # messages without an id: nobody's traits to read
    cut_off: int = 0  # last lines that were cut off, and left out: 0 or 1
    written: Written = field(default_factory=lambda: Written(0, 0))


def add_profile_reads(path: str, output: str, asked: Asked, read_chunk: ReadChunk = os.read) -> Added:
    """Write the recording at `path`, with reads, to `output`; both may be `-`.

    Raises:
        RecordingError: a line is no item or has no time, or a path cannot be read or written.
    """
    added = Added()
    with closing(open_source(path, read_chunk)) as source:
        counts = Counts()
        parser = Parser(source.name, counts, first_index=0, needs_times=True, keeps_raw=False)
        lines = lines_of(source.chunks(), source.name)
        try:
            first = next(lines)
            items = list(parser.items(first))  # a header is known once its line was read
            with_reads = _merged(chain([(first, items)], _parsed(lines, parser)), asked, added)
            added.written = write_recording(output, header_with(parser.header, asked), with_reads)
        except BadLineError as error:
            raise RecordingError(f"{error}; no recording was written") from None
        added.cut_off = int(counts.truncated_last_line or source.cut_short)
    return added


def header_with(header: Header, asked: Asked) -> Header:
    """The recording's header, with how the reads were made; privacy and key marks are kept."""
    made: dict[str, Any] = {
        "by": MADE_BY,
        "ratio": asked.ratio,
        "after_s": asked.after_ns / NS_PER_S,
        "seed": asked.seed,
    }
    return replace(header, origin={**header.origin, "profile_reads": made})


def _parsed(lines: Iterable[Line], parser: Parser) -> Iterator[tuple[Line, list[Item]]]:
    for line in lines:
        yield line, list(parser.items(line))


def _merged(lines: Iterable[tuple[Line, list[Item]]], asked: Asked, added: Added) -> Iterator[bytes]:
    chance = Random(asked.seed)
    waiting: list[tuple[int, int, bytes]] = []  # (instant, order, line)
    relative: bool | None = None
    for line, items in lines:
        if not items:
            continue  # the header, a blank line, or one that was cut off
        if relative is None:
            relative = shape_of(orjson.loads(line.raw)).relative  # the parser sees to it that all are alike
        at_ns = items[0].at_ns or 0
        while waiting and waiting[0][0] <= at_ns:
            yield heapq.heappop(waiting)[2]
        if not asked.reads_only:
            yield line.raw
        for item in items:
            # Drawn for every item, so that a message without an id moves no other read.
            drawn = chance.random() < asked.ratio
            if item.api != "tracking" or not drawn:
                continue
            if not item.keys:
                added.nobody += 1
                continue
            added.reads += 1
            due_ns = at_ns + asked.after_ns
            read = _read(item, due_ns, asked.space, relative=relative)
            heapq.heappush(waiting, (due_ns, added.reads, read))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _read(item: Item, due_ns: int, space: str, *, relative: bool) -> bytes:
    return orjson.dumps(
        {
            "at": round(due_ns / NS_PER_S, 9) if relative else format_instant_us(due_ns),
            "source": item.source,
            "api": "profile",
            "method": "GET",
            "path": traits_path(space, item.keys[0]),
        }
    )
