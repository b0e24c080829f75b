"""The legacy Config API answers by resource name, in snake case, with gRPC's codes."""

import pytest

from harness.mock.config_api.catalog import SourceSettings
from tests.mock.config_api.asking import KEY, SECRET, TOKEN, ask, box_of, shop_box

CREATED = "2019-01-01T00:00:00.000Z"
SOURCES = "/v1beta/workspaces/acme/sources"
EVERY_GET = [
    "/v1beta/workspaces",
    "/v1beta/workspaces/acme",
    SOURCES,
    f"{SOURCES}/shop",
    f"{SOURCES}/shop/destinations",
    f"{SOURCES}/shop/destinations/webhooks",
]


def test_workspaces_are_listed_as_in_the_documented_sample():
    box = shop_box(workspace_id="bb296fce9c", workspace_name="My Space")
    workspace = {
        "name": "workspaces/acme",
        "display_name": "My Space",
        "id": "bb296fce9c",
        "create_time": CREATED,
    }
    assert ask(box, "/v1beta/workspaces")[2] == {"workspaces": [workspace], "next_page_token": ""}
    assert ask(box, "/v1beta/workspaces/acme")[2] == workspace


def test_a_source_is_as_in_the_documented_sample():
    assert ask(shop_box(), f"{SOURCES}/shop")[2] == {
        "slug": "shop",
        "name": "workspaces/acme/sources/shop",
        "parent": "workspaces/acme",
        "display_name": "Shop",
        "catalog_name": "catalog/sources/javascript",
        "write_keys": [KEY],
        "library_source_config": {},
        "create_time": CREATED,
    }


def test_a_destination_is_as_in_the_documented_sample():
    name = "workspaces/acme/sources/shop/destinations/google-analytics"
    expected = {
        "slug": "google-analytics",
        "name": name,
        "parent": "workspaces/acme/sources/shop",
        "display_name": "Google Analytics",
        "enabled": True,
        "connection_mode": "CLOUD",
        "config": [
            {
                "name": f"{name}/config/trackingId",
                "display_name": "trackingId",
                "value": "UA-1",
                "type": "string",
            },
            {"name": f"{name}/config/secret", "display_name": "secret", "value": SECRET, "type": "string"},
        ],
        "create_time": CREATED,
        "update_time": CREATED,
    }
    box = shop_box()
    assert ask(box, f"{SOURCES}/shop/destinations/google-analytics")[2] == expected
    listed = ask(box, f"{SOURCES}/shop/destinations")[2]
    assert listed["destinations"][0] == expected
    assert len(listed["destinations"]) == 2


@pytest.mark.parametrize("target", EVERY_GET)
def test_the_version_in_the_path_may_be_left_out(target):
    box = shop_box()
    assert ask(box, target)[0] == 200
    assert ask(box, target) == ask(box, target.removeprefix("/v1beta"))


def test_page_tokens_lead_through_every_source_once():
    box = box_of(*(SourceSettings(slug=f"s{number}") for number in range(7)))
    slugs, token, pages = [], "", 0
    while pages == 0 or token:
        body = ask(box, f"/v1beta/workspaces/default/sources?page_size=3&page_token={token}")[2]
        slugs += [each["slug"] for each in body["sources"]]
        token = body["next_page_token"]
        pages += 1
    assert (slugs, pages) == ([f"s{number}" for number in range(7)], 3)


def test_a_page_size_of_0_asks_for_the_default():
    box = shop_box(legacy_default_page=1)
    for query in ("", "?page_size=0", "?page_size="):
        assert len(ask(box, SOURCES + query)[2]["sources"]) == 1


@pytest.mark.parametrize("query", ["page_size=1001", "page_size=x", "page_size=-1", "page_token=x"])
def test_a_page_that_cannot_be_is_an_invalid_argument(query):
    status, _, body = ask(shop_box(), f"{SOURCES}?{query}")
    assert (status, body["code"]) == (400, 3)
    assert body["error"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("target", EVERY_GET)
def test_without_a_token_nothing_is_told(target):
    box = shop_box(tokens=(TOKEN,))
    for token in (None, "wrong"):
        status, _, body = ask(box, target, token=token)
        assert (status, body.keys(), body["code"]) == (401, {"error", "code"}, 16)
    assert ask(box, target)[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "/v1beta/workspaces/another",
        "/v1beta/workspaces/another/sources",
        "/v1beta/workspaces/another/sources/elsewhere",
        f"{SOURCES}/elsewhere",
        f"{SOURCES}/nope/destinations",
        f"{SOURCES}/nope/destinations/webhooks",
        f"{SOURCES}/shop/destinations/nope",
    ],
)
def test_what_is_not_in_the_token_s_workspace_is_not_found(target):
    status, _, body = ask(shop_box(), target)
    assert (status, body["code"]) == (404, 5)


def test_write_keys_are_left_empty_for_a_token_that_may_not_see_them():
    assert ask(shop_box(write_keys_shown=False), f"{SOURCES}/shop")[2]["write_keys"] == []


def test_a_change_over_the_public_api_is_seen_here():
    box = shop_box()
    shop = box.catalog.sources[0]
    ask(box, f"/sources/{shop.id}", method="PATCH", body=b'{"slug":"closed"}')
    assert ask(box, f"{SOURCES}/closed")[0] == 200
    assert ask(box, f"{SOURCES}/shop")[0] == 404
