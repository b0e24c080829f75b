"""Calls as a route's handler gets them, and answers taken apart."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import orjson

from harness.clock import ManualClock
from harness.mock.config_api.catalog import Catalog, ConfigSettings, SourceSettings
from harness.mock.edge.behaviour import rulings
from harness.mock.edge.metrics import Telemetry
from harness.mock.edge.oauth import OAuth
from harness.mock.edge.settings import CdnSettings, OAuthSettings, TrackingSettings
from harness.mock.exchange import Call, Reply
from harness.mock.route import Route, Visit

KEY = "mockkey0123456789abcdef0123x9Qd"


def visit_of(target: str, method: str = "GET", *, headers=(), body: bytes = b"", **params: str) -> Visit:
    path, _, query = target.partition("?")
    named = {name.lower().encode(): value.encode("latin-1") for name, value in dict(headers).items()}
    return Visit(Call(method, target, named, body), path, params, parse_qs(query, keep_blank_values=True))


def box_of(*, tracking=None, cdn=None, oauth=None, sources=(), tls=False) -> Any:
    """As much of a mock as the edges ask for."""
    clock = ManualClock()
    tracking = tracking or TrackingSettings()
    return SimpleNamespace(
        clock=clock,
        settings=SimpleNamespace(cdn=cdn or CdnSettings(), listen=SimpleNamespace(tls=tls)),
        rulings=rulings(tracking),
        catalog=Catalog(
            [SourceSettings(slug=slug, write_keys=keys) for slug, keys in sources], ConfigSettings()
        ),
        telemetry=Telemetry(),
        oauth=OAuth(oauth or OAuthSettings(), clock, lambda size: b"\1" * size),
    )


def routed(routes: tuple[Route, ...], method: str, pattern: str) -> Any:
    """The handler of this one route."""
    [route] = [route for route in routes if (route.method, route.pattern) == (method, pattern)]
    return route.handler


def status_of(reply: Reply) -> int:
    return int(reply.head.split(b" ")[1])


def headers_of(reply: Reply) -> dict[str, str]:
    lines = reply.head.decode("latin-1").split("\r\n")[1:-1]
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs), "a header came twice"
    return {pair[0]: pair[1] for pair in pairs}


def bytes_of(reply: Reply) -> bytes:
    assert isinstance(reply.body, bytes)
    return reply.body


def json_of(reply: Reply) -> Any:
    return orjson.loads(bytes_of(reply))
