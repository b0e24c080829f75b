"""Keep the last calls with their bodies, so that people and tests can look at them; older ones make room.

Enters: every call of an API, as bytes, and what became of it. Leaves: the same, taken apart only when
somebody looks. The bound is in bytes; what leaves it is counted, in calls and in messages.
"""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from harness.mock.account import STORED
from harness.mock.ledger import Entry
from harness.mock.moments import stored_timestamp_ns
from harness.segment.envelope import final_form, sent_at, without_extra_properties

_CALL_BYTES: Final = 600  # of a call itself, its body apart
_ENTRY_BYTES: Final = 180  # of what became of a message, its id's characters apart
_RETRY_COUNT_MOST: Final = 20
_WHOLE_DIGITS: Final = 19  # a longer number is read as a double, as orjson does


class KeptCall(NamedTuple):
    """One call. Its repr may show personal data: never log it."""

    seq: int  # of its first message, or of the call itself; grows by its messages, and at least by one
    received_ns: int  # since 1970
    api: str
    method: str
    path: str  # without its query, which may hold a key
    status: int | None  # None when a fault ate the answer
    key: int | None  # the ledger's number of the write key
    kind: str | None  # the message type the path implies
    carried: int  # messages; 0 for a call that carries none
    entries: Sequence[Entry] | None  # what became of each; None: all were stored under the ids they came with
    body: bytes  # inflated; empty when there was none, or it could not be read
    retry_after: str | None  # the header of the answer, as it stood there
    retry_count: str | None  # the `X-Retry-Count` it came with


class KeptMessage(NamedTuple):
    """One message of a kept call. Its repr may show personal data: never log it."""

    seq: int
    call: KeptCall
    message: Any  # as it came, whatever JSON that is
    envelope: dict[str, Any]
    kind: str | None
    class_: str
    reason: str | None
    message_id: str | None
    is_stored: bool  # whatever was answered
    properties_most: int

    def final(self) -> dict[str, Any] | None:
        """The message as Segment hands it on; None unless it was stored."""
        if not self.is_stored or self.message_id is None or self.kind is None:
            return None
        message, _ = without_extra_properties(self.message, self.properties_most)
        return final_form(
            message,
            self.envelope,
            kind=self.kind,
            message_id=self.message_id,
            received_ns=self.call.received_ns,
            timestamp_ns=self.timestamp_ns,
        )

    @property
    def timestamp_ns(self) -> int:
        """The corrected timestamp of a stored message."""
        timestamp_ns, _ = stored_timestamp_ns(
            self.message.get("timestamp"), sent_at(self.message, self.envelope), self.call.received_ns
        )
        return timestamp_ns


