"""Count for each second how many durations were above a percentile of the whole run.

From these counts another run can be compared with this one: how much a percentile moves by chance follows
from how unevenly what is above it falls on the seconds (Woodruff 1952), and it takes a few whole numbers a
second to know it rather than a histogram.
"""

from collections.abc import Mapping
from typing import Final

from harness.measure.counters import Counters
from harness.measure.histogram import Histogram
from harness.units import NS_PER_MS

COMPARED: Final = ("service_2xx", "response", "schedule_lag")
PERCENTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

Above = Mapping[str, Mapping[str, tuple[int, ...]]]
Distribution = Mapping[str, tuple[float, ...]]


def above_percentiles(totals: Counters, parts: Mapping[int, Counters]) -> Above:
    """`{histogram: {"count": …, "p50": …, "p95": …, "p99": …}}`: a number for each place up to the last.

    `parts` are the counters by place. A histogram without any duration is left out.
    """
    places = range(max(parts, default=-1) + 1)
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name in COMPARED:
        whole: Histogram = getattr(totals, name)
        if not whole.count:
            continue
        held: list[Histogram | None] = [
            getattr(parts[place], name) if place in parts else None for place in places
        ]
        found[name] = {"count": tuple(0 if one is None else one.count for one in held)}
        for percentile, share in PERCENTILES.items():
            value_ns = whole.percentile_ns(share) or 0.0
            found[name][percentile] = tuple(0 if one is None else one.count_above(value_ns) for one in held)
    return found


def distributions(totals: Counters) -> Mapping[str, Distribution]:
    """`{histogram: {"value_ms": …, "count": …}}`: how many durations of which length, in rising order."""
    return {
        name: {
            "value_ms": tuple(round(value_ns / NS_PER_MS, 6) for value_ns, _ in buckets),
            "count": tuple(count for _, count in buckets),
        }
        for name in COMPARED
        if (buckets := getattr(totals, name).buckets())
    }
