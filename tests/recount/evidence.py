"""Put a run's files side by side: which item an index is, what was sent, and what the receiver saw."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.recount.folder import DeliveryMap, Folder, Seen, fingerprint_of
from tests.recount.journal import Journal, read_journal
from tests.recount.recording import Item, in_time, read_recording

ROWS_MOST: Final = 3_600


class Send(NamedTuple):
    """A request as the trace knows it: the items that left together for the first time."""

    sent_ns: int
    done_ns: int
    attempts: int
    status: int | None  # of the last attempt
    seen: tuple[Seen, ...]


class Evidence:
    """All that is known of one run beside what it tells."""

    def __init__(
        self,
        path: Path,
        *,
        recording: Path | None = None,
        journal: Path | None = None,
        told: Path | None = None,
    ) -> None:
        """`recording` and `journal` are where they stand now; else where the run says that they stood."""
        self.folder = Folder(path, told)
        self.told = self.folder.told
        self.plan: dict[str, Any] = self.told["plan"]
        self.run_id: str = self.told["run_id"]
        named = Path(self.told["recording"].get("name") or "-")
        self.recording = recording or (named if named.is_file() else None)
        # The steps of a search for capacity share one mock.
        beside = path.parent.parent if self.plan.get("step") else path
        own = beside / "mock" / "journal.ndjson"
        self._journal = journal or (own if own.is_file() else None)

    @property
    def map(self) -> DeliveryMap | None:
        return self.folder.map

    @cached_property
    def journal(self) -> Journal | None:
        """What the receiver has of this run; None without its journal, or where ids are not the run's own."""
        if self._journal is None or self.plan.get("ids") == "keep":
            return None
        whole = read_journal(self._journal)
        return whole if self.is_observed else whole.of(self.run_id + ".")

    @cached_property
    def items(self) -> Sequence[Item] | None:
        """The recording's items in reading order; None where it is not the file that was replayed."""
        if self.recording is None or self.recording.suffix not in (".ndjson", ".jsonl", ".gz"):
            return None
        if self.map is not None and fingerprint_of(self.recording) != self.map.fingerprint:
            return None
        return read_recording(self.recording)

    @property
    def is_observed(self) -> bool:
        return bool(self.told.get("seen_from") == "receiver")

    @property
    def copies(self) -> int:
        return int(self.plan.get("multiply") or 1)

    def item(self, index: int) -> Item:
        """Which recorded item an index is: (pass × items + position) × copies + copy."""
        assert self.items is not None
        return self.items[index // self.copies % len(self.items)]

    def keys(self, index: int) -> tuple[str, ...]:
        """Who an item is of: each copy has people of its own, and in a search for capacity each pass."""
        assert self.items is not None
        copy = index // len(self.items) if self.plan.get("step") else index % self.copies
        return tuple(f"{copy}~{key}" for key in self.item(index).keys)

    def source(self, index: int) -> str:
        return "" if self.plan.get("merge_sources") else self.item(index).source

    def indexes(self) -> Iterator[int]:
        """Those that were read."""
        assert self.map is not None
        return (index for index, byte in enumerate(self.map.items) if byte & 0x0F)

    @cached_property
    def sends(self) -> Sequence[Send] | None:
        """The requests whose items all came to an end, by first send; None without a trace.

        The items of one request left at one instant, and no two requests did.
        """
        if self.folder.trace is None:
            return None
        together: defaultdict[int, list[Seen]] = defaultdict(list)
        for seen in self.folder.trace:
            if seen.sent_ns is not None:
                together[seen.sent_ns].append(seen)
        return [
            Send(sent_ns, seen[0].done_ns, seen[0].attempts, seen[0].status, tuple(seen))
            for sent_ns, seen in sorted(together.items())
        ]

    @cached_property
    def rows(self) -> tuple[int, int]:
        """How wide a row of the timeline is, in seconds, and how many there are: 3,600 at most."""
        seconds = (record["second"] for record in self.folder.timeline if "second" in record)
        last = max(seconds, default=-1)
        width_s = max(0, last) // ROWS_MOST + 1
        return width_s, last // width_s + 1

    @property
    def pending(self) -> int:
        """Items that were sent and never settled: the trace has no line of them."""
        return sum(int(self.told[noun]["pending"] or 0) for noun in ("messages", "calls"))

    @property
    def sent_once(self) -> bool:
        """True when the trace has each send: nothing was sent again, and nothing is open."""
        return self.told["requests"]["retried"] == 0 and self.pending == 0

    @cached_property
    def due_order(self) -> Sequence[int] | None:
        """All indexes of the map in the order in which they were due; None where these files do not say."""
        if self.items is None or self.map is None:
            return None
        order = self.items if self.told["closed_loop"] else in_time(self.items)
        rank = {item.position: place for place, item in enumerate(order)}
        count = len(self.items)

        def place(index: int) -> tuple[int, int, int]:
            number, copy = divmod(index, self.copies)
            return number // count, rank[number % count], copy

        indexes = sorted(range(len(self.map.items)), key=place)
        if self.copies == 1 or not self.plan.get("spread_s"):
            return indexes
        if self.folder.trace is None or self.told["closed_loop"]:
            return None  # copies are late by chance
        due = {seen.index: seen.due_ns for seen in self.folder.trace if seen.due_ns is not None}
        known = [index for index in indexes if index in due]
        return sorted(known, key=lambda index: due[index])

    @property
    def is_in_time(self) -> bool:
        """Whether the recording stands in the order of its instants."""
        instants = [item.at_ns for item in self.items or () if item.at_ns is not None]
        return all(earlier <= later for earlier, later in pairwise(instants))