class Kept:
    """The ring. `seq` is the next free number."""

    __slots__ = (
        "_bytes",
        "_bytes_most",
        "_properties_most",
        "calls",
        "evicted_calls",
        "evicted_messages",
        "generation",
        "missed",
        "seq",
        "unseen",
    )

    def __init__(self, bytes_most: int, properties_most: int) -> None:
        self._bytes_most: Final = bytes_most
        self._properties_most: Final = properties_most  # a message is shown with at most so many
        self.calls: deque[KeptCall] = deque()
        self._bytes = 0
        self.seq = 1
        self.generation = 0  # grows whenever calls are forgotten, so that who counted them notices
        self.evicted_calls = 0
        self.evicted_messages = 0
        self.unseen: deque[KeptCall] = deque()  # calls with messages that the profiles have still to see
        self.missed = 0  # messages that left unseen

    def keep(  # noqa: PLR0917 - in the order of the noun, and quicker by place: it runs for every call
        self,
        received_ns: int,
        api: str,
        method: str,
        path: str,
        status: int | None,
        key: int | None = None,
        kind: str | None = None,
        carried: int = 0,
        entries: Sequence[Entry] | None = None,
        body: bytes = b"",
        retry_after: str | None = None,
        retry_count: bytes | None = None,
    ) -> None:
        """Take a call in, at the price of the oldest."""
        seq = self.seq
        self.seq = seq + (carried or 1)
        count = None if retry_count is None else retry_count[:_RETRY_COUNT_MOST].decode("latin-1")
        call = _kept_call((
            seq, received_ns, api, method, path, status, key, kind, carried, entries, body, retry_after, count
        ))  # fmt: skip
        self.calls.append(call)
        if carried:
            self.unseen.append(call)
        self._bytes += len(body) + _CALL_BYTES if entries is None else _held_bytes(call)
        while self._bytes > self._bytes_most:
            gone = self.calls.popleft()
            self._bytes -= len(gone.body) + _CALL_BYTES if gone.entries is None else _held_bytes(gone)
            self.evicted_calls += 1
            self.evicted_messages += gone.carried
            if self.unseen and self.unseen[0] is gone:
                self.unseen.popleft()
                self.missed += gone.carried

    def since(self, seq: int) -> Iterator[KeptCall]:
        """The calls that are still here from this number on, oldest first."""
        newest_first: list[KeptCall] = []
        for call in reversed(self.calls):
            if call.seq + max(call.carried, 1) <= seq:
                break
            newest_first.append(call)
        return reversed(newest_first)

    def messages_of(self, call: KeptCall) -> list[KeptMessage]:
        """The messages of a kept call, taken apart; none when it has none, or is nested too deeply."""
        if not call.carried:
            return []
        document = _parsed(call.body)
        if document is None:
            return []
        if call.kind is not None:
            messages, envelope = [document], {}
        else:
            messages, envelope = document.get("batch", []), document
        found: list[KeptMessage] = []
        for place, message in enumerate(messages):
            kind = call.kind
            if kind is None and isinstance(message, dict) and isinstance(message.get("type"), str):
                kind = message["type"]
            if call.entries is None:
                class_, reason, message_id, is_stored = STORED, None, message["messageId"], True
            else:
                message_id, class_, reason, timestamp_ns = call.entries[place]
                is_stored = timestamp_ns is not None
            found.append(
                KeptMessage(
                    call.seq + place,
                    call,
                    message,
                    envelope,
                    kind,
                    class_,
                    reason,
                    message_id,
                    is_stored,
                    self._properties_most,
                )
            )
        return found

    def find(self, seq: int) -> KeptMessage | KeptCall | None:
        """The message with this number, or the call when it carries none; None when it has gone."""
        for call in self.since(seq):
            if call.seq > seq:
                return None
            for message in self.messages_of(call):
                if message.seq == seq:
                    return message
            return call
        return None

    def forget_key(self, key: int) -> None:
        """Drop the calls of one write key; they do not count as evicted."""
        self.calls = deque(call for call in self.calls if call.key != key)
        self.unseen = deque(call for call in self.unseen if call.key != key)
        self._bytes = sum(map(_held_bytes, self.calls))
        self.generation += 1

    def forget_all(self) -> None:
        """Drop every call, and the counts of those that left; numbers go on."""
        self.calls.clear()
        self.unseen.clear()
        self._bytes = 0
        self.generation += 1
        self.evicted_calls = self.evicted_messages = 0

    def reset(self) -> None:
        """As at the start, but for the numbers, which go on: the profiles begin anew too."""
        self.forget_all()
        self.missed = 0

    def report(self) -> dict[str, int]:
        """How much is kept, and how much has left."""
        return {
            "kept_calls": len(self.calls),
            "kept_bytes": self._bytes,
            "evicted_calls": self.evicted_calls,
            "evicted_messages": self.evicted_messages,
        }


def _held_bytes(call: KeptCall) -> int:
    """What a call takes in memory, by estimate; ids that stand apart from the body may be as long as it."""
    if call.entries is None:
        return len(call.body) + _CALL_BYTES
    return 2 * len(call.body) + _CALL_BYTES + _ENTRY_BYTES * len(call.entries)


def _parsed(body: bytes) -> Any:
    """The JSON of a call that was taken; None when it is nested too deeply to be read once more."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # A number beyond a double's range was passed over when it came; here it is infinite.
        try:
            return json.loads(body, parse_int=_whole)
        except RecursionError:
            return None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _WHOLE_DIGITS else float(digits)


def _kept_call(values: tuple[Any, ...]) -> KeptCall:
    return tuple.__new__(KeptCall, values)  # a named tuple's own constructor takes twice as long
