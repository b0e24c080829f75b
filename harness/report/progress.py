"""Show how a run goes: lines that rewrite themselves on a terminal, now and then a plain one elsewhere."""

import shutil
import sys
from typing import Final, NamedTuple, Protocol, TextIO

from harness.measure.recent import Recent
from harness.report.panel import bar, panel
from harness.units import NS_PER_S, format_duration

_PLAIN_EVERY_NS: Final = 5 * NS_PER_S
_LONG_IDLE_NS: Final = 10 * NS_PER_S
_LINES_LEAST: Final = 10  # a terminal of fewer has room for one line only


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
    in_flight: int | None = None  # requests
    recent: Recent | None = None  # None: nothing is known of single seconds


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
        self._drawn = 0  # lines on the terminal that are not to stay

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
        size = shutil.get_terminal_size()
        lines = [f"{bar(status.share or 0)} {describe(status)}"]
        if status.recent is not None and size.lines >= _LINES_LEAST:
            lines += panel(status.recent, status.in_flight)
        # In one piece, so that nobody sees the lines half drawn.
        self._stream.write(self._over_what_is_drawn() + "\n".join(line[: size.columns - 1] for line in lines))
        self._stream.flush()
        self._drawn = len(lines)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._wipe()

    def _wipe(self) -> None:
        if self._drawn:
            self._stream.write(self._over_what_is_drawn())
            self._stream.flush()
            self._drawn = 0

    def _over_what_is_drawn(self) -> str:
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        return f"\r{up}\x1b[J" if self._drawn > 1 else "\r\x1b[2K"


def _to_seconds(duration_ns: int) -> int:
    return max(NS_PER_S, round(duration_ns / NS_PER_S) * NS_PER_S)
