"""Show how a run goes: lines that rewrite themselves on a terminal, now and then a plain one elsewhere."""

import os
import shutil
import sys
from typing import Final, NamedTuple, Protocol, TextIO

from harness.measure.recent import Recent
from harness.model import Waiting
from harness.report.panel import NARROW_COLUMNS, bar, cells, fitted, panel, say_next, say_waiting
from harness.units import NS_PER_S, format_duration

_PLAIN_EVERY_NS: Final = 5 * NS_PER_S
_LINES_LEAST: Final = 10  # a terminal of fewer has room for one line only
_DUMB: Final = frozenset({"dumb", "unknown"})  # terminals that cannot move their cursor


class Status(NamedTuple):
    """What a progress line says."""

    share: float | None  # that is done, 0 to 1; None when the length is unknown
    rate_per_s: float
    accepted: int
    throttled: int
    lag_ms: float | None
    left_ns: int | None
    elapsed_ns: int
    at_least: bool = False  # `left_ns` is a lower bound
    waiting: Waiting = Waiting()
    oldest_ns: int = 0  # since the first of what waits for a limit or a user was due
    next_is: str | None = None  # what happens next, by the words of `panel.NEXT`
    next_in_ns: int | None = None
    in_flight: int | None = None  # requests
    stopping: bool = False  # nothing more is sent; what is in flight may be answered
    recent: Recent | None = None  # None: nothing is known of single seconds


class View(Protocol):
    """Where a run says how it goes."""

    def say(self, line: str) -> None: ...

    def show(self, status: Status) -> None: ...


def describe(status: Status, *, alone: bool = True, room: int | None = None) -> str:
    """The line, without its bar; `alone`: no panel below it says what waits for what.

    Of what does not fit into `room` cells the last is left out.
    """
    causes = f" ({say_waiting(status.waiting)})" if alone and any(status.waiting) else ""
    parts = [
        "" if status.share is None else f"{int(100 * status.share):3d}%",
        "stopping" if status.stopping else say_left(status),
        f"{status.rate_per_s:,.0f}/s",
        f"{status.accepted:,} accepted",
        f"{sum(status.waiting):,} waiting{causes}" if any(status.waiting) else "",
        f"{status.throttled:,} throttled",
        "" if status.lag_ms is None else f"lag {status.lag_ms:.1f} ms",
        say_next(status.next_is, status.next_in_ns) if alone else "",
    ]
    there = [part for part in parts if part]
    while room is not None and len(there) > 1 and cells(" · ".join(there)) > room:
        there.pop()
    return " · ".join(there)


def say_left(status: Status) -> str:
    """How long it still takes, as far as that is known."""
    if status.left_ns is None:
        return ""
    seconds = max(1, round(status.left_ns / NS_PER_S))
    least = "at least " if status.at_least else ""
    return f"{least}{format_duration(seconds * NS_PER_S)} left"


class Progress:
    """A progress display on a text stream; it knows whether that is a terminal."""

    def __init__(self, stream: TextIO | None = None, *, is_terminal: bool | None = None) -> None:
        self._stream = stream or sys.stderr
        if is_terminal is None:
            is_terminal = self._stream.isatty() and os.environ.get("TERM", "") not in _DUMB
        self._is_terminal = is_terminal
        self._last_plain_ns = 0
        self._drawn: list[str] = []  # lines on the terminal that are not to stay

    def say(self, line: str) -> None:
        """A line that stays."""
        self._wipe()
        self._stream.write(line + "\n")
        self._stream.flush()

    def show(self, status: Status) -> None:
        """Where the run stands now."""
        if not self._is_terminal:
            if status.elapsed_ns - self._last_plain_ns >= _PLAIN_EVERY_NS:
                self._last_plain_ns = status.elapsed_ns
                self.say(describe(status))
            return
        size = self._size()
        has_panel = status.recent is not None and size.lines >= _LINES_LEAST
        head = f"{bar(status.share or 0)} " if size.columns >= NARROW_COLUMNS else ""
        lines = [head + describe(status, alone=not has_panel, room=size.columns - 1 - cells(head))]
        if status.recent is not None and has_panel:
            lines += panel(status, status.recent, columns=size.columns, rows=size.lines - 2)
        self._draw([fitted(line, size.columns - 1) for line in lines])

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._wipe()

    def _draw(self, lines: list[str]) -> None:
        # In one piece, and each line over the one before it, so that nobody sees the lines half drawn.
        self._stream.write(self._back() + "\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J")
        self._stream.flush()
        self._drawn = lines

    def _wipe(self) -> None:
        if self._drawn:
            self._stream.write(self._back() + "\x1b[J")
            self._stream.flush()
            self._drawn = []

    def _back(self) -> str:
        """To where drawing began; a terminal that was made narrower broke what is drawn into more rows."""
        columns = self._size().columns
        rows = sum(max(1, -(-cells(line) // columns)) for line in self._drawn)
        return f"\r\x1b[{rows - 1}A" if rows > 1 else "\r"

    def _size(self) -> os.terminal_size:
        try:
            size = os.get_terminal_size(self._stream.fileno())  # standard output may be a file
        except (OSError, ValueError):
            return shutil.get_terminal_size()
        return size if size.columns else shutil.get_terminal_size()
