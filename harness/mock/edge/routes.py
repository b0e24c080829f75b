"""Which paths the edges of the Tracking API answer, and what they take from the mock to do so."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from harness.mock.edge.cdn import settings_document, usable_host
from harness.mock.edge.cors import preflight, with_cors
from harness.mock.edge.metrics import take_telemetry
from harness.mock.exchange import Later, Reply, json_reply, refusal
from harness.mock.route import Route, Visit
from harness.segment.endpoints import PIXEL_PREFIX
from harness.segment.messages import KINDS
from harness.segment.validity import UNKNOWN_SOURCE

if TYPE_CHECKING:
    from harness.mock.box import Box

_API: Final = "tracking"
_SETTINGS_PATH: Final = "/v1/projects/{write_key}/settings"
_TELEMETRY_PATH: Final = "/v1/m"
_TOKEN_PATH: Final = "/token"  # noqa: S105 - a path

# What `settings` of a CDN keeps is stale as soon as a test changes it.
_FRESH: Final = ("Cache-Control", "no-store")
_NO_SOURCE: Final = refusal(404, "not_found", "no source has this write key")
_NO_HOST: Final = refusal(400, "invalid_request", "the Host header does not say where to send")


def settings_of(box: "Box", visit: Visit) -> Reply:
    """`GET /v1/projects/{write_key}/settings`: 404 for a key that no source has, where keys are known."""
    headers = visit.call.headers
    write_key = visit.params["write_key"]
    source = box.catalog.source_of_key(write_key)
    if source is None and box.catalog.sources and UNKNOWN_SOURCE in box.rulings:
        return with_cors(_NO_SOURCE, headers)
    cdn, host = box.settings.cdn, visit.header(b"host")
    if cdn.api_host is None and not usable_host(host):
        return with_cors(_NO_HOST, headers)
    document = settings_document(
        cdn, write_key, host, tls=box.settings.listen.tls, slug=source.slug if source is not None else None
    )
    return with_cors(json_reply(200, document, _FRESH), headers)


def telemetry(box: "Box", visit: Visit) -> Reply:
    """`POST /v1/m`."""
    return with_cors(take_telemetry(box.telemetry, visit.call.body), visit.call.headers)


def token(box: "Box", visit: Visit) -> Reply:
    """`POST /token`: for servers, so without CORS."""
    return box.oauth.answer(visit.call.headers, visit.call.body)


def _options(path: str, methods: str) -> Route:
    return Route("OPTIONS", path, _API, lambda _box, visit: preflight(visit.call.headers, methods))


ROUTES: Final = (
    Route("GET", _SETTINGS_PATH, _API, settings_of),
    _options(_SETTINGS_PATH, "GET"),
    Route("POST", _TELEMETRY_PATH, _API, telemetry),
    _options(_TELEMETRY_PATH, "POST"),
    Route("POST", _TOKEN_PATH, _API, token),
)


def pixel_routes(answer: "Callable[[Box, Visit], Reply | Later]") -> tuple[Route, ...]:
    """The six paths of the pixel; `answer` reads them by `pixel.pixel_reading`, and says `GIF_REPLY`."""
    return tuple(Route("GET", PIXEL_PREFIX + kind, _API, answer) for kind in KINDS)
