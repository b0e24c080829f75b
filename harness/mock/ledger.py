"""Account for every message that reached the mock: one class for each arrival, counted and written down.

Enters: what became of the messages of a call. Leaves: counts, and lines in order of arrival. What always
holds: `received` is the sum of the classes, in all and for each write key; a line is in the journal before
the method that took it returns; a ledger opened on a journal has the counts and the ids of the one that
wrote it. It keeps no bodies; what it writes or tells of a write key is a salted mark or the last four
characters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, NoReturn

import orjson

from harness.mock.journal import Journal, JournalError
from harness.segment.write_key import WriteKey
from harness.units import NS_PER_MS, NS_PER_US, format_instant_ms, format_instant_us

STORED: Final = "stored"
DUPLICATES: Final = "duplicates"
DISCARDED: Final = "discarded"
REFUSED: Final = "refused"
THROTTLED: Final = "throttled"
FAULTED: Final = "faulted"
CLASSES: Final = (STORED, DUPLICATES, DISCARDED, REFUSED, THROTTLED, FAULTED)

_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE
_BETWEEN: Final = b"],["  # two lines that are written together
_SETS: Final = 256  # of ids; one set of a million would hold everything up for 30 ms when it grows


_Arrival = tuple[str | None, int, str, str | None, int, int, int | None]  # as the journal has it


class Entry(NamedTuple):
    """What became of one arrival of a message."""

    message_id: str | None  # None when it had none and was not stored
    class_: str
    reason: str | None
    timestamp_ns: int | None  # the corrected one; None unless stored


class Account:
    """The counts of one write key."""

    __slots__ = ("by_class", "by_reason", "empty_batches", "unreadable", "unusable_clocks")

    def __init__(self) -> None:
        self.by_class: Counter[str] = Counter()
        self.by_reason: Counter[tuple[str, str]] = Counter()  # class, reason
        self.unreadable: Counter[str] = Counter()  # reason
        self.empty_batches = 0
        self.unusable_clocks = 0

    def add(self, other: "Account") -> None:
        """Take another account's counts in."""
        self.by_class += other.by_class
        self.by_reason += other.by_reason
        self.unreadable += other.unreadable
        self.empty_batches += other.empty_batches
        self.unusable_clocks += other.unusable_clocks

    def document(self) -> dict[str, Any]:
        """The counts by name, for JSON."""
        return {
            "received": self.by_class.total(),
            **{class_: self.by_class[class_] for class_ in CLASSES},
            "unique": self.by_class[STORED],  # an id is stored once
            "unreadable_requests": self.unreadable.total(),
            "discarded_by_reason": self._reasons(DISCARDED),
            "refused_by_reason": self._reasons(REFUSED),
            "unreadable_by_reason": dict(self.unreadable),
            "empty_batches": self.empty_batches,
            "unusable_clocks": self.unusable_clocks,
        }

    def _reasons(self, class_: str) -> dict[str, int]:
        return {reason: count for (of, reason), count in self.by_reason.items() if of == class_}


