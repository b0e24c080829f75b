"""The documented limits, by preset, each with where it is written and when it was read."""

from typing import Final

from harness.model import Limit

_S: Final = 1_000_000_000

# The figures this project was asked to check; the first is an old advisory one of Segment's docs.
BRIEF: Final = (
    Limit("tracking", "Tracking 500 requests/s per source", 500, _S, "requests", "source", "brief, 2026-11"),
    Limit(
        "profile",
        "Profile 100 requests/s per space",
        100,
        _S,
        "requests",
        "space",
        "brief and Profile API docs, 2025-11",
    ),
    Limit("config", "Config 100 requests/min per token", 100, 60 * _S, "requests", "token", "brief, 2026-11"),
)

# Segment's current pages, which disagree on the unit; both hold beyond loopback, times --share.
CURRENT: Final = (
    Limit(
        "tracking",
        "Tracking 1,000 requests/s per workspace",
        1_000,
        _S,
        "requests",
        "workspace",
        "HTTP API docs, 2025-11",
    ),
    Limit(
        "tracking",
        "Tracking 1,000 messages/s per workspace",
        1_000,
        _S,
        "messages",
        "workspace",
        "rate limits page, 2025-11",
    ),
)
