"""Draw a search for capacity: times and rates of its steps by the rate that was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.plot import RATE, Chart, Column, Series, Shade

_LEAST_MS = 0.001  # zero has no place on a logarithmic scale


def search_charts(document: Mapping[str, Any]) -> list[Chart]:
    """The charts of a `capacity/1` document; none of fewer than two rates."""
    rows = by_rate(document.get("steps") or ())
    if len(rows) < 2:
        return []
    xs = tuple(float(row["rate_per_s"]) for row in rows)
    failed = document.get("failed_per_s")
    shaded = () if failed is None else (Shade(float(failed), max(float(failed), xs[-1])),)
    shade = "did not hold" if shaded else ""
    return [
        Chart(
            name="search-times",
            title="Times by rate",
            unit="ms, logarithmic, by items per second as asked",
            description="Service and response time of what was sent at each rate, after the settling time.",
            series=(
                Series(
                    label="response time p99",
                    values=_ms(rows, "response_time_ms", "p99"),
                    colour="response",
                    thick=True,
                ),
                Series(
                    label="response time p50",
                    values=_ms(rows, "response_time_ms", "p50"),
                    colour="response",
                    dash=True,
                ),
                Series(
                    label="service time p99",
                    values=_ms(rows, "service_time_ms", "p99"),
                    colour="service",
                    thick=True,
                ),
            ),
            axis=RATE,
            xs=xs,
            logarithmic=True,
            shade=shade,
            shaded=shaded,
        ),
        Chart(
            name="search-rates",
            title="Sent beside asked",
            unit="items per second",
            description="What was sent at each rate; below the line of what was asked it was held back.",
            series=(
                Series(
                    label="sent", values=[row.get("sent_per_s") for row in rows], colour="sent", thick=True
                ),
                Series(label="asked", values=xs, colour="offered", dash=True),
            ),
            axis=RATE,
            xs=xs,
            shade=shade,
            shaded=shaded,
        ),
    ]


def by_rate(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One step for each rate, the last that was made at it, from the lowest rate to the highest."""
    latest = {step["rate_per_s"]: step for step in steps}
    return [latest[rate] for rate in sorted(latest)]


def _ms(rows: Sequence[Mapping[str, Any]], key: str, stat: str) -> Column:
    found = [(row.get(key) or {}).get(stat) for row in rows]
    return [None if ms is None else max(ms, _LEAST_MS) for ms in found]