class Ledger:
    """The account of one mock. Its methods raise JournalError when the journal fails."""

    __slots__ = (
        "_accounts",
        "_by_mark",
        "_ids",
        "_journal",
        "_masks",
        "_number_of",
        "journal_truncated_lines",
    )

    def __init__(self, journal: Journal) -> None:
        """Take up whatever stands in the journal. Raises JournalError when that is no ledger."""
        self._journal: Final = journal
        self._forget()
        for line in journal.replay():
            self._take_up(line)

    @property
    def instance(self) -> str:
        """A random id made once for each ledger; a restart on the same journal has the same."""
        return self._journal.instance

    def key_number(self, write_key: str) -> int:
        """The number under which the journal knows this write key; "" stands for none."""
        known = self._number_of.get(write_key)
        if known is not None:
            return known
        mark = self._mark(write_key)
        number = self._by_mark.get(mark)
        if number is None:
            masked = WriteKey(write_key).masked if write_key else None
            note = {"key": len(self._accounts), "mark": mark, "write_key": masked}
            self._journal.append(orjson.dumps(note, option=_NEWLINE))
            number = self._open_account(mark, masked)
        self._number_of[write_key] = number
        return number

    def first_sight(self, message_id: str) -> bool:
        """True when this id was not stored before; from now on it counts as stored."""
        # Python's own keyed 64-bit hash: already computed for most strings, 40 bytes where an id takes 80.
        # Two ids in ten million collide with a chance of 3 in a million.
        digest = hash(message_id)
        ids = self._ids[digest % _SETS]
        if digest in ids:
            return False
        ids.add(digest)
        return True

    def record(
        self, key: int, received_ns: int, status: int, entries: Iterable[Entry], *, unusable_clocks: int = 0
    ) -> None:
        """Write down and count the arrivals of one call; no entries: it was an empty batch."""
        received_us = received_ns // NS_PER_US
        account = self._accounts[key]
        arrivals: list[_Arrival] = []
        for message_id, class_, reason, timestamp_ns in entries:
            timestamp_ms = None if timestamp_ns is None else timestamp_ns // NS_PER_MS
            arrivals.append((message_id, received_us, class_, reason, status, key, timestamp_ms))
            account.by_class[class_] += 1
            if reason is not None:
                account.by_reason[class_, reason] += 1
        account.empty_batches += not arrivals
        account.unusable_clocks += unusable_clocks
        self._journal.append(_lines(key, arrivals, unusable_clocks))

    def record_stored(
        self,
        key: int,
        received_ns: int,
        ids: Sequence[str],
        timestamps_ns: Sequence[int],
        *,
        unusable_clocks: int,
    ) -> bool:
        """As `first_sight` of each id, then `record` of a stored entry for each; one at least.

        Unless one of the ids was stored before, or is there twice: then nothing happens, and False.
        """
        digests = list(map(hash, ids))
        sets = self._ids
        for digest in digests:
            if digest in sets[digest % _SETS]:
                return False
        if len(digests) > 1 and len(set(digests)) < len(digests):
            return False
        for digest in digests:
            sets[digest % _SETS].add(digest)
        received_us = received_ns // NS_PER_US
        arrivals: list[_Arrival] = [
            (message_id, received_us, STORED, None, 200, key, timestamp_ns // NS_PER_MS)
            for message_id, timestamp_ns in zip(ids, timestamps_ns, strict=True)
        ]
        account = self._accounts[key]
        account.by_class[STORED] += len(arrivals)
        account.unusable_clocks += unusable_clocks
        self._journal.append(_lines(key, arrivals, unusable_clocks))
        return True

    def record_unreadable(self, key: int, reason: str) -> None:
        """Count one call whose messages nobody can name."""
        self._accounts[key].unreadable[reason] += 1
        self._journal.append(orjson.dumps({"unreadable": reason, "of": key}, option=_NEWLINE))

    def counts(self, write_key: str | None = None) -> dict[str, Any]:
        """The counts, of all write keys or of this one, and below them those of each."""
        numbers = list(range(len(self._accounts)))
        if write_key is not None:
            numbers = [n for n in numbers if n == self._by_mark.get(self._mark(write_key))]
        total = Account()
        for number in numbers:
            total.add(self._accounts[number])
        return {
            "instance": self.instance,
            **total.document(),
            "journal_truncated_lines": self.journal_truncated_lines,
            "by_write_key": [
                {"write_key": self._masks[number], **self._accounts[number].document()} for number in numbers
            ],
        }

    def lines(self, prefix: str) -> Iterator[bytes]:
        """The arrivals written so far whose id begins like this, as NDJSON, some at a time."""
        # A line begins with its id, and JSON escapes character by character: most lines need no parsing.
        start = b"[" + orjson.dumps(prefix)[:-1] if prefix else b"["
        masks = list(self._masks)
        for lines in self._journal.pieces():
            yield b"".join([_shown(orjson.loads(line), masks) for line in lines if line.startswith(start)])

    def reset(self) -> None:
        """Forget everything, the journal's lines included; the ledger is a new instance."""
        self._journal.reset()
        self._forget()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _forget(self) -> None:
        self._accounts: list[Account] = []
        self._masks: list[str | None] = []
        self._by_mark: dict[str, int] = {}
        self._number_of: dict[str, int] = {}  # by the key itself, in memory alone: marking costs 1.5 us
        self._ids: list[set[int]] = [set() for _ in range(_SETS)]
        self.journal_truncated_lines = 0

    def _mark(self, write_key: str) -> str:
        return WriteKey(write_key).mark(self._journal.salt)

    def _open_account(self, mark: str, masked: str | None) -> int:
        number = self._by_mark[mark] = len(self._accounts)
        self._accounts.append(Account())
        self._masks.append(masked)
        return number

    def _take_up(self, line: Any) -> None:
        try:
            if isinstance(line, list):
                message_id, _, class_, reason, _, key, _ = line
                account = self._accounts[key]
                account.by_class[class_] += 1
                if reason is not None:
                    account.by_reason[class_, reason] += 1
                if class_ == STORED:
                    self.first_sight(message_id)
            elif "key" in line:
                self._open_account(line["mark"], line["write_key"])
            elif "unreadable" in line:
                self._accounts[line["of"]].unreadable[line["unreadable"]] += 1
            elif "empty_batch" in line:
                self._accounts[line["of"]].empty_batches += line["empty_batch"]
            elif "unusable_clocks" in line:
                self._accounts[line["of"]].unusable_clocks += line["unusable_clocks"]
            else:
                self.journal_truncated_lines += line["truncated_lines"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self._not_a_ledger(error)

    def _not_a_ledger(self, error: Exception) -> NoReturn:
        raise JournalError(
            f"{self._journal.name}: holds a line that no ledger writes; move the file away to start a new one"
        ) from error


def _lines(key: int, arrivals: list[_Arrival], unusable_clocks: int) -> bytes:
    """The journal's lines of one call."""
    if len(arrivals) == 1:
        lines = orjson.dumps(arrivals[0], option=_NEWLINE)
    elif arrivals:
        # Written together and taken apart: a third of the cost of writing each.
        together = orjson.dumps(arrivals)[1:-1]
        if together.count(_BETWEEN) == len(arrivals) - 1:
            lines = together.replace(_BETWEEN, b"]\n[") + b"\n"
        else:  # an id holds those very characters
            lines = b"".join([orjson.dumps(arrival, option=_NEWLINE) for arrival in arrivals])
    else:
        lines = orjson.dumps({"empty_batch": 1, "of": key}, option=_NEWLINE)
    if unusable_clocks:
        lines += orjson.dumps({"unusable_clocks": unusable_clocks, "of": key}, option=_NEWLINE)
    return lines


def _shown(line: list[Any], masks: list[str | None]) -> bytes:
    message_id, received_us, class_, reason, status, key, timestamp_ms = line
    arrival = {
        "id": message_id,
        "received_at": format_instant_us(received_us * NS_PER_US),
        "class": class_,
        "reason": reason,
        "status": status,
        "write_key": masks[key],
        "timestamp": None if timestamp_ms is None else format_instant_ms(timestamp_ms * NS_PER_MS),
    }
    return orjson.dumps(arrival, option=_NEWLINE)
