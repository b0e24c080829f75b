"""The nouns that rooms hand to each other: item, arrival, request, answer, decision, waits.

All are frozen. An item is read once and never changes; what changes (its state, its waits) is kept by
whoever owns it: the engine while it runs, the delivery map for ever.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple, Protocol

Message = dict[str, Any]  # one Segment message, as parsed JSON


class State(IntEnum):
    """What became of an item; the low nibble of its byte in the delivery map."""

    UNREAD = 0
    FILTERED = 1
    WAITING = 2
    IN_FLIGHT = 3
    ACCEPTED = 4
    REJECTED = 5
    ABANDONED = 6
    DROPPED = 7
    CANCELLED = 8
    WAITING_AGAIN = 9


FINAL_STATES: Final = (State.ACCEPTED, State.REJECTED, State.ABANDONED, State.DROPPED, State.CANCELLED)

SENT_AGAIN: Final = 0x10
MAYBE_RECEIVED: Final = 0x20
THROTTLED: Final = 0x40
EARLIER_LEG: Final = 0x80


class Place(NamedTuple):
    """Where an item's line stands, so that its body can be read again."""

    file: str
    line: int  # counted from 1
    offset: int  # bytes from the start of the (uncompressed) file
    length: int  # bytes, without the newline
    within: int  # which item of a recorded batch, counted from 0; -1 when the line is one item
    raw: bytes | None  # the line itself where it cannot be read again, else None


class Item(NamedTuple):
    """One thing with a state: a message, or a Profile or Config call."""

    index: int  # type: ignore[assignment]  # hides tuple.index; unique in a run, passes and copies included
    api: str  # tracking, profile, config
    kind: str  # identify, track, page, screen, group, alias; for other APIs the method
    source: str  # the label it was recorded under; "" when the recording names none
    at_ns: int | None  # recorded instant: since 1970, or since the recording's start; None when there is none
    lateness_ns: int  # receivedAt - timestamp as recorded; 0 unless both are there
    keys: tuple[str, ...]  # the ids that keep its person's order
    group: Hashable  # equal for the items of one recorded batch; None when it was sent alone
    place: Place
    path: str = ""  # of a Profile or Config call, its query included; a message's is the encoder's
    prepared: bytes | None = (
        None  # of a recording that is kept in memory: what all sends of the message share
    )


class Arrival(NamedTuple):
    """A planned send: an item, and when it is due, in ns after the start of the run."""

    due_ns: int
    item: Item


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call as planned. It holds no credential: the connection adds that as the bytes leave."""

    api: str
    source: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    arrivals: tuple[Arrival, ...]
    attempt: int  # 1 for the first send


class Failure(StrEnum):
    """Why an attempt ended without an HTTP answer."""

    CONNECT = "could not connect"
    TIMEOUT = "no answer in time"
    CLOSED = "connection closed before an answer"
    NOT_HTTP = "answer was not HTTP"
    STOPPED = "the run stopped before an answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one attempt; exactly one of `status` and `failure` is there."""

    sent_ns: int  # first byte handed to the kernel; for a failed connect, when it was tried
    done_ns: int
    status: int | None = None
    failure: Failure | None = None
    retry_after: str | None = None  # the header as it came
    body: bytes = b""  # at most its first 2 KiB
    unknown_profile: bool = False  # a 404 by which the Profile API says that it knows no such profile

    @property
    def maybe_received(self) -> bool:
        """True when the receiver may have the messages though it did not say so."""
        if self.status is not None:
            return self.status >= 500
        return self.failure is not Failure.CONNECT


class Outcome(StrEnum):
    """What one attempt means for its items."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do after an attempt."""

    outcome: Outcome
    wait_ns: int = 0  # before the next attempt; for RETRY
    counted: bool = False  # whether this attempt uses up one of the counted ones
    pauses_scope: bool = False  # a 429: everything under the limit in force waits too
    asked_wait_ns: int | None = None  # what Retry-After asked for, uncapped; None when it did not ask


