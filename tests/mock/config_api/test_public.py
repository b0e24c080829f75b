"""The Public API answers in the shapes of its documented samples, and only to those it lets in."""

import json

import pytest

from harness.mock.config_api.catalog import SourceSettings
from tests.mock.config_api.asking import KEY, TOKEN, ask, box_of, shop_box

V1 = "application/vnd.segment.v1+json"
SHOP_ID = "rh5BDZp6QDHvXFCkibm1pR"
WEBHOOKS_ID = "fP7qoQw2HTWt9WdMr718gn"
EVERY_GET = [
    "/",
    "/sources",
    f"/sources/{SHOP_ID}",
    f"/sources/{SHOP_ID}/connected-destinations",
    "/destinations",
    f"/destinations/{WEBHOOKS_ID}",
]


def patch(box, target, document, **call):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return ask(box, target, method="PATCH", body=body, **call)


def test_the_root_is_the_token_s_workspace():
    status, _, body = ask(shop_box(workspace_id="w1", workspace_name="Acme"), "/")
    assert (status, body) == (200, {"data": {"workspace": {"id": "w1", "slug": "acme", "name": "Acme"}}})


def test_a_source_has_every_field_of_the_model():
    _, _, body = ask(shop_box(workspace_id="w1"), f"/sources/{SHOP_ID}")
    source = body["data"]["source"]
    metadata = source.pop("metadata")
    assert body["data"]["trackingPlanId"] == "tp_1"
    assert source == {
        "id": SHOP_ID,
        "slug": "shop",
        "name": "Shop",
        "workspaceId": "w1",
        "enabled": True,
        "writeKeys": [KEY],
        "settings": {},
        "labels": [{"key": "environment", "value": "dev"}],
    }
    assert metadata.pop("id")
    assert metadata == {
        "slug": "javascript",
        "name": "Javascript",
        "description": "",
        "logos": {"default": "", "mark": None, "alt": None},
        "options": [],
        "categories": ["Website"],
        "isCloudEventSource": False,
        "status": "PUBLIC",
        "partnerOwned": False,
    }


def test_a_destination_has_every_field_of_the_model():
    _, _, body = ask(shop_box(), f"/destinations/{WEBHOOKS_ID}")
    destination = body["data"]["destination"]
    assert destination.keys() == {"id", "name", "enabled", "metadata", "sourceId", "settings"}
    assert (destination["id"], destination["sourceId"], destination["enabled"]) == (
        WEBHOOKS_ID,
        SHOP_ID,
        False,
    )
    assert destination["metadata"].keys() == {
        *("id", "name", "description", "slug", "logos", "options", "status", "previousNames", "categories"),
        *("website", "components", "supportedFeatures", "supportedMethods", "supportedPlatforms"),
        *("actions", "presets", "partnerOwned"),
    }


def test_a_source_without_a_plan_says_null():
    box = shop_box()
    app = box.catalog.sources[1]
    assert ask(box, f"/sources/{app.id}")[2]["data"]["trackingPlanId"] is None


def test_lists_show_the_token_s_workspace_alone():
    box = shop_box()
    assert [each["slug"] for each in ask(box, "/sources")[2]["data"]["sources"]] == ["shop", "app"]
    names = [each["name"] for each in ask(box, "/destinations")[2]["data"]["destinations"]]
    assert names == ["Google Analytics", "Webhooks"]
    elsewhere = box.catalog.sources[2]
    (far,) = box.catalog.destinations_of(elsewhere)
    for target in (
        f"/sources/{elsewhere.id}",
        f"/sources/{elsewhere.id}/connected-destinations",
        f"/destinations/{far.id}",
    ):
        assert ask(box, target)[0] == 404


def test_connected_destinations_are_the_source_s_own_in_pages():
    box = shop_box()
    target = f"/sources/{SHOP_ID}/connected-destinations?pagination.count=1"
    data = ask(box, target)[2]["data"]
    assert [each["name"] for each in data["destinations"]] == ["Google Analytics"]
    assert data["pagination"] == {"current": "MA==", "next": "MQ==", "previous": None, "totalEntries": 2}
    data = ask(box, target + "&pagination.cursor=MQ%3D%3D")[2]["data"]
    assert [each["name"] for each in data["destinations"]] == ["Webhooks"]
    assert data["pagination"] == {"current": "MQ==", "next": None, "previous": "MA==", "totalEntries": 2}


