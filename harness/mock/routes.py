"""Find who answers a call: the paths of three APIs, of the admin and of the live page."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, unquote

from harness.errors import UsageError
from harness.mock.admin import routes as admin_routes
from harness.mock.admin.asked import AskedWronglyError, asked_wrongly
from harness.mock.admin.guard import trespass
from harness.mock.admin.requests import NO_API
from harness.mock.box import Box
from harness.mock.config_api import routes as config_routes
from harness.mock.config_api.bearer import is_public_api
from harness.mock.edge import routes as edge_routes
from harness.mock.edge.cors import preflight
from harness.mock.edge.pixel import pixel_reading
from harness.mock.exchange import Call, Later, Reply, refusal
from harness.mock.gate import keep_call, pass_gate
from harness.mock.intake import take, take_pixel
from harness.mock.live.page import page_reply
from harness.mock.profile import routes as profile_routes
from harness.mock.route import Route, Visit
from harness.segment.endpoints import CONFIG_PREFIXES, TRACKING_PATHS, Endpoint, endpoint_of

_COMPARED_MOST: Final = 200  # characters of a path, for near misses
_NEAR: Final = 3
_LIVE_PAGE: Final = "/"
_GUARDED: Final = "admin"
_GATED: Final = frozenset({"profile", "config"})


def _live_page(box: Box, _visit: Visit) -> Reply:
    if not box.settings.live.page:
        return refusal(404, "not_found", "the live page is off; [live] page = true turns it on")
    return page_reply()


def _pixel(box: Box, visit: Visit) -> Reply | Later:
    return take_pixel(box, visit.path, visit.call, pixel_reading(visit))


ROUTES: Final = (
    *edge_routes.ROUTES,
    *edge_routes.pixel_routes(_pixel),
    *profile_routes.ROUTES,
    *config_routes.ROUTES,
    *admin_routes.ROUTES,
)
_PAGE: Final = Route("GET", _LIVE_PAGE, _GUARDED, _live_page)
_WORKSPACE: Final = next(route for route in ROUTES if route.pattern == _LIVE_PAGE)

Methods = dict[str, Route]
_EXACT: Final[dict[str, Methods]] = {}
_SEGMENTED: Final[dict[int, list[tuple[tuple[str, ...], Methods]]]] = {}  # by the number of segments


def _enter(route: Route) -> None:
    if "{" not in route.pattern:
        _EXACT.setdefault(route.pattern, {})[route.method] = route
        return
    parts = tuple(route.pattern.split("/"))
    rows = _SEGMENTED.setdefault(len(parts), [])
    for known, methods in rows:
        if known == parts:
            methods[route.method] = route
            return
    rows.append((parts, {route.method: route}))


for _route in ROUTES:
    if _route is not _WORKSPACE:
        _enter(_route)


def answer(box: Box, call: Call) -> Reply | Later:
    """The reply to this call. Raises JournalError when it cannot be accounted for."""
    found = _tracking(call.target)
    if found is None:
        return _elsewhere(box, call)
    endpoint, path = found
    if call.method == "POST":
        return take(box, endpoint, path, call)
    if call.method == "OPTIONS":
        return preflight(call.headers, "POST")
    return _wrong_method(box, call, path, ("POST",))


@lru_cache(maxsize=256)  # a client sends to the same few
def _tracking(target: str) -> tuple[Endpoint, str] | None:
    endpoint = endpoint_of(target)
    if endpoint is None or endpoint.api != "tracking":
        return None
    return endpoint, target.partition("?")[0].rstrip("/")


def _elsewhere(box: Box, call: Call) -> Reply | Later:
    path, _, query = call.target.partition("?")
    methods, params = _matched(path, call)
    if methods is None:
        return _not_found(box, call, path)
    route = methods.get("GET" if call.method == "HEAD" else call.method)
    if route is None:
        return _wrong_method(box, call, path, tuple(methods))
    visit = Visit(call, path, params, parse_qs(query, keep_blank_values=True))
    if route.api in _GATED:
        return pass_gate(box, route, visit)
    if route.api == _GUARDED and route.pattern != admin_routes.HEALTH:
        token = None if route is _PAGE else box.token  # the page itself holds nothing of what came
        trespassing = trespass(
            call.headers, bound_hosts=box.bound_hosts, token=token, query_token=visit.one("token")
        )
        if trespassing is not None:
            return refusal(trespassing[0], "forbidden", trespassing[1])
    try:
        reply = route.handler(box, visit)
    except (AskedWronglyError, UsageError) as error:
        return asked_wrongly(error)
    if route.api == "tracking" and isinstance(reply, Reply) and not path.startswith("/v1/pixel/"):
        keep_call(box, route.api, call, route.pattern, int(reply.head[9:12]))
    return reply


def _matched(path: str, call: Call) -> tuple[Methods | None, dict[str, str]]:
    if path == _LIVE_PAGE:
        return {"GET": _WORKSPACE if is_public_api(call) else _PAGE}, {}
    bare = path.rstrip("/")
    methods = _EXACT.get(bare)
    if methods is not None:
        return methods, {}
    parts = bare.split("/")
    for pattern, methods in _SEGMENTED.get(len(parts), ()):
        params: dict[str, str] = {}
        for wanted, part in zip(pattern, parts, strict=True):
            if wanted.startswith("{") and part:
                params[wanted[1:-1]] = unquote(part)
            elif wanted != part:
                break
        else:
            return methods, params
    return None, {}


def _not_found(box: Box, call: Call, path: str) -> Reply:
    keep_call(box, NO_API, call, path, 404)
    hint = f"no such path; {_near_misses(path)}"
    if path.startswith(CONFIG_PREFIXES):
        return config_routes.unknown_path(call.target, hint)
    return refusal(404, "not_found", hint)


def _wrong_method(box: Box, call: Call, path: str, allowed: tuple[str, ...]) -> Reply:
    keep_call(box, NO_API, call, path, 405)
    told = ", ".join(allowed)
    if path.startswith(CONFIG_PREFIXES):
        return config_routes.wrong_method(call.target, told)
    return refusal(405, "method_not_allowed", f"this path takes {told}", ("Allow", told))


def _near_misses(path: str) -> str:
    near = get_close_matches(path[:_COMPARED_MOST], list(_known_paths()), _NEAR, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "POST to /v1/track, /v1/batch and their like; the account is at /__admin/ledger"


def _known_paths() -> Iterator[str]:
    yield from TRACKING_PATHS
    yield from dict.fromkeys(route.pattern for route in ROUTES)
