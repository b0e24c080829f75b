"""Lay the figures of several APIs side by side, for the terminal and the page alike."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from harness.report.phrases import count, precise, share

COUNTS: Final = ("requests", "2xx", "429", "other")
TIMES: Final = ("p50", "p95", "p99", "max")


class ApiRow(NamedTuple):
    """One API, said: how its requests ended, and its times in ms."""

    name: str
    counts: list[str]  # of COUNTS; "other" is every other status and no answer
    service: list[str]  # of TIMES, of attempts answered 2xx
    response: list[str]  # of TIMES, of items from due to final answer


def api_rows(document: Mapping[str, Any]) -> list[ApiRow]:
    """A row for each API; none of a run with one API."""
    by_api = {api: figures for api, figures in (document.get("by_api") or {}).items() if figures}
    return [_row(api, figures) for api, figures in by_api.items()] if len(by_api) > 1 else []


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


def _row(api: str, figures: Mapping[str, Any]) -> ApiRow:
    statuses = figures["by_status"] or {}
    taken = sum(number for status, number in statuses.items() if status.startswith("2"))
    throttled = statuses.get("429", 0)
    requests = sum(statuses.values())
    counts = (figures["requests"], taken, throttled, requests - taken - throttled)
    service, response = (
        [precise((figures.get(key) or {}).get(name)) for name in TIMES]
        for key in ("service_time_ms", "response_time_ms")
    )
    return ApiRow(api, list(map(count, counts)), service, response)
