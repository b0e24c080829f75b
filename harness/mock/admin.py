"""Show what the mock knows, and make it forget: the calls under `/__admin/`."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from harness.mock.box import Box
from harness.mock.exchange import Reply, bytes_reply, json_reply, stream_reply
from harness.mock.recent import Stored, final_form
from harness.units import NS_PER_S, format_instant_us

NAME: Final = "segment-harness"  # the replay's guard knows a mock of this project by it

_ABOUT: Final = (
    "This is the mock of Segment's Tracking API that comes with the Segment replay harness.\n"
    "It delivers nothing. Send to /v1/track, /v1/batch and their like; read the account at /__admin/ledger.\n"
)


def about(_box: Box, _query: str) -> Reply:
    """A few words for whoever opens the address."""
    return bytes_reply(200, "text/plain; charset=utf-8", _ABOUT.encode())


def health(box: Box, _query: str) -> Reply:
    """Who answers here, and its clock."""
    return json_reply(
        200,
        {
            "mock": NAME,
            "version": version("segment-harness"),
            "instance": box.ledger.instance,
            "state": "ready",
            "now": format_instant_us(box.clock.wall_ns()),
        },
    )


def ledger(box: Box, query: str) -> Reply:
    """The counts: of every write key, or of `?write_key=`; and the limit in force."""
    return json_reply(
        200, {**box.ledger.counts(_parameter(query, "write_key")), "limits": _limits(box), **_kept(box)}
    )


def ledger_ids(box: Box, query: str) -> Reply:
    """One NDJSON line for each arrival so far, in order; of ids that begin with `?prefix=` only."""
    return stream_reply("application/x-ndjson", box.ledger.lines(_parameter(query, "prefix") or ""))


def ledger_messages(box: Box, _query: str) -> Reply:
    """The last stored messages in their final form, oldest first, and how many have left the ring."""
    return stream_reply("application/json", _messages(list(box.recent.ring), box.recent.evicted))


def reset(box: Box, _query: str) -> Reply:
    """Forget every message, line and request; what follows is a new instance."""
    box.ledger.reset()
    box.recent.reset()
    if box.limiter is not None:
        box.limiter.reset()
    return json_reply(200, {"instance": box.ledger.instance})


def _parameter(query: str, name: str) -> str | None:
    values = parse_qs(query, keep_blank_values=True).get(name)
    return values[-1] if values else None


def _limits(box: Box) -> list[dict[str, Any]]:
    if box.limiter is None:
        return []
    limit = box.limiter.limit
    return [
        {
            "api": limit.api,
            "name": limit.name,
            "count": limit.count,
            "window_s": limit.window_ns / NS_PER_S,
            "unit": limit.unit,
            "scope": limit.scope,
            "throttled": box.limiter.refused,
            "peak_in_window": box.limiter.peak_in_window,
        }
    ]


def _kept(box: Box) -> dict[str, int]:
    return {"recent_kept": len(box.recent.ring), "recent_evicted": box.recent.evicted}


def _messages(ring: list[Stored], evicted: int) -> Iterator[bytes]:
    yield b'{"evicted":%d,"messages":[' % evicted
    for position, stored in enumerate(ring):
        yield (b"," if position else b"") + orjson.dumps(final_form(stored))
    yield b"]}"