def test_a_cursor_that_leads_nowhere_is_null_or_absent_as_set():
    assert ask(shop_box(), "/sources")[2]["data"]["pagination"]["next"] is None
    data = ask(shop_box(missing_cursor="absent"), "/sources")[2]["data"]
    assert data["pagination"] == {"current": "MA==", "totalEntries": 2}


def test_the_documented_list_of_twenty_comes_in_pages_of_three():
    box = box_of(*(SourceSettings(slug=f"s{number}") for number in range(20)))
    target, slugs = "/sources?pagination.count=3", []
    cursor = ""
    while cursor is not None:
        data = ask(box, target + (f"&pagination.cursor={cursor}" if cursor else ""))[2]["data"]
        slugs += [each["slug"] for each in data["sources"]]
        cursor = data["pagination"]["next"]
    assert slugs == [f"s{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pagination.count=0", "pagination.count"),
        ("pagination.count=1001", "pagination.count"),
        ("pagination.count=10&pagination.cursor=nonsense", "pagination.cursor"),
        ("pagination=10", "pagination"),
    ],
)
@pytest.mark.parametrize("path", ["/sources", "/destinations"])
def test_a_page_that_cannot_be_is_a_422_that_names_the_field(path, query, field):
    status, _, body = ask(shop_box(), f"{path}?{query}")
    (error,) = body["errors"]
    assert (status, error["type"], error["field"]) == (422, "input-validation", field)
    assert "data" not in body


@pytest.mark.parametrize("target", EVERY_GET)
def test_without_a_token_nothing_is_told(target):
    box = shop_box(tokens=(TOKEN,))
    for call in (
        {"token": None},
        {"token": "wrong"},
        {"token": None, "headers": {b"authorization": b"Basic " + TOKEN.encode()}},
    ):
        status, _, body = ask(box, target, **call)
        assert status == 401
        assert body.keys() == {"errors"}
        assert body["errors"][0]["type"] == "unauthorized"
        assert KEY not in str(body)
    assert ask(box, target)[0] == 200


def test_a_wrong_token_is_answered_as_set_and_a_missing_one_always_401():
    box = shop_box(tokens=(TOKEN,), wrong_token_status=403)
    status, headers, body = ask(box, "/sources", token="wrong")
    assert (status, body["errors"][0]["type"]) == (403, "forbidden")
    assert "www-authenticate" not in headers
    assert ask(box, "/sources", token=None)[0] == 401


@pytest.mark.parametrize("target", EVERY_GET)
@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_answer_comes_in_the_version_asked_for(target, version):
    accept = f"application/vnd.segment.{version}+json"
    assert ask(shop_box(), target, accept=accept)[1]["content-type"] == accept
    assert ask(shop_box(), target, accept=accept, token=None)[1]["content-type"] == accept
    assert ask(shop_box(), target)[1]["content-type"] == "application/json"


def test_a_version_that_does_not_exist_is_refused_as_set():
    unknown = "application/vnd.segment.v2+json"
    assert ask(shop_box(), "/sources", accept=unknown)[0] == 406
    assert ask(shop_box(unknown_version_status=415), "/sources", accept=unknown)[0] == 415
    status, headers, _ = ask(shop_box(unknown_version_status=200), "/sources", accept=unknown)
    assert (status, headers["content-type"]) == (200, V1)
    assert ask(shop_box(), "/sources", accept=unknown, token=None)[0] == 401


@pytest.mark.parametrize(
    "target", ["/sources/nope", "/sources/nope/connected-destinations", "/destinations/nope", "/sources/%00"]
)
def test_what_is_not_there_is_a_404_in_the_envelope(target):
    status, _, body = ask(shop_box(), target)
    assert (status, body["errors"][0]["type"]) == (404, "not-found")


def test_write_keys_are_left_empty_for_a_token_that_may_not_see_them():
    box = shop_box(write_keys_shown=False)
    assert ask(box, f"/sources/{SHOP_ID}")[2]["data"]["source"]["writeKeys"] == []
    assert KEY not in str(ask(box, "/sources")[2])


