"""Let a test wait until the ledger holds what it should, instead of sleeping and hoping.

Enters: what is waited for, and a word after each call that was accounted for. Leaves: one answer to each
waiter, when its condition is met or its time is over. The time is real time, whatever the mock's clock does.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from harness.mock.account import Account
from harness.mock.exchange import Cancel, Deliver, Reply, json_reply
from harness.mock.kept import Kept, KeptMessage
from harness.mock.ledger import Ledger

LONGEST_S: Final = 600.0
WAITERS_MOST: Final = 1_000
HELD_BYTES_MOST: Final = 4 << 20  # of what all who wait have asked, as it came
_DEEPEST: Final = 64  # levels in a value that is looked for
_TOLD_MOST: Final = 80  # characters of a name in a sentence
_COUNTS: Final = [name for name, count in Account().document().items() if isinstance(count, int)]


class Awaited(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody waits for; all of it must be met."""

    write_key: str | None = None  # of this partition alone; ids are known across all
    count: int | None = None  # so many stored at least; short for {"stored": n}
    at_least: dict[str, int] = {}  # by the ledger's names: received, stored, duplicates, discarded, unique, …
    ids: list[str] = []  # all of these were stored
    where: dict[str, Any] = {}  # fields of a message, dotted as in "properties.order_id", and their values
    matching: int = 1  # so many messages, of those whose bodies are kept, are as `where` says
    timeout_s: float = 10.0


class _Waiter:
    """One who waits, and how far its search has come."""

    __slots__ = (
        "awaited",
        "deliver",
        "found",
        "generation",
        "held_bytes",
        "ids_stored",
        "next_seq",
        "timer",
    )

    def __init__(self, awaited: Awaited, deliver: Deliver, held_bytes: int) -> None:
        self.awaited: Final = awaited
        self.deliver: Final = deliver
        self.held_bytes: Final = held_bytes
        self.generation = -1  # of what is kept, which the following figures are about
        self.begin_search()
        self.timer: Cancel | None = None

    def begin_search(self) -> None:
        self.found = 0  # messages
        self.next_seq = 0  # the first that was not looked at
        self.ids_stored = 0  # of the ids, from the front


