"""The paths of the edges, and what they take from the mock."""

import pytest

from harness.mock.edge.routes import ROUTES, pixel_routes
from harness.mock.edge.settings import CdnSettings, SourceCdn, TrackingSettings
from tests.mock.edge.visits import KEY, box_of, headers_of, json_of, routed, status_of, visit_of

PATTERN = "/v1/projects/{write_key}/settings"
PAGE = {"Origin": "https://shop.example"}
OTHER = "otherkey0123456789abcdef01234z7Y"


def settings(box, *, key=KEY, headers=()):
    visit = visit_of(
        f"/v1/projects/{key}/settings", headers={"Host": "mock:1", **dict(headers)}, write_key=key
    )
    return routed(ROUTES, "GET", PATTERN)(box, visit)


def test_a_library_is_told_where_to_send_and_a_page_may_read_it():
    reply = settings(box_of(), headers=PAGE)
    headers = headers_of(reply)
    assert (status_of(reply), headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert headers["Cache-Control"] == "no-store"
    segment = json_of(reply)["integrations"]["Segment.io"]
    assert segment == {"apiKey": KEY, "apiHost": "mock:1/v1", "protocol": "http"}
    assert json_of(settings(box_of(tls=True)))["integrations"]["Segment.io"]["protocol"] == "https"


def test_a_source_has_settings_of_its_own_by_its_slug():
    cdn = CdnSettings(sources={"shop": SourceCdn(extra={"plan": {"mine": 1}})})
    box = box_of(cdn=cdn, sources=[("shop", [KEY]), ("other", [OTHER])])
    assert json_of(settings(box))["plan"] == {"mine": 1}
    assert json_of(settings(box, key=OTHER))["plan"] == {}


@pytest.mark.parametrize(
    ("sources", "unknown_keys", "status"),
    [
        ([], None, 200),
        ([], "refuse", 200),
        ([("shop", [KEY])], None, 404),
        ([("shop", [KEY])], "discard", 404),
        ([("shop", [KEY])], "accept", 200),
    ],
)
def test_an_unknown_key_is_404_where_keys_are_known(sources, unknown_keys, status):
    box = box_of(sources=sources, tracking=TrackingSettings(unknown_keys=unknown_keys))
    reply = settings(box, key=OTHER, headers=PAGE)
    assert status_of(reply) == status
    assert headers_of(reply)["Access-Control-Allow-Origin"] == "*"
    assert OTHER.encode() not in reply.head


def test_without_a_usable_host_nobody_is_sent_to_segment():
    assert status_of(settings(box_of(), headers={"Host": "a b"})) == 400
    assert status_of(settings(box_of(), headers={"Host": ""})) == 400
    box = box_of(cdn=CdnSettings(api_host="mock.test/v1"))
    assert json_of(settings(box, headers={"Host": ""}))["metrics"]["host"] == "mock.test/v1"


def test_telemetry_is_counted():
    box = box_of()
    body = b'{"series":[{"type":"Counter","metric":"analytics_js.invoke","value":1,"tags":{"a":"b"}}]}'
    reply = routed(ROUTES, "POST", "/v1/m")(box, visit_of("/v1/m", "POST", body=body, headers=PAGE))
    assert (status_of(reply), headers_of(reply)["Access-Control-Allow-Origin"]) == (200, "*")
    assert box.telemetry.report()["metrics"] == {"analytics_js.invoke": 1}


def test_tokens_are_for_servers_and_not_for_pages():
    reply = routed(ROUTES, "POST", "/token")(box_of(), visit_of("/token", "POST", headers=PAGE))
    assert status_of(reply) == 415
    assert "Access-Control-Allow-Origin" not in headers_of(reply)
    assert ("OPTIONS", "/token") not in {(route.method, route.pattern) for route in ROUTES}


def test_the_paths_that_a_page_calls_answer_their_preflight():
    asked = {**PAGE, "Access-Control-Request-Headers": "authorization"}
    for routes, path, method in ((ROUTES, PATTERN, "GET"), (ROUTES, "/v1/m", "POST")):
        reply = routed(routes, "OPTIONS", path)(box_of(), visit_of(path, "OPTIONS", headers=asked))
        assert headers_of(reply)["Access-Control-Allow-Methods"] == f"{method}, OPTIONS"


def test_the_pixel_has_a_path_for_each_type():
    def answer(box, visit):
        return visit.path

    routes = pixel_routes(answer)
    assert {route.pattern for route in routes} == {
        f"/v1/pixel/{kind}" for kind in ("identify", "track", "page", "screen", "group", "alias")
    }
    assert all((route.method, route.handler) == ("GET", answer) for route in routes)
