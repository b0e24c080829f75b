"""The Profile API tells what was tracked, over the wire and in whatever way it came."""

import base64
import gzip

import httpx
import orjson
import pytest

from tests.mock.boxed import KEY
from tests.mock.wire.wired import IOS, SPACE, TOKEN, WEB


def identify(user: str, message_id: str, **traits: object) -> dict[str, object]:
    return {"type": "identify", "userId": user, "messageId": message_id, "traits": traits}


def test_a_visitor_becomes_a_customer_and_keeps_what_was_seen_before(mock):
    mock.send({"anonymousId": "a1", "event": "Seen", "properties": {"n": 1}, "messageId": "m1"})
    mock.send(
        {"anonymousId": "a1", "userId": "u1", "traits": {"plan": "free", "age": 7}}, path="/v1/identify"
    )
    mock.send(
        {"batch": [identify("u1", "m3", plan="pro"), {"type": "track", "userId": "u1", "event": "Paid"}]},
        path="/v1/batch",
    )
    mock.send({"userId": "u1", "groupId": "g1", "traits": {"size": 3}}, path="/v1/group")
    known, unknown = mock.profile("user_id:u1").json(), mock.profile("anonymous_id:a1").json()
    assert known["traits"] == unknown["traits"] == {"plan": "pro", "age": 7}
    events = mock.profile("user_id:u1", "events").json()["data"]
    assert [event["event"] for event in events] == ["Paid", "Seen"]
    ids = mock.profile("anonymous_id:a1", "external_ids").json()["data"]
    assert {(item["type"], item["id"]) for item in ids} == {("user_id", "u1"), ("anonymous_id", "a1")}
    link = mock.profile("user_id:u1", "links").json()["data"][0]
    assert link["to_collection"] == "accounts"
    assert mock.profile("group_id:g1").json()["traits"] == {"size": 3}
    metadata = mock.profile("user_id:u1", "metadata").json()["metadata"]
    assert metadata["first_message_id"] == "m1"


def test_every_way_in_reaches_the_profile(mock):
    pixel = {"writeKey": KEY, "userId": "u1", "event": "By pixel"}
    mock.http.get("/v1/pixel/track", params={"data": base64.b64encode(orjson.dumps(pixel)).decode()})
    mock.send({"userId": "u1", "event": "Short"}, path="/v1/t")
    mock.send({"batch": [{"type": "track", "userId": "u1", "event": "Imported"}]}, path="/v1/import/")
    mock.http.post(
        "/v1/track",
        content=gzip.compress(orjson.dumps({"writeKey": KEY, "userId": "u1", "event": "Zipped"})),
        headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"},
    )
    answer = mock.profile("user_id:u1", "events").json()
    assert {event["event"] for event in answer["data"]} == {"By pixel", "Short", "Imported", "Zipped"}


def test_only_what_was_stored_is_in_a_profile(mock):
    mock.freeze()
    mock.set_limits({"count": 1})
    mock.set_faults({"status": 500, "message_type": "identify"})
    mock.track("m1", event="Stored")
    mock.track("m2", event="Throttled")
    mock.send(identify("u1", "m3", plan="faulted"), path="/v1/identify")
    mock.advance(1)
    mock.track("m1", event="Again")
    events = mock.profile("user_id:u1", "events").json()["data"]
    assert [event["event"] for event in events] == ["Stored"]
    assert mock.profile("user_id:u1").json()["traits"] == {}


def test_what_was_stored_under_a_fault_after_the_ledger_is_in_the_profile(mock):
    mock.set_faults({"status": 500, "when": "after", "first": 1})
    assert mock.track("m1", event="Stored").status_code == 500
    assert mock.track("m1", event="Stored").status_code == 200
    assert mock.classes() == {"faulted": 1, "duplicates": 1}
    events = mock.profile("user_id:u1", "events").json()["data"]
    assert [event["event"] for event in events] == ["Stored"]


def test_pages_lead_through_everything_once_by_the_address_in_the_cursor(mock):
    mock.send(
        {"batch": [{"type": "track", "userId": "u1", "event": f"E{n}"} for n in range(25)]}, path="/v1/batch"
    )
    path, seen = None, []
    while path != "":
        answer = (
            mock.profile("user_id:u1", "events", limit=10)
            if path is None
            else mock.http.get(path, auth=httpx.BasicAuth(TOKEN, ""))
        ).json()
        seen += [event["event"] for event in answer["data"]]
        path = answer["cursor"]["url"] if answer["cursor"]["has_more"] else ""
    assert sorted(seen) == sorted(f"E{n}" for n in range(25))


def test_a_space_has_the_messages_of_its_own_sources_alone(sourced):
    for key, plan in ((WEB, "web"), (IOS, "ios")):
        sourced.send(identify("u1", f"m-{plan}", plan=plan), path="/v1/identify", key=key)
    plans = [sourced.profile("user_id:u1", space=s).json()["traits"]["plan"] for s in (SPACE, "spa_two")]
    assert plans == ["web", "ios"]
    verbose = sourced.profile("user_id:u1", verbose="true").json()["traits"]["plan"]
    (source,) = [s for s in sourced.config("/sources").json()["data"]["sources"] if s["slug"] == "web"]
    assert verbose["source_id"] == source["id"]


@pytest.mark.parametrize(
    ("authorization", "path", "status", "code"),
    [
        ("", f"/v1/spaces/{SPACE}/collections/users/profiles/user_id:u1/traits", 401, "authentication_error"),
        (
            "Basic dG9rZW46",
            "/v1/spaces/spa_none/collections/users/profiles/user_id:u1/traits",
            404,
            "not_found",
        ),
        (
            "Basic dG9rZW46",
            f"/v1/spaces/{SPACE}/collections/users/profiles/user_id:no/traits",
            404,
            "not_found",
        ),
        (
            "Basic dG9rZW46",
            f"/v1/spaces/{SPACE}/collections/dogs/profiles/user_id:u1/traits",
            400,
            "validation_error",
        ),
    ],
)
def test_its_errors_have_its_own_body_and_no_limit_header(sourced, authorization, path, status, code):
    answer = sourced.http.get(path, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "Request-Id" in answer.headers
    assert not [name for name in answer.headers if "ratelimit" in name or name == "retry-after"]


def test_a_reset_forgets_every_profile(mock):
    mock.send(identify("u1", "m1", plan="pro"), path="/v1/identify")
    assert mock.profile("user_id:u1").status_code == 200
    mock.admin("POST", "reset")
    assert mock.profile("user_id:u1").status_code == 404
    assert mock.track("m1").status_code == 200
    assert mock.classes() == {"stored": 1}
