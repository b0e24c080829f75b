"""Lay out how a run goes as a few lines for a terminal: pure, from a status to lines."""

from collections.abc import Mapping, Sequence
from typing import Final

from harness.measure.recent import LimitNow, Recent
from harness.report.phrases import cut

BAR_CELLS: Final = 10
LIMITS_MOST: Final = 2
STATUSES_MOST: Final = 6

_STEPS: Final = "▁▂▃▄▅▆▇█"
_LOAD_CELLS: Final = 30


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """So much of a bar is filled; what is beyond the whole fills it."""
    filled = round(min(1.0, max(0.0, share)) * cells)
    return "━" * filled + "─" * (cells - filled)


def load_line(load: Sequence[int]) -> str:
    """The last seconds as blocks, the highest of them whole."""
    newest = load[-_LOAD_CELLS:]
    top = max(newest, default=0)
    if not top:
        return ""
    return "".join(_STEPS[level * len(_STEPS) // (top + 1)] if level else " " for level in newest)


def panel(recent: Recent, in_flight: int | None) -> list[str]:
    """The lines below the line of progress."""
    lines = [f"sent       {load_line(recent.sent)}"] if any(recent.sent) else []
    lines += [f"limit      {_limit(limit)}" for limit in recent.limits[:LIMITS_MOST]]
    if recent.statuses:
        lines.append(f"answers    {_statuses(recent.statuses)}")
    if in_flight is not None:
        lines.append(f"in flight  {in_flight:,}")
    return lines


def _limit(limit: LimitNow) -> str:
    label = f" ({cut(limit.label)})" if limit.label else ""
    over = "  over" if limit.used > limit.most else ""
    return (
        f"{bar(limit.used / limit.most)} {limit.used:,} of {limit.most:,} in {limit.window_s:g} s{over}"
        f"  {cut(limit.name)}{label}"
    )


def _statuses(statuses: Mapping[str, int]) -> str:
    ranked = sorted(statuses.items(), key=lambda entry: -entry[1])
    words = {"none": "no answer"}
    told = [f"{words.get(name, name)} {number:,}" for name, number in ranked[:STATUSES_MOST]]
    more = sum(number for _, number in ranked[STATUSES_MOST:])
    return " · ".join([*told, *([f"others {more:,}"] if more else [])])
