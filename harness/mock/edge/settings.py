"""What can be set about the Tracking API's edges: `[tracking]`, `[cdn]` and `[oauth]` of the mock's file."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from harness.segment.sizes import BATCH_BYTES, BATCH_MESSAGES, MESSAGE_BYTES

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Section = dict[str, Any]  # handed on as JSON; Segment's to define


class TrackingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the Tracking API takes messages. Sizes are bytes after inflating."""

    behaviour: Literal["documented", "strict"] = "documented"
    message_bytes: Count = MESSAGE_BYTES
    batch_bytes: Count = BATCH_BYTES
    batch_messages: Count = BATCH_MESSAGES
    # How short is too short is undocumented; six characters were seen refused (analytics-go issue 205, 2026).
    shortest_write_key: Annotated[int, Meta(ge=0)] = 7
    # What happens to a key that no configured source has; None: what the behaviour says. Where no source is
    # configured, every key is known.
    unknown_keys: Literal["accept", "discard", "refuse"] | None = None
    dedupe: bool = True
    # Segment looks back about 24 hours, best effort; None: for ever, so that a count is exact.
    dedupe_hours: Annotated[float, Meta(gt=0)] | None = None
    properties_most: Count = 10_000  # segment-docs "Rate limits", read 2025-11; those beyond are dropped


class SourceCdn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the CDN settings of one source say beyond those of all."""

    integrations: dict[str, Section] = {}
    http_config: Section | Literal["unified"] | None = None
    extra: Section = {}


class CdnSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client library is told to do: the body of `/v1/projects/{write_key}/settings`."""

    # By destination name, merged over what is there already; "Segment.io" may override the mock's own.
    integrations: dict[str, Section] = {}
    # The retry policy in integrations["Segment.io"].httpConfig: "unified" is the one that Segment's libraries
    # share since 2026; a table is sent as it is; None sends none: mobile libraries then retry the older way.
    http_config: Section | Literal["unified"] | None = None
    extra: Section = {}  # further keys of the body: plan, edgeFunction, consentSettings, …
    api_host: str | None = None  # "host:port/v1"; None: the host the call came to
    protocol: Literal["http", "https"] | None = None  # None: as the mock is listening
    # How much telemetry a browser sends to /v1/m. It goes by https whatever `protocol` says, unless the page
    # asks for http; so against a plain mock anything above 0 ends in refused handshakes.
    telemetry_share: Share = 0.0
    sources: dict[str, SourceCdn] = {}  # by the source's slug


class OAuthSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tokens: segment-docs "OAuth 2.0", read 2025-11."""

    required: bool = False  # True: a tracking call without a valid Bearer token is answered 401
    public_keys: dict[str, str] = {}  # PEM by key id; empty: a signature is not checked
    token_life_s: Count = 86_400
    assertion_life_most_s: Count = 60
    leeway_s: Annotated[int, Meta(ge=0)] = 0  # between the client's clock and the mock's
    audience: str | None = None  # what `aud` must say; None: anything
    scopes: tuple[str, ...] = ("tracking_api:write",)
    tokens_kept: Count = 10_000
