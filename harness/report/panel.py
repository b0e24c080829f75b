"""Lay out how a run goes as a few lines for a terminal: pure, from a status to lines."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from harness.measure.recent import LimitNow, Recent
from harness.model import Waiting
from harness.report.phrases import cut
from harness.units import NS_PER_S, format_duration

if TYPE_CHECKING:
    from harness.report.progress import Status

BAR_CELLS: Final = 10
NARROW_COLUMNS: Final = 60  # below it there is no room for a bar, nor for many seconds of a limit
LIMITS_MOST: Final = 6
STATUSES_MOST: Final = 6
NEXT: Final[Mapping[str, str]] = {
    "due": "next item due in",
    "ceiling": "the ceiling opens in",
    "pause": "the pause after a 429 ends in",
    "retry": "next retry in",
}

_STEPS: Final = "▁▂▃▄▅▆▇█"
_LOAD_CELLS: Final = 30
_SHARE_CELLS: Final = 20
_CELLS_NARROW: Final = 8
_LINES_BESIDE_LIMITS: Final = 5
_LONG_IDLE_NS: Final = 3 * NS_PER_S


def bar(share: float) -> str:
    """So much of a bar is filled; what is beyond the whole fills it."""
    filled = round(min(1.0, max(0.0, share)) * BAR_CELLS)
    return "━" * filled + "─" * (BAR_CELLS - filled)


def blocks(values: Sequence[int], top: int, most: int) -> str:
    """The newest values as blocks, on a scale up to `top`: a whole block is `top` or beyond it."""
    newest = values[-most:]
    return "".join(_STEPS[min(value * len(_STEPS) // (top + 1), 7)] if value else " " for value in newest)


def cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def fitted(line: str, room: int) -> str:
    """As much of a line as fits into so many cells."""
    if len(line) * 2 <= room:
        return line
    taken = 0
    for place, sign in enumerate(line):
        taken += _cells_of(sign)
        if taken > room:
            return line[:place]
    return line


def panel(status: "Status", recent: Recent, *, columns: int, rows: int) -> list[str]:
    """The lines below the line of progress, at most so many."""
    top = max(recent.sent[-_LOAD_CELLS:], default=0)
    limits = recent.limits[: max(1, min(LIMITS_MOST, rows - _LINES_BESIDE_LIMITS))]
    lines = [f"{'sent':10} {blocks(recent.sent, top, _LOAD_CELLS)}"] if top else []
    lines += [_limit(limit, columns) for limit in limits]
    if recent.statuses:
        lines.append(f"{'answers':10} {_statuses(recent.statuses)}")
    if any(status.waiting):
        lines.append(f"{'waiting':10} {say_waiting(status.waiting)}")
    if status.next_in_ns is not None and (told := say_next(status.next_is, status.next_in_ns)):
        lines.append(f"{'next':10} {told}")
    if status.in_flight is not None:
        lines.append(f"{'in flight':10} {status.in_flight:,}")
    return lines[:rows]


def say_waiting(waiting: Waiting) -> str:
    """How many items wait for what, the most first."""
    ranked = sorted(waiting._asdict().items(), key=lambda entry: -entry[1])
    return " · ".join(f"{name} {number:,}" for name, number in ranked if number)


def say_next(what: str | None, in_ns: int | None) -> str:
    """What happens next, where that is not soon."""
    if what is None or in_ns is None or in_ns < _LONG_IDLE_NS:
        return ""
    return f"{NEXT[what]} {format_duration(round(in_ns / NS_PER_S) * NS_PER_S)}"


def _cells_of(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _limit(limit: LimitNow, columns: int) -> str:
    room = _SHARE_CELLS if columns >= NARROW_COLUMNS else _CELLS_NARROW
    seconds = blocks(limit.past, limit.most, room).rjust(room)
    label = f" ({cut(limit.label)})" if limit.label else ""
    over = "  over" if limit.used > limit.most else ""
    figure = f"{limit.used:,} of {limit.most:,} in {limit.window_s:g} s"
    return f"{limit.api:10} {seconds} {figure}{over}  {cut(limit.name)}{label}"


def _statuses(statuses: Mapping[str, int]) -> str:
    ranked = sorted(statuses.items(), key=lambda entry: -entry[1])
    words = {"none": "no answer"}
    told = [f"{words.get(name, name)} {number:,}" for name, number in ranked[:STATUSES_MOST]]
    more = sum(number for _, number in ranked[STATUSES_MOST:])
    return " · ".join([*told, *([f"others {more:,}"] if more else [])])
