"""Show how a run goes: one line that rewrites itself on a terminal, now and then a plain one elsewhere."""

import shutil
import sys
from typing import Final, NamedTuple, Protocol, TextIO

from harness.units import NS_PER_S, format_duration

_PLAIN_EVERY_NS: Final = 5 * NS_PER_S
_LONG_IDLE_NS: Final = 10 * NS_PER_S
_BAR_CELLS: Final = 10


class Status(NamedTuple):
    """What a progress line says."""

    share: float | None  # of the recording, 0 to 1; None when its length is unknown
    rate_per_s: float
    accepted: int
    throttled: int
    lag_ms: float | None
    left_ns: int | None
    elapsed_ns: int
    idle_ns: int | None = None  # until the next item is due


class View(Protocol):
    """Where a run says how it goes."""

    def say(self, line: str) -> None: ...

    def show(self, status: Status) -> None: ...


def describe(status: Status) -> str:
    """The line, without its bar."""
    idle_ns = status.idle_ns or 0
    parts = [
        "" if status.share is None else f"{status.share:4.0%}",
        f"{status.rate_per_s:,.0f}/s",
        f"{status.accepted:,} accepted",
        f"{status.throttled:,} throttled",
        "" if status.lag_ms is None else f"lag {status.lag_ms:.1f} ms",
        f"next item in {format_duration(idle_ns)}" if idle_ns > _LONG_IDLE_NS else "",
        "" if status.left_ns is None else f"{format_duration(_to_seconds(status.left_ns))} left",
    ]
    return " · ".join(part for part in parts if part)


class Progress:
    """A progress display on a text stream; it knows whether that is a terminal."""

    def __init__(self, stream: TextIO | None = None, *, is_terminal: bool | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty() if is_terminal is None else is_terminal
        self._last_plain_ns = 0
        self._drawn = False

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
        width = shutil.get_terminal_size().columns - 1
        filled = round((status.share or 0) * _BAR_CELLS)
        bar = "━" * filled + "─" * (_BAR_CELLS - filled)
        line = f"{bar} {describe(status)}"[:width]
        self._stream.write("\r\x1b[2K" + line)
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._wipe()

    def _wipe(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._drawn = False


def _to_seconds(duration_ns: int) -> int:
    return max(NS_PER_S, round(duration_ns / NS_PER_S) * NS_PER_S)
