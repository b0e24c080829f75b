"""Deleting an identifier: what goes, what stays, and every documented refusal."""

import pytest

from harness.mock.profile.settings import ProfileSettings
from tests.mock.profile.asking import Asked
from tests.mock.profile.test_profiles import check

EMAIL = ("email", "e@example.com")


@pytest.fixture
def asked():
    asked = Asked()
    asked.tell("identify", userId="u", anonymousId="a", traits={"email": EMAIL[1]})
    asked.tell("track", userId="u", event="E")
    return asked


def test_an_id_is_deleted_and_all_else_stays(asked):
    answer = asked.delete("user_id:u", EMAIL)
    assert (answer.status, answer.document["code"]) == (200, "success")
    assert asked.ids("user_id:u") == {("user_id", "u"), ("anonymous_id", "a")}
    assert asked.traits("user_id:u") == {"email": EMAIL[1]}
    assert len(asked.get("user_id:u/events")["data"]) == 1
    assert asked.ask("email:e@example.com/traits").status == 404
    assert asked.profiles.report()["deleted_ids"] == 1
    check(asked.profiles)


def test_a_deleted_id_may_join_another_profile(asked):
    asked.delete("user_id:u", EMAIL)
    asked.tell("identify", userId="v", traits={"email": EMAIL[1]})
    assert EMAIL in asked.ids("user_id:v")
    check(asked.profiles)


@pytest.mark.parametrize(
    ("user_id", "external_ids", "status", "code"),
    [
        ("user_id:u", [("email", "other")], 404, "eid_not_found"),
        ("user_id:u", [("user_id", "u")], 400, "bad_request"),
        ("user_id:u", [("group_id", "g")], 400, "unsupported_eid_type"),
        ("user_id:u", [("Email", "e")], 400, "unsupported_eid_type"),
        ("user_id:u", [EMAIL, ("anonymous_id", "a")], 400, "bad_request"),
        ("user_id:u", [], 400, "bad_request"),
        ("anonymous_id:a", [EMAIL], 400, "bad_request"),
        ("use_1", [EMAIL], 400, "bad_request"),
        ("user_id:nobody", [EMAIL], 404, "not_found"),
    ],
)
def test_what_cannot_be_deleted_is_refused_with_segments_code(asked, user_id, external_ids, status, code):
    answer = asked.delete(user_id, *external_ids)
    assert (answer.status, answer.document["error"]["code"]) == (status, code)
    assert asked.profiles.report()["deleted_ids"] == 0


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"delete_external_ids":{}}',
        b'{"delete_external_ids":[1]}',
        b'{"delete_external_ids":[{"id":1,"type":"email"}]}',
        b'{"delete_external_ids":[{"id":"\xff","type":"email"}]}',
        b'{"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_a_body_of_another_shape_is_a_bad_request(asked, body):
    answer = asked.delete("user_id:u", body=body)
    assert (answer.status, answer.document["error"]["code"]) == (400, "bad_request")
    assert "delete_external_ids" in answer.document["error"]["message"]


def test_accounts_keep_their_ids(asked):
    answer = asked.delete("group_id:g", ("crm", "1"), collection="accounts")
    assert (answer.status, answer.document["error"]["message"]) == (400, "invalid collection: `accounts`")


def test_a_call_without_a_token_is_unauthorized(asked):
    answer = asked.delete("user_id:u", EMAIL, authorization="")
    assert (answer.status, answer.document["error"]["code"]) == (401, "unauthorized")


def test_where_deleting_is_not_activated_it_is_forbidden():
    asked = Asked(ProfileSettings(delete_allowed=False))
    asked.tell("page", userId="u", anonymousId="a")
    answer = asked.delete("user_id:u", ("anonymous_id", "a"))
    assert (answer.status, answer.document["error"]["code"]) == (403, "forbidden")
    assert "spa_1" in answer.document["error"]["message"]


def test_in_a_space_that_is_not_there_nobody_is_found():
    asked = Asked(ProfileSettings(spaces=("other",)))
    assert asked.delete("user_id:u", EMAIL).status == 404
