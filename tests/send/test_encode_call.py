"""Claims about the requests of Profile and Config calls."""

import orjson
import pytest

from harness.errors import BadLineError
from harness.model import Arrival
from harness.send.encode_call import CallEncoder
from tests.engine.fakes import item

TRAITS = "/v1/spaces/s/collections/users/profiles/user_id:u%2B1/traits?limit=20"


def call(api="profile", kind="GET", path=TRAITS):
    return (Arrival(0, item(0, source="server")._replace(api=api, kind=kind, path=path)),)


def encoder(body=None):
    return CallEncoder(read=lambda _: body if body is not None else {}, version="1.2")


def test_a_get_has_its_recorded_path_and_no_body():
    request = encoder({"left": "out"})(call(), 1)
    assert (request.api, request.source, request.method, request.path) == ("profile", "server", "GET", TRAITS)
    assert request.body == b""
    assert dict(request.headers) == {"Accept": "application/json", "User-Agent": "segment-harness/1.2"}


def test_another_method_carries_its_body_as_json():
    request = encoder({"enabled": False})(call("config", "PATCH", "/sources/a"), 1)
    assert orjson.loads(request.body) == {"enabled": False}
    assert dict(request.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("api", "path", "accepted"),
    [
        ("config", "/sources?pagination.count=10", "application/vnd.segment.v1+json"),
        ("config", "/", "application/vnd.segment.v1+json"),
        ("config", "/v1beta/workspaces", "application/json"),
        ("config", "/workspaces/w/sources", "application/json"),
        ("profile", TRAITS, "application/json"),
    ],
)
def test_the_public_api_is_asked_for_its_version(api, path, accepted):
    assert dict(encoder()(call(api, "GET", path), 1).headers)["Accept"] == accepted


def test_a_retry_says_that_it_is_one():
    assert "X-Retry-Count" not in dict(encoder()(call(), 1).headers)
    request = encoder()(call(), 3)
    assert dict(request.headers)["X-Retry-Count"] == "2"
    assert request.attempt == 3


def test_a_body_that_cannot_be_written_names_its_line():
    deep: dict = {}
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(BadLineError, match=r"a\.ndjson:1: "):
        encoder(deep)(call("config", "PATCH", "/sources/a"), 1)
