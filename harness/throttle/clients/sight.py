"""What was seen of a program while one play was played to it: its requests, its messages, how it ended."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

EXITED: Final = "exited"  # by itself
QUIET: Final = "quiet"  # all was settled and nothing more came, so it was ended
OUTLIVED: Final = "outlived"  # its time was over first
NOT_STARTED: Final = "not started"

Mark = int | str  # a message's number, else its id

_FIGURES: Final = re.compile(r"[0-9a-f]+")  # numbers, times, ids
_OVER: Final = frozenset({EXITED, QUIET})


class SeenMessage(NamedTuple):
    """One arrival of one message. Its repr shows what the program sent: keep it out of reports."""

    id: str | None
    number: int | None  # properties.harness_seq
    class_: str  # of the ledger: stored, duplicates, discarded, refused, throttled, faulted
    is_stored: bool  # whatever was answered
    body: Mapping[str, Any]  # as it came

    @property
    def mark(self) -> Mark | None:
        """What it is known by, however often it comes."""
        return self.id if self.number is None else self.number


class Attempt(NamedTuple):
    """One request."""

    at_ns: int  # when it had arrived, since 1970
    method: str
    path: str
    status: int | None  # None: no whole answer reached the client
    retry_after: str | None  # of the answer
    retry_count: str | None  # the X-Retry-Count it came with
    messages: tuple[SeenMessage, ...]
    body_bytes: int  # inflated

    @property
    def marks(self) -> frozenset[Mark]:
        """Its messages, as far as they can be known again."""
        return frozenset(m.mark for m in self.messages if m.mark is not None)

    @property
    def is_good(self) -> bool:
        """True when the client was told that all is well."""
        return self.status is not None and 200 <= self.status < 300


class Ending(NamedTuple):
    """How a program ended."""

    how: str  # EXITED, QUIET, OUTLIVED, NOT_STARTED
    code: int | None = None  # of an exit; below zero: the signal that ended it
    ran_ns: int = 0
    output: str = ""  # the last of its standard output
    errors: str = ""  # the last of its standard error
    peak_bytes: int | None = None  # the most memory that was seen of it and its children
    stop_ns: int | None = None  # how long it took to end after it was told to; None: it was not, or did not
    told: bool | None = None  # what a driver of Segment's own kind said: success or not

    @property
    def said(self) -> str:
        """In words, with what it said last."""
        ran = f"after {self.ran_ns / 1e9:.1f} s"
        words = {
            NOT_STARTED: "it could not be started",
            QUIET: f"it was ended {ran}, all being settled",
            OUTLIVED: f"it was still running {ran} and was ended",
        }.get(self.how)
        if words is None:
            by = f"exit {self.code}" if (self.code or 0) >= 0 else f"signal {-(self.code or 0)}"
            words = f"it ended by itself {ran} ({by})"
        last = (self.errors.strip() or self.output.strip()).splitlines()[-1:]
        return words + "".join(f"; its last words: {line.strip()[-200:]}" for line in last)


@dataclass(frozen=True)
class Sight:
    """The evidence of one process in one play."""

    events: int  # messages that it was told to send
    started_ns: int  # since 1970
    attempts: tuple[Attempt, ...]  # in order of arrival
    ending: Ending
    played: int  # how often the mock did what the play is about
    drift_ns: int = 0  # by which the wall clock went apart from the monotonic one meanwhile
    stall_ns: int = 0  # how long this machine kept the program, the mock or us waiting
    jolt_ns: int = 0  # and the longest of it at once, by which a single instant may be late
    produced: frozenset[Mark] | None = None  # what it says it made; None: it does not say
    dropped: frozenset[Mark] | None = None  # what it says it gave up; None: it does not say
    elsewhere: int = 0  # requests that came under another write key
    lost_sight: bool = False  # the mock has not kept all
    until_ns: int | None = None  # when the mock stopped doing it, where that was an instant
    facts: Mapping[str, Any] = field(default_factory=dict)  # what was chosen as the play began

    @cached_property
    def calls(self) -> tuple[Attempt, ...]:
        """The requests that carried messages, or tried to."""
        return tuple(a for a in self.attempts if a.method == "POST")

    @cached_property
    def stored(self) -> frozenset[Mark]:
        """The messages that the mock has."""
        return frozenset(
            m.mark for a in self.attempts for m in a.messages if m.is_stored and m.mark is not None
        )

    @cached_property
    def seen(self) -> frozenset[Mark]:
        """The messages that arrived at all."""
        return frozenset(mark for a in self.attempts for mark in a.marks)

    @cached_property
    def asked(self) -> frozenset[Mark] | None:
        """The messages that it had to send; None when it neither numbers them nor lists them."""
        if self.produced is not None:
            return self.produced
        numbers = {m.number for a in self.attempts for m in a.messages if m.number is not None}
        if not numbers:
            return None
        first = min(0 if 0 in numbers else 1, *numbers)
        return frozenset(range(first, first + self.events))

    @property
    def turned_away(self) -> tuple[Attempt, ...]:
        """The requests that were not answered with a 2xx."""
        return tuple(a for a in self.calls if not a.is_good)

    @property
    def is_over(self) -> bool:
        """True when nothing more was to come: it ended by itself, or all was settled."""
        return self.ending.how in _OVER

    @property
    def reports_losses(self) -> bool:
        """True when it said that something went wrong."""
        if self.ending.told is not None:
            return not self.ending.told
        if self.dropped:
            return True
        is_usual = self.ending.code == self.facts.get("plain_code", 0)
        failed = self.ending.how == EXITED and (self.ending.code or 0) > 0 and not is_usual
        return failed or _has_news(self.ending.errors, self.facts.get("plain_errors", ""))

    def again(self, place: int) -> Attempt | None:
        """The next request that holds a message of the one at this place of `calls`."""
        marks = self.calls[place].marks
        return next((a for a in self.calls[place + 1 :] if not marks.isdisjoint(a.marks)), None)

    def tries(self, mark: Mark) -> list[Attempt]:
        """The requests that held this message, in order."""
        return [a for a in self.calls if mark in a.marks]

    def after_s(self, at_ns: int) -> str:
        """An instant, as seconds after the program was started."""
        return f"{(at_ns - self.started_ns) / 1e9:.3f} s"


def _has_news(errors: str, plain_errors: str) -> bool:
    """True when standard error has a line that it has not when all is well; figures apart."""
    known = {_FIGURES.sub("", line) for line in plain_errors.splitlines()}
    return any(line.strip() and _FIGURES.sub("", line) not in known for line in errors.splitlines())


def listed(marks: Iterable[Mark], most: int = 8) -> str:
    """`3, 4, 9 and 12 more`."""
    inorder = sorted(marks, key=lambda mark: (isinstance(mark, str), mark))
    shown = ", ".join(map(str, inorder[:most]))
    return shown if len(inorder) <= most else f"{shown} and {len(inorder) - most:,} more"
