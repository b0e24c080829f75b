"""Every path is there once, and what is not there is denied in the API's own words."""

import pytest

from harness.mock.config_api.routes import ROUTES, unknown_path, wrong_method
from harness.segment.endpoints import endpoint_of
from tests.mock.config_api.asking import read


def test_no_two_routes_are_the_same():
    assert len({(route.method, route.pattern) for route in ROUTES}) == len(ROUTES)
    assert {route.api for route in ROUTES} == {"config"}


def test_every_route_is_a_path_that_recordings_know_as_the_config_api_s():
    for route in ROUTES:
        path = route.pattern.replace("{", "").replace("}", "")
        endpoint = endpoint_of(path)
        assert endpoint is not None, path
        assert endpoint.api == "config", path


@pytest.mark.parametrize(
    "target", ["/v1beta/nope", "/workspaces/w/nope", "http://host/v1beta/nope?x=1", "/workspaces"]
)
def test_a_legacy_path_is_denied_with_a_grpc_code(target):
    assert read(unknown_path(target, "see /v1beta/workspaces"))[2] == {
        "error": "see /v1beta/workspaces",
        "code": 5,
    }
    status, headers, body = read(wrong_method(target, "GET, HEAD"))
    assert (status, headers["allow"], body["code"]) == (501, "GET, HEAD", 12)


@pytest.mark.parametrize("target", ["/sources/x/nope", "/catalog/sources", "/workspacesx"])
def test_any_other_path_is_denied_in_the_public_api_s_envelope(target):
    status, _, body = read(unknown_path(target, "see /sources"))
    assert (status, body) == (404, {"errors": [{"type": "not-found", "message": "see /sources"}]})
    status, headers, body = read(wrong_method(target, "GET"))
    assert (status, headers["allow"], body["errors"][0]["type"]) == (405, "GET", "method-not-allowed")