def test_a_source_is_changed_by_patch_and_every_later_answer_shows_it():
    box = shop_box()
    change = {"enabled": False, "name": "Closed", "slug": "closed", "settings": {"apiHost": "x"}}
    status, _, body = patch(box, f"/sources/{SHOP_ID}", change)
    source = body["data"]["source"]
    assert (status, body["data"].keys()) == (200, {"source"})
    assert {name: source[name] for name in change} == change
    assert ask(box, f"/sources/{SHOP_ID}")[2]["data"]["source"] == source
    assert not box.catalog.source_of_key(KEY).enabled


def test_a_patch_changes_only_what_it_names():
    box = shop_box()
    before = ask(box, f"/sources/{SHOP_ID}")[2]["data"]["source"]
    after = patch(box, f"/sources/{SHOP_ID}", {"enabled": False, "name": None})[2]["data"]["source"]
    assert after == {**before, "enabled": False}
    assert patch(box, f"/sources/{SHOP_ID}", {})[2]["data"]["source"] == after


def test_a_destination_is_changed_by_patch_but_keeps_the_name_that_messages_use():
    box = shop_box()
    change = {"enabled": True, "name": "Hooks", "settings": {"url": "x"}}
    body = patch(box, f"/destinations/{WEBHOOKS_ID}", change)[2]
    destination = body["data"]["destination"]
    assert {name: destination[name] for name in change} == change
    assert box.catalog.destination(WEBHOOKS_ID).name == "Webhooks"
    assert ask(box, f"/destinations/{WEBHOOKS_ID}")[2] == body


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({"enabled": "no"}, ["enabled"]),
        ({"enabled": 1}, ["enabled"]),
        ({"name": 7, "settings": []}, ["name", "settings"]),
        ({"writeKeys": []}, ["writeKeys"]),
        ({"slug": ""}, ["slug"]),
        (b"not json", [None]),
        (b"[]", [None]),
        (b"", [None]),
        (b'{"settings":' + b'{"a":' * 300 + b"1" + b"}" * 301, ["settings"]),
    ],
)
def test_a_patch_that_is_wrong_changes_nothing_and_names_every_field(document, fields):
    box = shop_box()
    before = box.catalog.sources
    status, _, body = patch(box, f"/sources/{SHOP_ID}", document)
    assert status == 422
    assert [error.get("field") for error in body["errors"]] == fields
    assert box.catalog.sources == before


def test_one_wrong_field_keeps_the_right_ones_out():
    box = shop_box()
    assert patch(box, f"/sources/{SHOP_ID}", {"name": "New", "enabled": 0})[0] == 422
    assert box.catalog.source(SHOP_ID).name == "Shop"


def test_a_body_of_a_thousand_wrong_fields_gets_a_hundred_errors_and_their_number():
    errors = patch(shop_box(), f"/sources/{SHOP_ID}", {f"x{n}": 1 for n in range(1_000)})[2]["errors"]
    assert len(errors) == 101
    assert errors[-1]["message"] == "and 900 more"


def test_a_slug_that_another_source_has_is_a_conflict():
    box = shop_box()
    assert patch(box, f"/sources/{SHOP_ID}", {"slug": "app"})[0] == 409
    assert patch(box, f"/sources/{SHOP_ID}", {"slug": "shop"})[0] == 200


def test_a_body_above_its_size_is_413_whether_kept_or_not():
    box = shop_box(largest_body_bytes=20)
    assert patch(box, f"/sources/{SHOP_ID}", b'{"name":"' + b"x" * 20 + b'"}')[0] == 413
    assert ask(box, f"/sources/{SHOP_ID}", method="PATCH", body=None)[0] == 413
    assert patch(box, f"/sources/{SHOP_ID}", b'{"name":"' + b"x" * 9 + b'"}')[0] == 200


def test_a_patch_needs_a_token_and_something_to_change():
    box = shop_box(tokens=(TOKEN,))
    assert patch(box, f"/sources/{SHOP_ID}", {"enabled": False}, token="wrong")[0] == 401
    assert box.catalog.source(SHOP_ID).enabled
    assert patch(box, "/sources/nope", {"enabled": False})[0] == 404
    assert patch(box, "/destinations/nope", {"enabled": False})[0] == 404
    assert patch(box, f"/destinations/{WEBHOOKS_ID}", {"slug": "x"})[0] == 422
