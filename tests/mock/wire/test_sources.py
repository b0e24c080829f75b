"""A mock with the sources of a file: the Config API shows them, and messages go where they say."""

import subprocess
import sys

import pytest

from harness.mock.launch import launch
from tests.mock.boxed import track
from tests.mock.wire.wired import FOREIGN, OFF, SOURCES, TOKEN, WEB, Wired

LONG = "x" * 33_000


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    file = tmp_path_factory.mktemp("strict") / "mock.toml"
    file.write_text(SOURCES, "utf-8")
    with launch(limits="none", extra=["--config", str(file), "--behaviour", "strict"]) as running:
        wired = Wired(running)
        yield wired
        wired.close()


def test_the_config_api_shows_the_sources_of_the_file_and_of_its_workspace_alone(sourced):
    workspace = sourced.config("/").json()["data"]["workspace"]
    sources = sourced.config("/sources").json()["data"]["sources"]
    assert workspace["slug"] == "acme"
    assert [source["slug"] for source in sources] == ["web", "ios", "off"]
    web = sourced.config(f"/sources/{sources[0]['id']}").json()["data"]["source"]
    assert web == sources[0]
    assert web["writeKeys"] == [WEB]
    path = f"/sources/{web['id']}/connected-destinations"
    destinations = sourced.config(path).json()["data"]["destinations"]
    assert [each["name"] for each in destinations] == ["Amplitude", "Mixpanel", "Warehouse"]
    assert sourced.config("/v1beta/workspaces/acme/sources/web").json()["name"].endswith("sources/web")


def test_its_pages_lead_through_every_source_once(sourced):
    cursor, seen = None, []
    while True:
        query = {"pagination.count": 1} | ({"pagination.cursor": cursor} if cursor else {})
        data = sourced.config("/sources", params=query).json()["data"]
        seen += [source["slug"] for source in data["sources"]]
        cursor = data["pagination"].get("next")
        if cursor is None:
            break
    assert seen == ["web", "ios", "off"]


def test_it_answers_in_the_version_that_is_asked_for_and_refuses_without_a_token(sourced):
    accept = "application/vnd.segment.v1alpha+json"
    versioned = sourced.http.get("/", headers={"Accept": accept, "Authorization": f"Bearer {TOKEN}"})
    assert (versioned.status_code, versioned.headers["Content-Type"]) == (200, accept)
    refused = sourced.http.get("/", headers={"Accept": accept})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "text/html" in sourced.http.get("/").headers["Content-Type"], "a browser sees the live page"


@pytest.mark.parametrize(
    ("integrations", "delivered", "filtered"),
    [
        (None, 3, 0),
        ({"All": False}, 1, 2),  # a warehouse cannot be left out so
        ({"All": False, "Mixpanel": True}, 2, 1),
        ({"Amplitude": False}, 2, 1),
    ],
)
def test_integrations_of_a_message_and_of_its_batch_decide_where_it_goes(
    sourced, integrations, delivered, filtered
):
    more = {} if integrations is None else {"integrations": integrations}
    sourced.track("m1", key=WEB, **more)
    sourced.send({"batch": [track("m2")], **more}, path="/v1/batch", key=WEB)
    stages = sourced.counts()["stages"]
    assert stages["received"] == 2
    assert stages["delivered"] == 2 * delivered
    ended = sum(stages[name] for name in ("filtered_at_source", "filtered_at_destination"))
    assert ended == 2 * filtered
    assert sourced.classes() == {"stored": 2}, "what is filtered behind the 200 was stored"


def test_a_destination_that_is_switched_off_gets_nothing(sourced):
    source = sourced.config("/sources").json()["data"]["sources"][0]
    path = f"/sources/{source['id']}/connected-destinations"
    amplitude = sourced.config(path).json()["data"]["destinations"][0]
    answer = sourced.config(f"/destinations/{amplitude['id']}", method="PATCH", json={"enabled": False})
    assert answer.status_code == 200
    sourced.track("m1", key=WEB)
    rows = sourced.counts()["stages"]["rows"]
    assert {row["destination"] for row in rows if row["stage"] == "delivered"} == {"Mixpanel", "Warehouse"}
    sourced.admin("POST", "reset")
    sourced.track("m2", key=WEB)
    assert sourced.counts()["stages"]["delivered"] == 3, "a reset undoes what was changed"


def test_unknown_and_disabled_sources_are_answered_200_and_discarded_by_default(sourced):
    answered = [sourced.track(f"m{key}", key=key).status_code for key in (OFF, "nobodys-key-0123", WEB)]
    assert answered == [200] * 3
    reasons = sourced.counts()["discarded_by_reason"]
    assert reasons == {"source_disabled": 1, "unknown_source": 1}
    assert sourced.counts()["stages"]["failed_on_ingest"] == 2


@pytest.mark.parametrize(
    ("body", "key", "path", "status"),
    [
        (track("m1"), "short", "/v1/track", 401),
        (track("m1"), "nobodys-key-0123", "/v1/track", 401),
        (track("m1"), OFF, "/v1/track", 404),
        ({**track("m1"), "filler": LONG}, WEB, "/v1/track", 413),
        ({"batch": [{**track("m1"), "filler": LONG}]}, WEB, "/v1/batch", 413),
        ({"batch": [track(f"m{n}") for n in range(2_501)]}, WEB, "/v1/batch", 413),
        ([track("m1")], WEB, "/v1/track", 422),
        ({"batch": "none"}, WEB, "/v1/batch", 422),
        ({"event": "nobody's"}, WEB, "/v1/track", 422),
        (track("m1"), WEB, "/v1/track", 200),
        (track("m1"), FOREIGN, "/v1/track", 200),
    ],
)
def test_strict_refuses_what_a_stricter_collector_would_and_stores_nothing_of_it(
    strict, body, key, path, status
):
    strict.begin()
    answer = strict.send(body, path=path, key=key)
    assert answer.status_code == status
    classes = strict.classes()
    if status == 200:
        assert (answer.json(), classes) == ({"success": True}, {"stored": 1})
    else:
        assert set(answer.json()) >= {"success", "message", "code"}
        assert set(classes) <= {"refused"}
        assert classes or strict.counts()["unreadable_requests"] == 1


def test_a_file_with_a_mistake_is_one_sentence_that_names_the_place(tmp_path):
    file = tmp_path / "mock.toml"
    file.write_text('[[sources]]\nslug = "web"\nwrite_kyes = ["x"]\n', "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "harness", "mock", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stdout, len(run.stderr.splitlines())) == (2, "", 1)
    assert "mock.toml" in run.stderr
    assert "write_keys" in run.stderr
