"""What became of a recording's times: whether they could be kept, and what was odd about them.

Each question answers with its evidence, or None where nothing is to be said.
"""

from typing import Final

from harness.throttle.check import many
from harness.throttle.evidence import Evidence
from harness.units import NS_PER_S, format_duration

LONG_GAP_NS: Final = 60 * NS_PER_S


def shape_lost(evidence: Evidence) -> str | None:
    shape, summary = evidence.summary.arrival_variation, evidence.summary
    if not evidence.recorded_times or evidence.engine.ceiling_held or shape.due is None or shape.sent is None:
        return None
    if summary.messages.dropped or summary.calls.dropped:
        return None
    # Of a stream smoother than chance a share would be a share of next to nothing.
    if abs(shape.sent - shape.due) <= evidence.thresholds.shape_share * max(1.0, shape.due):
        return None
    longest = {name: summary.durations[f"{name}_wait"].max or 0.0 for name in ("lane", "batch", "user")}
    cause = max(longest, key=lambda name: longest[name])
    why = f"; {cause} waits moved them by up to {longest[cause]:,.0f} ms" if longest[cause] else ""
    return (
        f"Arrivals were spaced otherwise than recorded: variation {shape.sent:.2f}, due {shape.due:.2f}{why}."
    )


def stages_ended(evidence: Evidence) -> str | None:
    return "The stages ended before the recording; its rest was not read." if evidence.stages_ended else None


def stages_unused(evidence: Evidence) -> str | None:
    unused_ns = evidence.engine.stages_unused_ns
    if not unused_ns:
        return None
    return f"The recording ended {format_duration(unused_ns)} before the stages did."


def times_go_back(evidence: Evidence) -> str | None:
    if not evidence.too_late or not evidence.recorded_times:
        return None
    return (
        f"The recording's times go back: {many(evidence.too_late, 'item')} stood so far out of order "
        "that they left late, as soon as they were read."
    )


def resorted(evidence: Evidence) -> str | None:
    if not evidence.resorted or not evidence.recorded_times:
        return None
    return f"{many(evidence.resorted, 'item')} of the recording stood out of order and were put in order."


def long_gap(evidence: Evidence) -> str | None:
    idle_ns = evidence.engine.stopped_idle_ns
    if idle_ns < LONG_GAP_NS:
        return None
    return f"When the run was stopped, the next item was due {format_duration(idle_ns)} later."
