"""Say what a replay would do, before anything is sent: how much, how fast against each limit, where to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from harness.model import Limit
from harness.units import NS_PER_S, format_duration

TOLERATED: Final = 1.1  # a run may last so many times as long as was asked before somebody must decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A replay on paper; counts are of the whole run, all passes."""

    recording: str
    privacy: str
    messages: int
    calls: Mapping[str, int] = field(default_factory=dict)  # Profile and Config calls, by API
    filtered: int
    requests: int  # as many as the batches asked for make
    by_kind: Mapping[str, int]
    by_source: Mapping[str, int]
    people: int
    biggest_bytes: int
    oversize: int
    asked_ns: int | None  # how long the schedule lasts; None when nothing is due
    ceiling_ns: int | None  # how long the ceiling makes it last; None when it is lifted
    mean_per_s: float | None  # requests
    peak_per_s: float | None
    limits: tuple[Limit, ...]
    target: str
    integrations: str
    speed: float | None

    @property
    def too_slow(self) -> str | None:
        """A sentence, when the ceiling makes the run last over 10 % longer than asked."""
        if self.asked_ns is None or self.ceiling_ns is None or self.ceiling_ns <= TOLERATED * self.asked_ns:
            return None
        return (
            f"the schedule lasts {format_duration(self.asked_ns)} and the ceiling makes it at least "
            f"{format_duration(self.ceiling_ns)}; choose a lower --speed or --rate, a --batch, "
            "a higher --limit, or --exceed-limits"
        )

    def as_json(self) -> dict[str, Any]:
        """The plan for a program: durations in seconds."""
        document = asdict(self)
        for name in ("asked", "ceiling"):
            value_ns = document.pop(f"{name}_ns")
            document[f"{name}_s"] = None if value_ns is None else value_ns / NS_PER_S
        document["limits"] = [
            {
                "api": limit.api,
                "name": limit.name,
                "count": limit.count,
                "window_s": limit.window_ns / NS_PER_S,
            }
            for limit in self.limits
        ]
        return document

    def as_text(self) -> str:
        """The plan for a person."""
        lines = [
            f"Plan: {self.recording} ({self.privacy}) to {self.target}",
            f"  messages      {self.messages:,} in {self.requests:,} requests; {self.filtered:,} filtered",
            *([f"  calls         {_counts(self.calls)}"] if self.calls else []),
            f"  types         {_counts(self.by_kind)}",
            f"  sources       {_counts(self.by_source)}",
            f"  people        {self.people:,}",
            f"  largest       {self.biggest_bytes:,} bytes; {self.oversize:,} over 32 KB",
            f"  integrations  {self.integrations}",
        ]
        if self.asked_ns is None:
            lines.append("  schedule      none: as fast as the target answers")
        else:
            ceiling = "lifted" if self.ceiling_ns is None else f"at least {format_duration(self.ceiling_ns)}"
            lines.append(
                f"  schedule      {format_duration(self.asked_ns)} asked; with the ceiling {ceiling}"
            )
        if self.mean_per_s is not None and self.peak_per_s is not None:
            lines.append(f"  requests/s    mean {self.mean_per_s:,.1f}, peak {self.peak_per_s:,.0f}")
        lines += [f"  limit         {limit.name} ({limit.origin})" for limit in self.limits]
        return "\n".join(lines)


def ceiling_time_ns(
    requests: Mapping[str, int],
    messages: int,
    limits: Sequence[Limit],
    calls: Mapping[str, int] | None = None,
) -> int:
    """The least time in which these requests (by source), messages and calls (by API) fit under the limits.

    Limits of one endpoint are left out: how many items are for it is not known.
    """
    longest_ns = 0
    for limit in limits:
        units = messages if limit.unit == "messages" else sum(requests.values())
        if limit.endpoint:
            continue
        if limit.api != "tracking":
            units = (calls or {}).get(limit.api, 0)
        elif limit.scope == "source":
            units = max(requests.values(), default=0)
        # What fits into one window needs no time at all.
        longest_ns = max(longest_ns, max(0, units - limit.count) * limit.window_ns // limit.count)
    return longest_ns


def _counts(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{(name or '(none)')[:40]} {count:,}" for name, count in ranked[:8]) or "none"
