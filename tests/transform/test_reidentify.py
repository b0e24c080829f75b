import copy as copying
import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.messages import person_keys
from harness.transform.reidentify import reidentify

UUID = "710321ce-f743-5d77-a47a-48156b83f1af"
second = partial(reidentify, copy=2, salt="s")


def test_everything_that_joins_a_message_to_a_person_is_rewritten():
    message = {
        "type": "identify", "userId": "ann", "anonymousId": UUID,
        "traits": {"email": "ann@x.org", "name": "Ann"},
        "context": {
            "traits": {"email": "ann@x.org"}, "ip": "192.0.2.1",
            "device": {"type": "ios", "id": "D1", "advertisingId": UUID, "token": "T", "model": "M"},
            "integrations": {"Google Analytics": {"clientId": "GA1"}, "Other": {"clientId": "kept"}},
            "externalIds": [
                {"id": "p1", "type": "phone", "collection": "users", "encoding": "none"},
                {"id": "ann@x.org", "type": "email", "collection": "users", "encoding": "none"},
                {"id": "acme", "type": "group_id", "collection": "accounts", "encoding": "none"},
            ],
        },
    }  # fmt: skip
    before = copying.deepcopy(message)
    made = second(message)
    assert message == before
    tag = made["userId"].removeprefix("ann~2-")
    assert re.fullmatch("[0-9a-f]{6}", tag)
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", made["anonymousId"]
    )
    assert made["anonymousId"] != UUID
    mail = f"ann+2-{tag}@x.org"
    assert made["traits"] == {"email": mail, "name": "Ann"}
    context = made["context"]
    assert context["traits"] == {"email": mail}
    assert context["device"] == {
        "type": "ios", "id": f"D1~2-{tag}", "advertisingId": made["anonymousId"],
        "token": f"T~2-{tag}", "model": "M",
    }  # fmt: skip
    assert context["integrations"] == {
        "Google Analytics": {"clientId": f"GA1~2-{tag}"},
        "Other": {"clientId": "kept"},
    }
    assert [entry["id"] for entry in context["externalIds"]] == [f"p1~2-{tag}", mail, "acme"]
    assert context["ip"] == "192.0.2.1"


def test_accounts_stay_the_same_and_so_do_their_traits():
    message = {"type": "group", "userId": "ann", "groupId": "acme", "traits": {"email": "office@acme.org"}}
    made = second(message)
    assert (made["groupId"], made["traits"]) == ("acme", {"email": "office@acme.org"})
    assert made["userId"] != "ann"


def test_a_track_keeps_its_properties_but_the_email():
    made = second({"type": "track", "userId": 7, "properties": {"email": "a@x.org", "n": 1}})
    assert made["userId"].startswith("7~2-")
    assert made["properties"]["n"] == 1
    assert made["properties"]["email"].startswith("a+2-")


@pytest.mark.parametrize("nobody", ["", "-1", "null", "anonymous", "0", 0, None, True, [], {}])
def test_an_id_that_stands_for_nobody_is_left(nobody):
    message = {"type": "track", "userId": nobody}
    assert second(message) == message


@pytest.mark.parametrize(
    "part",
    [
        {"context": None},
        {"context": []},
        {"context": {"device": 1, "traits": "x", "externalIds": "y"}},
        {"context": {"externalIds": [None, 5, {"id": None}]}},
        {"context": {"integrations": {"Google Analytics": 3}}},
        {"traits": {"email": 5}},
        {"traits": {"email": "none"}},
        {"properties": []},
    ],
)
def test_what_is_malformed_goes_as_it_came(part):
    message = {"type": "track", **part}
    assert second(message) == message


def test_an_id_becomes_the_same_one_in_whatever_field_it_stands_and_another_in_each_copy_and_run():
    linked = second({"type": "identify", "userId": "ann", "anonymousId": UUID})
    renamed = second({"type": "alias", "userId": "ann2", "previousId": UUID})
    assert renamed["previousId"] == linked["anonymousId"]
    assert second({"type": "alias", "userId": " ann "})["userId"] == linked["userId"]
    others = {
        reidentify({"userId": "ann", "anonymousId": UUID}, copy=copy, salt=salt)["anonymousId"]
        for copy in range(1, 5)
        for salt in "st"
    }
    assert len(others) == 8


@given(ids=st.lists(st.text("ab0-~2 @", max_size=4), max_size=6), copies=st.integers(1, 3))
def test_different_people_stay_different(ids, copies):
    people = {person_keys({"userId": each}) for each in ids} - {()}
    made = {
        person_keys(reidentify({"userId": each}, copy=copy, salt="s"))
        for each in ids
        for copy in range(1, copies + 1)
    } - {()}
    assert len(made) == copies * len(people)
