"""The documented limits, by preset, each with where it is written and when it was read."""

from typing import Final

from harness.model import Limit

_S: Final = 1_000_000_000

PROFILE: Final = Limit(
    "profile", "Profile 100 requests/s per space", 100, _S, "requests", "space", "Profile API docs, 2025-11"
)

# The figures this project was asked to check; the first is an old advisory one of Segment's docs.
BRIEF: Final = (
    Limit(
        "tracking",
        "Tracking 500 requests/s per source",
        500,
        _S,
        "requests",
        "source",
        "default of this harness, 2026-11",
    ),
    PROFILE,
    Limit(
        "config",
        "Config 100 requests/min per token",
        100,
        60 * _S,
        "requests",
        "token",
        "default of this harness, 2026-11",
    ),
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

# The error table of the legacy Config API says how many, not whose: that it is a token's is assumed.
LEGACY_CONFIG: Final = Limit(
    "config",
    "Config 200 requests/min per token",
    200,
    60 * _S,
    "requests",
    "token",
    "legacy Config API docs, errors, 2025-11",
)

# The general figure is unpublished; the docs call 600 a minute lower than it. 1,000 is assumed.
PUBLIC_API: Final = Limit(
    "config",
    "Public API 1,000 requests/min per token",
    1_000,
    60 * _S,
    "requests",
    "token",
    "assumed: above 600, public-api-sdk-python docs, 2026-08",
)

# What the HTTP API page said before, by the history of its repository; whose limit it was is assumed.
TRACKING_2023_10: Final = Limit(
    "tracking",
    "Tracking 20,000 requests/s per workspace",
    20_000,
    _S,
    "requests",
    "workspace",
    "HTTP API docs, 2023-10 to 2024-01",
)
TRACKING_2023_08: Final = Limit(
    "tracking",
    "Tracking 100,000 requests/s per workspace",
    100_000,
    _S,
    "requests",
    "workspace",
    "HTTP API docs, 2023-08 to 2023-10",
)

# What partners that stream are asked to stay under, a batch being one request.
PARTNER_STREAMS: Final = Limit(
    "tracking",
    "Tracking 50 requests/s per source",
    50,
    _S,
    "requests",
    "source",
    "partner streams docs, 2025-11",
)

# Reads of the Public API with a limit below the general one, in requests a minute: public-api-sdk-python
# docs of 2026-08-20. /sources, /destinations and their like have none of their own.
PUBLIC_API_READS_PER_MIN: Final = {
    "/events/volume": 60,
    "/reverse-etl-models/{modelId}/syncs/{syncId}": 250,
    "/spaces/{spaceId}/audienceType/{audienceType}/supported-destinations": 60,
    "/spaces/{spaceId}/audiences": 60,
    "/spaces/{spaceId}/audiences/previews/{id}": 300,
    "/spaces/{spaceId}/audiences/{audienceId}/activations": 60,
    "/spaces/{spaceId}/audiences/{audienceId}/activations/{id}": 60,
    "/spaces/{spaceId}/audiences/{audienceId}/destination-connections": 50,
    "/spaces/{spaceId}/audiences/{id}": 100,
    "/spaces/{spaceId}/audiences/{id}/audience-references": 25,
    "/spaces/{spaceId}/computed-traits": 25,
    "/spaces/{spaceId}/computed-traits/{id}": 100,
    "/spaces/{spaceId}/entities/{entitySlug}/properties": 25,
    "/spaces/{spaceId}/entities/{entitySlug}/properties/{propertyName}/sample-values": 25,
    "/spaces/{spaceId}/entity-paths": 25,
    "/spaces/{spaceId}/events": 25,
    "/spaces/{spaceId}/events/{eventName}/properties": 25,
    "/spaces/{spaceId}/events/{eventName}/properties/{propertyName}/sample-values": 25,
    "/spaces/{spaceId}/traits": 25,
    "/spaces/{spaceId}/traits/{traitKey}/sample-values": 25,
    "/tracking-plans/{trackingPlanId}/rules": 200,
    "/warehouses/{warehouseId}/advanced-sync-schedule": 2,
    "/warehouses/{warehouseId}/connected-sources/{sourceId}/selective-syncs": 2,
    "/warehouses/{warehouseId}/connected-sources/{sourceId}/syncs": 2,
    "/warehouses/{warehouseId}/connection-state": 200,
    "/warehouses/{warehouseId}/syncs": 2,
}
