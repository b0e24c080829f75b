"""Tell a run apart for `run.json`: errors, pauses, events, sources, sizes, curves, and what it costs."""

from collections.abc import Mapping
from typing import Any, Final

from harness.measure.contents import Contents
from harness.measure.counters import BATCH_STEP_BYTES, PauseSeen
from harness.measure.points import Point
from harness.measure.summary import Summary
from harness.segment.sizes import BATCH_BYTES, MESSAGE_BYTES
from harness.units import NS_PER_S

PAUSES_MOST: Final = 200
SOURCES_MOST: Final = 200
LIMITS_OVER_TIME_MOST: Final = 8
NO_ANSWER: Final = "none"


def breakdown(summary: Summary, contents: Contents | None) -> dict[str, Any]:
    """The keys `billed`, `curves`, `contents`, `batch_sizes` and `errors`."""
    return {
        "billed": _billed(summary, contents),
        "curves": {
            "service_time_ms": [list(place) for place in summary.curves.get("service_2xx", ())],
            "response_time_ms": None
            if summary.closed_loop
            else [list(place) for place in summary.curves.get("response", ())],
        },
        "contents": None if contents is None else _contents(contents),
        "batch_sizes": _batch_sizes(summary),
        "errors": _errors(summary),
    }


def pauses(summary: Summary) -> dict[str, Any]:
    """The first pauses that 429s asked for, each with how long was waited, and how many there were."""
    seen = sorted(summary.totals.pauses, key=lambda pause: pause.from_ns)
    return {
        "pauses": [_pause(pause) for pause in seen[:PAUSES_MOST]],
        "pauses_in_all": len(seen),
    }


def apart_over_time(summary: Summary, rows: list[Point | None]) -> dict[str, Any]:
    """Requests and what was due by API, and how full the fullest limits were, point by point.

    A limit is named by its place in `throttle.limits`.
    """
    apis = sorted({api for row in rows if row is not None for api in row.by_api})
    ranked = sorted(
        range(len(summary.limits)),
        key=lambda place: (
            -summary.limits[place].seconds_over,
            -summary.limits[place].peak_in_window / summary.limits[place].count,
        ),
    )
    limits: dict[str, Any] = {}
    for place in sorted(ranked[:LIMITS_OVER_TIME_MOST]):
        scope = summary.limit_scopes[place]
        fills = [None if row is None else row.limits.get(scope) for row in rows]
        limits[str(place)] = {
            "peak": [0 if fill is None else fill.peak for fill in fills],
            "over_s": [0 if fill is None else round(fill.over_s, 3) for fill in fills],
        }
    by_api = {api: [0 if row is None else row.by_api.get(api, 0) for row in rows] for api in apis}
    offered = {
        api: [0 if row is None else row.offered_by_api.get(api, 0) for row in rows]
        for api in ([] if summary.closed_loop else apis)
    }
    return {"by_api": by_api, "offered_by_api": offered, "limits": limits}


def _billed(summary: Summary, contents: Contents | None) -> dict[str, Any]:
    # Segment's "MTUs, Throughput and Billing": each message of a batch is a call; a person is a userId, or an
    # anonymousId that was never joined to one.
    people = None if contents is None else contents.users + contents.anonymous
    return {
        "api_calls": summary.messages.accepted,
        "mtus": people,
        "mtus_complete": contents is not None and contents.complete,
        "users": None if contents is None else contents.users,
        "anonymous": None if contents is None else contents.anonymous,
    }


def _contents(contents: Contents) -> dict[str, Any]:
    sources = sorted(contents.by_source.items(), key=lambda entry: -sum(entry[1].values()))
    return {
        "looked_at": contents.looked_at,
        "complete": contents.complete,
        "events": contents.events,
        "by_event": [
            {
                "type": row.type,
                "event": row.event,
                "characters": row.characters,
                "messages": row.items,
                "ends": dict(row.ends),
            }
            for row in contents.by_event
        ],
        "messages_of_other_events": contents.others,
        "sources": len(sources),
        "by_source": {source: dict(ends) for source, ends in sources[:SOURCES_MOST]},
        "message_sizes": {
            "limit_bytes": MESSAGE_BYTES,
            "biggest_bytes": contents.biggest_bytes,
            "mean_bytes": contents.mean_bytes,
            "bins": [{"to_bytes": bound, "messages": number} for bound, number in contents.sizes],
        },
    }


def _batch_sizes(summary: Summary) -> dict[str, Any] | None:
    bins = sorted((int(step), number) for step, number in summary.totals.batch_bytes.items())
    if not bins:
        return None
    return {
        "limit_bytes": BATCH_BYTES,
        "biggest_bytes": summary.totals.biggest_batch_bytes,
        "bins": [
            {
                "from_bytes": step * BATCH_STEP_BYTES,
                "below_bytes": (step + 1) * BATCH_STEP_BYTES,
                "requests": number,
            }
            for step, number in bins
        ],
    }


def _errors(summary: Summary) -> list[dict[str, Any]]:
    """Each status but 2xx, and no answer by its kind; the commonest first."""
    unknown = sum(figures.not_found for figures in summary.by_api.values())
    groups = []
    for status, requests in summary.totals.by_status.items():
        # An answer that says that a profile is not known is no error.
        errors = requests - unknown if status == "404" else requests
        if status.startswith("2") or errors <= 0:
            continue
        first_s, last_s = summary.status_spans.get(status, (None, None))
        groups.append(
            {
                "status": status,
                "requests": errors,
                "first_attempts": summary.totals.first_by_status.get(status, 0),
                "by_api": _by_api(summary, status),
                "kinds": dict(sorted(summary.totals.failures.items())) if status == NO_ANSWER else {},
                "first_at_s": first_s,
                "last_at_s": last_s,
            }
        )
    return sorted(groups, key=lambda group: (-group["requests"], group["status"]))


def _by_api(summary: Summary, status: str) -> Mapping[str, int]:
    return {
        api: figures.by_status[status]
        for api, figures in summary.by_api.items()
        if figures.by_status.get(status)
    }


def _pause(pause: PauseSeen) -> dict[str, Any]:
    return {
        "api": pause.api,
        "source": pause.source,
        "at_s": round(pause.from_ns / NS_PER_S, 3),
        "asked_s": round(pause.asked_ns / NS_PER_S, 3),
        "waited_s": None if pause.waited_ns is None else round(pause.waited_ns / NS_PER_S, 3),
        "answers": pause.asks,
        "kept": pause.kept,
    }
