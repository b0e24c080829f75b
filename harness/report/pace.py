"""Say in words how it was decided when something is sent."""

from collections.abc import Mapping
from typing import Any, Final

from harness.report.phrases import cut
from harness.units import NS_PER_S, format_duration

_STAGES_MOST: Final = 6


def pace(document: Mapping[str, Any]) -> str:
    """`as recorded, 10 times as fast`, `500 items/s`, `in stages: to 230/s in 20 s, 120/s for 30 s`."""
    plan = document.get("plan") or {}
    if document.get("closed_loop"):
        return "as fast as the target answers"
    rate, speed, stages = plan.get("rate"), plan.get("speed"), plan.get("stages")
    if rate is not None:
        return f"{_number(rate)} items/s" if isinstance(rate, int | float) else cut(rate)
    if stages:
        more = f", and {len(stages) - _STAGES_MOST:,} more" if len(stages) > _STAGES_MOST else ""
        return f"in stages: {', '.join(map(_stage, stages[:_STAGES_MOST]))}{more}"
    if speed is None:
        return "not known"
    return "as recorded" if speed == 1 else f"as recorded, {_number(speed)} times as fast"


def _stage(stage: Any) -> str:
    try:
        rate, lasts_s = _number(stage["rate_per_s"]), stage["duration_s"]
        lasts = format_duration(round(lasts_s * NS_PER_S))
        return f"to {rate}/s in {lasts}" if stage["shape"] == "ramp" else f"{rate}/s for {lasts}"
    except (KeyError, TypeError):
        return cut(stage)


def _number(number: float) -> str:
    return f"{number:,.6g}" if abs(number) < 1e6 else f"{number:,.0f}"
