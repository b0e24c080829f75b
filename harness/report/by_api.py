"""Lay the figures of several APIs side by side, for the terminal and the page alike."""

from collections.abc import Mapping
from typing import Any, Final

from harness.report.phrases import count, precise, share

COLUMNS: Final = ("requests", "2xx", "429", "other", "p50", "p95", "p99", "max")
MEANINGS: Final = {
    "requests": "Attempts that were answered, or ended without an answer.",
    "other": "Every other status, and no answer; an unknown profile (404) is told below.",
    "p50": "Service time of attempts answered 2xx, in ms; as are p95, p99 and max.",
}


def api_rows(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """A row for each API, `(name, cells)` with a cell for each of COLUMNS; none of a run with one API."""
    by_api = {api: figures for api, figures in (document.get("by_api") or {}).items() if figures}
    return [(api, _cells(figures)) for api, figures in by_api.items()] if len(by_api) > 1 else []


def read_sentence(document: Mapping[str, Any]) -> str | None:
    """What reads of profiles found, and how soon; None when there were none."""
    profile = (document.get("by_api") or {}).get("profile")
    if profile is None or profile["hit_ratio"] is None:
        return None
    found, reads = profile["found"], profile["found"] + profile["not_found"]
    said = f"{share(found, reads)} of {count(reads)} reads found a profile"
    readable, missing = profile["readable_ms"], profile["still_missing_ms"]
    if readable is not None and readable["count"]:
        said += (
            f"; a person's first one {precise(readable['p50'])} ms (p50) to {precise(readable['max'])} ms "
            "after their first message was accepted"
        )
    if missing is not None:
        longest = f", the last after {precise(missing['max'])} ms" if missing["count"] else ""
        said += f"; {count(missing['count'])} came after it in vain{longest}"
    return said


def _cells(figures: Mapping[str, Any]) -> list[str]:
    statuses = figures["by_status"] or {}
    taken = sum(number for status, number in statuses.items() if status.startswith("2"))
    throttled = statuses.get("429", 0)
    requests = sum(statuses.values())
    counts = (figures["requests"], taken, throttled, requests - taken - throttled)
    times = figures["service_time_ms"] or {}
    return [*map(count, counts), *(precise(times.get(name)) for name in COLUMNS[4:])]
