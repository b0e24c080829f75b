"""A mock that wants tokens, and a client that fetches one and uses it."""

import time

import pytest

from harness.mock.launch import launch
from tests.mock.boxed import KEY, track
from tests.mock.edge.assertions import claims_at, key_pair, signed
from tests.mock.wire.wired import Wired


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    file = tmp_path_factory.mktemp("oauth") / "mock.toml"
    pem = key_pair()[1]
    file.write_text(f"[oauth]\nrequired = true\n[oauth.public_keys]\nkey-1 = '''{pem}'''\n", "utf-8")
    with launch(limits="none", extra=["--config", str(file)]) as running:
        wired = Wired(running)
        yield wired
        wired.close()


def asked_for(mock, jti: str, **changed: object):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed(claims_at(int(time.time()), jti=jti, **changed)),
        "scope": "tracking_api:write",
    }
    return mock.http.post("/token", data=form)


def sent(mock, message_id: str, token: str | None):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return mock.http.post("/v1/batch", json={"batch": [track(message_id)], "writeKey": KEY}, headers=headers)


def test_a_token_is_fetched_with_a_signed_assertion_and_opens_the_tracking_api(guarded):
    guarded.begin()
    refused = sent(guarded, "m1", None)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert guarded.track("m1").status_code == 401, "a write key alone does not do"
    answer = asked_for(guarded, "first").json()
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "tracking_api:write")
    assert sent(guarded, "m1", answer["access_token"]).status_code == 200
    assert sent(guarded, "m2", answer["access_token"] + "x").status_code == 401
    assert guarded.classes(KEY) == {"stored": 1, "refused": 3}
    assert guarded.counts()["refused_by_reason"] == {"bad_token": 3}


def test_an_assertion_is_good_once_and_a_token_until_its_end_on_the_clock_of_the_mock(guarded):
    guarded.begin()
    token = asked_for(guarded, "second").json()["access_token"]
    assert asked_for(guarded, "second").status_code == 401
    guarded.freeze()
    guarded.advance(86_300)
    assert sent(guarded, "m1", token).status_code == 200
    guarded.advance(101)
    assert sent(guarded, "m2", token).status_code == 401
    late = asked_for(guarded, "third")
    assert (late.status_code, late.json()["error_description"]) == (400, "Token is expired")
    assert late.headers["Date"].startswith(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))


def test_no_token_is_in_anything_the_admin_tells(guarded):
    guarded.begin()
    token = asked_for(guarded, "fourth").json()["access_token"]
    sent(guarded, "m1", token)
    paths = ("figures", "ledger", "requests", "live", "ledger/messages")
    told = "".join(guarded.http.get(f"/__admin/{path}").text for path in paths)
    assert token not in told
    assert KEY not in guarded.http.get("/__admin/requests").text
