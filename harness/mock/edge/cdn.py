"""Tell a client library its settings, so that an unmodified one sends to the mock.

The body is the smallest that Segment's libraries work with, and whatever was configured. `apiHost` and
`protocol` lead back here: left out, a library would send to Segment itself; so would a browser's telemetry,
which has a host of its own under `metrics` (analytics-next 1.84, read 2026-08).
"""

import re
from typing import Any, Final

from harness.mock.edge.settings import CdnSettings, Section, SourceCdn

SEGMENT: Final = "Segment.io"

# What one of Segment's libraries takes when nobody says otherwise (analytics-react-native, read 2026-08).
UNIFIED_HTTP_CONFIG: Final[Section] = {
    "rateLimitConfig": {
        "enabled": True,
        "maxRetryCount": 100,
        "maxRetryInterval": 300,
        "maxRateLimitDuration": 43_200,
    },
    "backoffConfig": {
        "enabled": True,
        "maxRetryCount": 100,
        "baseBackoffInterval": 0.5,
        "maxBackoffInterval": 300,
        "maxTotalBackoffDuration": 43_200,
        "jitterPercent": 10,
        "default4xxBehavior": "drop",
        "default5xxBehavior": "retry",
        "statusCodeOverrides": {
            "408": "retry",
            "410": "retry",
            "429": "retry",
            "460": "retry",
            "501": "drop",
            "505": "drop",
        },
    },
}

_HOST: Final = re.compile(r"(?:[0-9A-Za-z_.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_NOTHING: Final = SourceCdn()


def usable_host(host: str) -> bool:
    """True when a Host header may be told to a client as where to send."""
    return _HOST.fullmatch(host) is not None


def settings_document(
    settings: CdnSettings, write_key: str, host: str, *, tls: bool, slug: str | None
) -> dict[str, Any]:
    """The body for this write key, asked for at this usable host; `slug` is of its source, when one is known.

    Later values win, each name by itself: the mock's own, those of all sources, those of this one.
    """
    source = settings.sources.get(slug, _NOTHING) if slug is not None else _NOTHING
    api_host = settings.api_host or f"{host}/v1"
    segment: Section = {
        "apiKey": write_key,
        "apiHost": api_host,
        "protocol": settings.protocol or ("https" if tls else "http"),
    }
    for part in (settings, source):
        if part.http_config is not None:
            segment["httpConfig"] = UNIFIED_HTTP_CONFIG if part.http_config == "unified" else part.http_config
    integrations: dict[str, Section] = {SEGMENT: segment}
    for part in (settings, source):
        for name, values in part.integrations.items():
            integrations[name] = {**integrations.get(name, {}), **values}
    return {
        "integrations": integrations,
        "plan": {},
        "metrics": {"sampleRate": settings.telemetry_share, "host": api_host},
        **settings.extra,
        **source.extra,
    }
