"""The documented limits as rules, by name; each rule says where its figure comes from, and of when it is."""

from difflib import get_close_matches
from typing import Final, NamedTuple

from msgspec.structs import replace

from harness.errors import UsageError
from harness.mock.limits.rule import LimitRule, from_limit
from harness.segment.limits import (
    BRIEF,
    CURRENT,
    LEGACY_CONFIG,
    PARTNER_STREAMS,
    PROFILE,
    PUBLIC_API,
    PUBLIC_API_READS_PER_MIN,
    TRACKING_2023_08,
    TRACKING_2023_10,
)


class Preset(NamedTuple):
    """A set of rules for all three APIs, and what it is in a sentence."""

    rules: tuple[LimitRule, ...]
    says: str


_REQUESTS, _MESSAGES = CURRENT  # the two pages that disagree on the unit
_OTHERS: Final = (from_limit(PROFILE), from_limit(LEGACY_CONFIG))
_BRIEF: Final = Preset(
    tuple(map(from_limit, BRIEF)),
    "500 tracking requests/s per source, 100 profile requests/s, 100 config requests/min",
)
_READS: Final = tuple(
    LimitRule(
        name=f"Public API {per_min} requests/min on {endpoint}",
        api="config",
        endpoint=endpoint,
        count=per_min,
        window_s=60.0,
        origin="public-api-sdk-python docs, 2026-08",
    )
    for endpoint, per_min in PUBLIC_API_READS_PER_MIN.items()
)

PRESETS: Final[dict[str, Preset]] = {
    "documented": _BRIEF,
    "brief": _BRIEF._replace(says="another name of documented"),
    "docs-1000/workspace": Preset(
        (from_limit(_REQUESTS), *_OTHERS),
        "the HTTP API docs since 2024-01: 1,000 requests/s per workspace; Config as its legacy docs",
    ),
    "docs-1000-messages/workspace": Preset(
        (replace(from_limit(_MESSAGES), action="queue"), *_OTHERS),
        "the rate limits page, 2025-11: beyond 1,000 messages/s per workspace they are queued",
    ),
    "docs-20000": Preset((from_limit(TRACKING_2023_10), *_OTHERS), "the HTTP API docs of 2023-10"),
    "docs-100000": Preset((from_limit(TRACKING_2023_08), *_OTHERS), "the HTTP API docs of 2023-08"),
    "partner-streams": Preset(
        (from_limit(PARTNER_STREAMS), *_OTHERS),
        "what partners that stream are asked to stay under: 50 requests/s",
    ),
    "public-api": Preset(
        (*_BRIEF.rules[:2], from_limit(PUBLIC_API), *_READS),
        "as documented, with the Public API's limits by endpoint and an assumed general one",
    ),
    "none": Preset((), "no limits"),
}


def preset_rules(name: str) -> tuple[LimitRule, ...]:
    """The rules of this name. Raises UsageError for a name that is none."""
    preset = PRESETS.get(name)
    if preset is None:
        near = get_close_matches(name, PRESETS, 1)
        meant = f"did you mean {near[0]}? They are" if near else "they are"
        raise UsageError(f"there is no preset of limits called {name!r}; {meant} {', '.join(PRESETS)}")
    return preset.rules