@dataclass(slots=True)
class Attempts:
    """How often a request was tried; the engine keeps one for each unfinished request."""

    sends: int = 0
    counted: int = 0
    asked_waits: int = 0
    first_sent_ns: int = 0


class Waits(NamedTuple):
    """Due to first send, in pieces that add up; all in ns."""

    lane_ns: int = 0
    limit_ns: int = 0
    batch_ns: int = 0
    user_ns: int = 0
    lag_ns: int = 0


class Waiting(NamedTuple):
    """How many items wait, by what for. What is on the wire, or is not due, is none of them."""

    ceiling: int = 0
    pause: int = 0  # that a 429 asked for
    person: int = 0  # an earlier item of the same person
    user: int = 0  # one that is free
    retry: int = 0  # the time of the next attempt
    batch: int = 0  # its being closed


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule `(count, window, unit, scope)`: the documented one, or the one a ceiling keeps."""

    api: str
    name: str
    count: int
    window_ns: int
    unit: str  # requests, messages
    scope: str  # source, workspace, space, token
    origin: str  # where the figure comes from, with a date
    endpoint: str = ""  # a path it speaks of alone, `*` for any one segment; "" for the whole API

    def scaled(self, share: float) -> "Limit":
        """The same rule with `share` of its count, at least 1."""
        return Limit(
            self.api,
            f"{self.name} x {share:g}",
            max(1, int(self.count * share)),
            self.window_ns,
            self.unit,
            self.scope,
            self.origin,
            self.endpoint,
        )


class Sender(Protocol):
    """One keep-alive connection with at most one request in flight."""

    def connect(self, done: Callable[[Failure | None], None]) -> None:
        """Open the connection; `done` hears None, or why not."""

    def send(self, request: Request, done: Callable[[Answer], None]) -> None:
        """Send, connecting first where needed; `done` hears exactly one answer."""

    def close(self) -> None:
        """Close; a request in flight is answered with `Failure.STOPPED`."""


class Decide(Protocol):
    """What an answer means: the retry table, handed to the engine."""

    def __call__(self, answer: Answer, attempts: Attempts, now_ns: int) -> Decision: ...


class Encode(Protocol):
    """Arrivals to the request that carries them; reads bodies from the recording, never from a socket."""

    def __call__(self, arrivals: tuple[Arrival, ...], attempt: int) -> Request: ...


class Settlement(NamedTuple):
    """The end of one item: its state, and the figures of the attempts that led there."""

    arrival: Arrival
    state: State  # a final one; an item without a settlement reads as pending
    waits: Waits | None  # None when it was never sent, or nothing was due
    sent_ns: int | None  # first send; None when it was never sent
    done_ns: int
    attempts: int
    status: int | None  # of the last attempt; None when it had no HTTP answer


class Tally(Protocol):
    """What the engine tells of each item and each send.

    All instants are monotonic ns, as `Clock.now_ns`; `Arrival.due_ns` alone counts from the start of the run.
    What happens to several items at once is told at once: a call an item would be a third of a batch's price.
    For one item the calls come in this order: selected, released, (sending, answered) once for each attempt
    with first_sent after the first sending, settled. A stop can end that order anywhere after selected.
    """

    def started(self, now_ns: int, wall_ns: int) -> None:
        """All users are connected: this instant is due time zero."""

    def selected(self, items: Sequence[Item]) -> None:
        """Read, and to be sent."""

    def filtered(self, item: Item, reason: str) -> None:
        """Read, and not to be sent; `reason` is from a short closed list."""

    def released(self, arrivals: Sequence[Arrival]) -> None:
        """Their due times have come: they are offered load from here on."""

    def sending(self, request: Request, now_ns: int) -> None:
        """The bytes are about to leave; called before every attempt."""

    def first_sent(self, waits: Sequence[Waits], now_ns: int) -> None:
        """The first attempt of so many items has left, after these waits; not called when nothing is due."""

    def answered(self, request: Request, answer: Answer, decision: Decision) -> None:
        """An attempt ended."""

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """These items, one at least, reached one final state at one instant."""

    def opened(self, now_ns: int) -> None:
        """A user opened a connection."""
