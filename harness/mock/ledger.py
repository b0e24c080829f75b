"""Account for every message that reached the mock: one class for each arrival, counted and written down.

Enters: what became of the messages of a call. Leaves: counts, and lines in order of arrival. What always
holds: `received` is the sum of the classes, in all and for each write key; once `commit` has returned, what
was recorded before it survives a death; a ledger opened on a journal has the counts and the ids of the one
that wrote it. Each write key is a partition that can be counted, read and emptied alone; ids are known across
all of them, as at Segment. It keeps no bodies; what it writes or tells of a write key is a salted mark or the
last four characters.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn

import orjson

from harness.mock.account import STORED, Account
from harness.mock.arrivals import Arrival, arrival_lines, arrivals_of, shown, stored_line
from harness.mock.ids import IdSet
from harness.mock.journal import Journal, JournalError
from harness.mock.look_back import LookBack
from harness.segment.write_key import WriteKey
from harness.units import NS_PER_MS, NS_PER_US

_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE
_RESET: Final = b'{"reset":'
_AT_ONCE: Final = 500  # arrivals or lines, between two turns for others
_MASKS_KEPT: Final = 100_000  # write keys known by themselves; beyond it a key is marked at each call


class Entry(NamedTuple):
    """What became of one arrival of a message."""

    message_id: str | None  # None when it had none and was not stored
    class_: str
    reason: str | None
    timestamp_ns: int | None  # the corrected one; None exactly when it was not stored


class Ledger:
    """The account of one mock. Its methods raise JournalError when the journal fails."""

    __slots__ = (
        "_accounts",
        "_by_mark",
        "_ids",
        "_journal",
        "_look_back",
        "_masks",
        "_number_of",
        "_secrets",
        "_since",
        "dedupes",
        "journal_truncated_lines",
    )

    def __init__(self, journal: Journal, *, dedupes: bool = True, look_back_ns: int | None = None) -> None:
        """Take up whatever stands in the journal. Raises JournalError when that is no ledger.

        With `look_back_ns` an id that was stored longer ago than that may be stored again.
        """
        self._journal: Final = journal
        self.dedupes: Final = dedupes
        self._look_back = LookBack(look_back_ns) if dedupes and look_back_ns is not None else None
        self._forget()
        for offset, line in journal.lines():
            if line.startswith(_RESET):
                self._since[self._parsed(line)["reset"]] = offset
        for offset, line in journal.lines():
            self._take_up(offset, self._parsed(line))

    @property
    def instance(self) -> str:
        """A random id made once for each ledger; a restart on the same journal has the same."""
        return self._journal.instance

    @property
    def salt(self) -> bytes:
        """What marks and digests in this journal are made with."""
        return self._journal.salt

    def note(self, note: dict[str, Any]) -> None:
        """Write a line that no count rests on."""
        self._journal.append(_note(note))

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
        if len(self._number_of) < _MASKS_KEPT:
            self._number_of[write_key] = number
            self._secrets[number] = write_key
        return number

    def known_key(self, write_key: str) -> int | None:
        """The number of a write key that was seen before; None for another."""
        return self._by_mark.get(self._mark(write_key))

    def masked(self, key: int) -> str | None:
        """What may be shown of the write key with this number; None when there was none."""
        return self._masks[key]

    def secret(self, key: int) -> str:
        """The write key with this number, when it was used since the start; else ""."""
        return self._secrets.get(key, "")

    def was_stored(self, message_id: str) -> bool:
        """True when this id was stored, whichever write key sent it."""
        return message_id in self._ids

    def is_repeat(self, message_id: str, received_ns: int) -> bool:
        """True when a message with this id, stored already, makes one that comes now a duplicate."""
        if self._look_back is not None:
            return self._look_back.knows(message_id, received_ns)
        return self.dedupes and message_id in self._ids

    def record(
        self,
        key: int,
        received_ns: int,
        status: int | None,
        entries: Iterable[Entry],
        *,
        unusable_clocks: int = 0,
        dropped_properties: int = 0,
        batch_note: str | None = None,
    ) -> None:
        """Write down and count the arrivals of one call; no entries: it was an empty batch."""
        received_us = received_ns // NS_PER_US
        account = self._accounts[key]
        arrivals: list[Arrival] = []
        for message_id, class_, reason, timestamp_ns in entries:
            timestamp_ms = None if timestamp_ns is None else timestamp_ns // NS_PER_MS
            arrivals.append(Arrival(message_id, received_us, class_, reason, status, key, timestamp_ms))
            account.by_class[class_] += 1
            if timestamp_ns is not None and message_id is not None:
                account.unique += self._remember(message_id, received_us)
            if reason is not None:
                account.by_reason[class_, reason] += 1
        lines = arrival_lines(arrivals) if arrivals else b""
        note = {
            "empty_batch": int(not arrivals),
            "unusable_clocks": unusable_clocks,
            "dropped_properties": dropped_properties,
            "batch_note": batch_note,
        }
        if any(note.values()):
            said = {name: value for name, value in note.items() if value}
            self._count_note(account, said)
            lines += _note({**said, "of": key})
        self._journal.append(lines)

    def record_stored(
        self,
        key: int,
        received_ns: int,
        ids: Sequence[str],
        sent: datetime | None,
        originals: Sequence[datetime | None],
    ) -> bool:
        """As `record` of a stored entry for each; one at least.

        Unless one of the ids was stored before, or is there twice: then nothing happens, and False.
        """
        if self._look_back is not None or not self._ids.add_all(ids):
            return False
        account = self._accounts[key]
        by_class = account.by_class
        by_class[STORED] = by_class.get(STORED, 0) + len(ids)
        account.unique += len(ids)
        self._journal.append(stored_line(ids, received_ns, key, sent, originals))
        return True

    def record_unreadable(self, key: int, reason: str) -> None:
        """Count one call whose messages nobody can name."""
        self._accounts[key].unreadable[reason] += 1
        self._journal.append(_note({"unreadable": reason, "of": key}))

    def account(self, write_key: str | None = None) -> Account:
        """The counts of all write keys, or of this one."""
        total = Account()
        for number in self._numbers(write_key):
            total.add(self._accounts[number])
        return total

    def counts(self, write_key: str | None = None) -> dict[str, Any]:
        """The counts, of all write keys or of this one, and below them those of each."""
        return {
            "instance": self.instance,
            **self.account(write_key).document(),
            "journal_truncated_lines": self.journal_truncated_lines,
            "by_write_key": [
                {"write_key": self._masks[number], **self._accounts[number].document()}
                for number in self._numbers(write_key)
            ],
        }

    def arrivals(self, *, prefix: str = "", key: int | None = None) -> Iterator[list[Arrival]]:
        """The arrivals written so far whose id begins like this, and of this key, some at a time."""
        # JSON escapes character by character, so most lines need no parsing.
        begins = orjson.dumps(prefix)[:-1]
        found: list[Arrival] = []
        looked_at = 0
        for offset, line in self._journal.lines():
            looked_at += 1
            if line.startswith(b"[") and (not prefix or begins in line):
                found += [
                    arrival
                    for arrival in arrivals_of(orjson.loads(line))
                    if (not prefix or (arrival.message_id or "").startswith(prefix))
                    and (key is None or arrival.key == key)
                    and offset >= self._since.get(arrival.key, 0)
                ]
            if looked_at >= _AT_ONCE or len(found) >= _AT_ONCE:
                yield found
                found, looked_at = [], 0
        yield found

    def lines(self, prefix: str) -> Iterator[bytes]:
        """The arrivals written so far whose id begins like this, as NDJSON, some at a time."""
        return self.told(self.arrivals(prefix=prefix))

    def told(self, pieces: Iterable[list[Arrival]]) -> Iterator[bytes]:
        """Arrivals as NDJSON, some at a time."""
        masks = list(self._masks)
        for arrivals in pieces:
            yield b"".join([shown(arrival, masks) for arrival in arrivals])

    def reset(self) -> None:
        """Forget everything, the journal's lines included; the ledger is a new instance."""
        self._journal.reset()
        self._forget()

    def reset_key(self, write_key: str) -> bool:
        """Forget what this write key sent, its ids included; False when it never sent anything."""
        number = self.known_key(write_key)
        if number is None:
            return False
        for arrivals in self.arrivals(key=number):
            self._ids.discard(
                a.message_id
                for a in arrivals
                if a.timestamp_ms is not None and a.message_id is not None  # stored, whatever was answered
            )
        self._since[number] = self._journal.size_bytes
        self._journal.append(_note({"reset": number}))
        self._accounts[number] = Account()
        return True

    def commit(self) -> None:
        """Write to the journal what was recorded since the last time."""
        self._journal.commit()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _numbers(self, write_key: str | None) -> list[int]:
        if write_key is None:
            return list(range(len(self._accounts)))
        number = self.known_key(write_key)
        return [] if number is None else [number]

    def _forget(self) -> None:
        self._accounts: list[Account] = []
        self._masks: list[str | None] = []
        self._by_mark: dict[str, int] = {}
        self._number_of: dict[str, int] = {}  # by the key itself, in memory alone: marking costs 1.5 us
        self._secrets: dict[int, str] = {}  # in memory alone
        self._since: dict[int, int] = {}  # where in the journal a partition was last emptied
        self._ids = IdSet()
        if self._look_back is not None:
            self._look_back.clear()
        self.journal_truncated_lines = 0

    def _mark(self, write_key: str) -> str:
        return WriteKey(write_key).mark(self._journal.salt)

    def _open_account(self, mark: str, masked: str | None) -> int:
        number = self._by_mark[mark] = len(self._accounts)
        self._accounts.append(Account())
        self._masks.append(masked)
        return number

    def _parsed(self, line: bytes) -> Any:
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            self._not_a_ledger(error)

    def _take_up(self, offset: int, line: Any) -> None:
        try:
            if isinstance(line, list):
                for arrival in arrivals_of(line):
                    if offset >= self._since.get(arrival.key, 0):
                        self._count(arrival)
            elif "key" in line:
                self._open_account(line["mark"], line["write_key"])
            elif "truncated_lines" in line:
                self.journal_truncated_lines += line["truncated_lines"]
            elif "call" not in line and "reset" not in line and offset >= self._since.get(line["of"], 0):
                self._count_note(self._accounts[line["of"]], line)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self._not_a_ledger(error)

    def _count(self, arrival: Arrival) -> None:
        account = self._accounts[arrival.key]
        account.by_class[arrival.class_] += 1
        if arrival.reason is not None:
            account.by_reason[arrival.class_, arrival.reason] += 1
        if arrival.timestamp_ms is not None and arrival.message_id is not None:
            account.unique += self._remember(arrival.message_id, arrival.received_us)

    def _remember(self, message_id: str, received_us: int) -> bool:
        """True when it was never stored before."""
        if self._look_back is not None:
            self._look_back.remember(message_id, received_us * NS_PER_US)
        return self._ids.add_all((message_id,))

    @staticmethod
    def _count_note(account: Account, note: dict[str, Any]) -> None:
        if "unreadable" in note:
            account.unreadable[note["unreadable"]] += 1
        account.empty_batches += note.get("empty_batch", 0)
        account.unusable_clocks += note.get("unusable_clocks", 0)
        account.dropped_properties += note.get("dropped_properties", 0)
        if "batch_note" in note:
            account.batch_notes[note["batch_note"]] += 1

    def _not_a_ledger(self, error: Exception) -> NoReturn:
        raise JournalError(
            f"{self._journal.name}: holds a line that no ledger writes; move the file away to start a new one"
        ) from error


def _note(note: dict[str, Any]) -> bytes:
    return orjson.dumps(note, option=_NEWLINE)
