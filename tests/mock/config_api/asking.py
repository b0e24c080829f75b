"""Ask the Config API without a socket: a box with a catalogue alone, and the route that matches."""

import json
import re
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote

from harness.mock.config_api.catalog import (
    Catalog,
    ConfigSettings,
    DestinationSettings,
    LabelSettings,
    MetadataSettings,
    SourceSettings,
)
from harness.mock.config_api.routes import ROUTES
from harness.mock.exchange import Call
from harness.mock.route import Visit

KEY = "mockkey0123456789abcdef0123x9Qd"
OTHER_KEY = "otherkey0123456789abcdef01234z7Y"
TOKEN = "sgp_neverInAnyRepr0123456789"
SECRET = "thirdpartysecret"

SHOP = SourceSettings(
    slug="shop",
    name="Shop",
    id="rh5BDZp6QDHvXFCkibm1pR",
    write_keys=(KEY,),
    labels=(LabelSettings(key="environment", value="dev"),),
    metadata=MetadataSettings(slug="javascript", name="Javascript", categories=("Website",)),
    destinations=(
        DestinationSettings(name="Google Analytics", settings={"trackingId": "UA-1", "secret": SECRET}),
        DestinationSettings(name="Webhooks", enabled=False, id="fP7qoQw2HTWt9WdMr718gn"),
    ),
    tracking_plan_id="tp_1",
)
APP = SourceSettings(slug="app", write_keys=(OTHER_KEY,))
ELSEWHERE = SourceSettings(
    slug="elsewhere", workspace="another", destinations=(DestinationSettings(name="Far"),)
)


def box_of(*sources, **config):
    settings = ConfigSettings(**config)
    return SimpleNamespace(
        catalog=Catalog(sources, settings),
        settings=SimpleNamespace(config=settings),
    )


def shop_box(**config):
    return box_of(SHOP, APP, ELSEWHERE, **{"workspace_slug": "acme", **config})


def call_of(method, target, *, token=TOKEN, accept=None, body=b"", headers=None):
    sent = dict(headers or {})
    if token is not None:
        sent[b"authorization"] = b"Bearer " + token.encode()
    if accept is not None:
        sent[b"accept"] = accept.encode("latin-1")
    return Call(method, target, sent, body)


def ask(box, target, *, method="GET", **call):
    """Status, headers in lower case, and the parsed body of whoever answers this target."""
    asked = call_of(method, target, **call)
    path, _, query = target.partition("?")
    for route in ROUTES:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.pattern))
        match = re.fullmatch(pattern, path)
        if match and route.method == method:
            params = {name: unquote(value) for name, value in match.groupdict().items()}
            visit = Visit(asked, path, params, parse_qs(query, keep_blank_values=True))
            return read(route.handler(box, visit))
    raise AssertionError(f"no route for {method} {path}")


def read(reply):
    start, *lines = reply.head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers["content-length"] == str(len(reply.body))
    return int(start.split()[1]), headers, json.loads(reply.body)