class Waits:
    """All who wait. `soon` runs a function in the loop's next round, `later_s` after real seconds."""

    __slots__ = ("_held_bytes", "_is_due", "_kept", "_later_s", "_ledger", "_soon", "_waiting")

    def __init__(
        self,
        ledger: Ledger,
        kept: Kept,
        soon: Callable[[Callable[[], None]], object],
        later_s: Callable[[float, Callable[[], None]], Cancel],
    ) -> None:
        self._ledger = ledger
        self._kept = kept
        self._soon = soon
        self._later_s = later_s
        self._waiting: dict[_Waiter, None] = {}  # in the order in which they came
        self._held_bytes = 0
        self._is_due = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def trouble(self, awaited: Awaited, asked_bytes: int) -> str | None:
        """Why this cannot be waited for; None when it can. `asked_bytes`: how long it was as it came."""
        if not 0 <= awaited.timeout_s <= LONGEST_S:
            return f"timeout_s is {awaited.timeout_s:g}; write 0 to {LONGEST_S:g}"
        if awaited.matching < 1:
            return f"matching is {awaited.matching}; write 1 or more"
        for name in awaited.at_least:
            if name not in _COUNTS:
                return f"at_least has no {name[:_TOLD_MOST]!r}; it knows {', '.join(_COUNTS)}"
        for path, wanted in awaited.where.items():
            if _is_deeper(wanted, _DEEPEST):
                return f"where has over {_DEEPEST} levels at {path[:_TOLD_MOST]!r}; name what is in it"
        if len(self._waiting) >= WAITERS_MOST:
            return f"{WAITERS_MOST} are waiting already; let some of them end"
        if self._held_bytes + asked_bytes > HELD_BYTES_MOST:
            return (
                f"over {HELD_BYTES_MOST >> 20} MiB would be waited for; let some waits end, or ask for less"
            )
        return None

    def wait(self, awaited: Awaited, deliver: Deliver, asked_bytes: int) -> Cancel:
        """Answer when it is met or over; never before this returns."""
        waiter = _Waiter(awaited, deliver, asked_bytes)
        self._waiting[waiter] = None
        self._held_bytes += asked_bytes
        waiter.timer = self._later_s(
            awaited.timeout_s, lambda: self._answer(waiter, self._is_met(waiter, {}))
        )
        self.look_again()
        return lambda: self._drop(waiter)

    def look_again(self) -> None:
        """Something was accounted for: see who has what they waited for, in the loop's next round."""
        if not self._is_due:
            self._is_due = True
            self._soon(self._look)

    def _look(self) -> None:
        self._is_due = False
        counts: dict[str | None, dict[str, Any]] = {}  # by write key; adding accounts up is done once for all
        for waiter in list(self._waiting):
            if self._is_met(waiter, counts):
                self._answer(waiter, met=True)

    def _is_met(self, waiter: _Waiter, counts: dict[str | None, dict[str, Any]]) -> bool:
        awaited = waiter.awaited
        if waiter.generation != self._kept.generation:  # something was forgotten, and may come anew
            waiter.generation = self._kept.generation
            waiter.begin_search()
        # Looked for whatever the counts are: bodies may leave before those are reached.
        found = not awaited.where or self._found(waiter) >= awaited.matching
        wanted = dict(awaited.at_least)
        if awaited.count is not None:
            wanted["stored"] = max(awaited.count, wanted.get("stored", 0))
        if wanted:
            if awaited.write_key not in counts:
                counts[awaited.write_key] = self._ledger.account(awaited.write_key).document()
            if any(counts[awaited.write_key][name] < least for name, least in wanted.items()):
                return False
        return found and self._has_ids(waiter)

    def _has_ids(self, waiter: _Waiter) -> bool:
        ids = waiter.awaited.ids
        while waiter.ids_stored < len(ids) and self._ledger.was_stored(ids[waiter.ids_stored]):
            waiter.ids_stored += 1
        return waiter.ids_stored == len(ids)

    def _found(self, waiter: _Waiter) -> int:
        if waiter.next_seq == self._kept.seq:
            return waiter.found
        key = None if waiter.awaited.write_key is None else self._ledger.known_key(waiter.awaited.write_key)
        for call in self._kept.since(waiter.next_seq):
            if waiter.awaited.write_key is None or (key is not None and call.key == key):
                waiter.found += sum(matches(m, waiter.awaited.where) for m in self._kept.messages_of(call))
        waiter.next_seq = self._kept.seq
        return waiter.found

    def _answer(self, waiter: _Waiter, met: bool) -> None:  # noqa: FBT001 - private
        if waiter in self._waiting:
            self._drop(waiter)
            waiter.deliver(self._told(waiter, met))

    def _told(self, waiter: _Waiter, met: bool) -> Reply:  # noqa: FBT001 - private
        missing = [i for i in waiter.awaited.ids if not self._ledger.was_stored(i)]
        return json_reply(
            200,
            {
                "met": met,
                "counts": self._ledger.account(waiter.awaited.write_key).document(),
                "matching": waiter.found if waiter.awaited.where else None,
                "missing_ids": missing,
                **self._kept.report(),
            },
        )

    def _drop(self, waiter: _Waiter) -> None:
        if waiter in self._waiting:
            del self._waiting[waiter]
            self._held_bytes -= waiter.held_bytes
        if waiter.timer is not None:
            waiter.timer()
            waiter.timer = None


def matches(kept: KeptMessage, where: dict[str, Any]) -> bool:
    """True when the message has these values; `class`, `reason` and `type` speak of what became of it."""
    told = {"class": kept.class_, "reason": kept.reason, "type": kept.kind}
    for path, wanted in where.items():
        value: Any = kept.message
        if path in told:
            value = told[path]
        else:
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
        # To Python `true` is 1.
        if value != wanted or isinstance(value, bool) != isinstance(wanted, bool):
            return False
    return True


def _is_deeper(value: Any, levels: int) -> bool:
    if levels == 0:
        return True
    if isinstance(value, dict):
        return any(_is_deeper(inner, levels - 1) for inner in value.values())
    return isinstance(value, list) and any(_is_deeper(inner, levels - 1) for inner in value)
