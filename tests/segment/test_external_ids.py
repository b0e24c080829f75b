"""Which ids a message promotes, place by place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.segment.external_ids import (
    BLOCKED_ID,
    ID_NOT_TEXT,
    ID_TOO_LONG,
    MALFORMED_EXTERNAL_ID,
    promoted,
)
from harness.segment.identity import IdentityRules

RULES = IdentityRules(
    trait_keys=(("email", "email"), ("crossDomainId", "cross_domain_id"), ("appId", "app_id")),
    property_keys=(("appId", "app_id"),),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "collection", "encoding", "email", "token", "users", "clientId"])
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=6,
)


def users(message, kind="track", rules=RULES):
    return set(promoted(message, kind, rules).users)


def device(type_, **more):
    return {"context": {"device": {"type": type_, "id": "d", "advertisingId": "ad", "token": "t"} | more}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"userId": "u"}, {("user_id", "u")}),
        ({"anonymousId": "a", "userId": None}, {("anonymous_id", "a")}),
        ({"userId": 42}, {("user_id", "42")}),
        ({"traits": {"email": "e"}}, {("email", "e")}),
        ({"context": {"traits": {"email": "e"}}}, {("email", "e")}),
        ({"properties": {"email": "e"}}, set()),
        ({"context": {"traits": {"crossDomainId": "x"}}}, {("cross_domain_id", "x")}),
        ({"properties": {"appId": "p"}, "traits": {"appId": "t"}}, {("app_id", "p"), ("app_id", "t")}),
        ({"context": {"integrations": {"Google Analytics": {"clientId": "g"}}}}, {("ga_client_id", "g")}),
        (device("ios"), {("ios.id", "d"), ("ios.push_token", "t")}),
        (device("android"), {("android.id", "d"), ("android.push_token", "t")}),
        (
            device("iOS", adTrackingEnabled=True),
            {("ios.id", "d"), ("ios.idfa", "ad"), ("ios.push_token", "t")},
        ),
        (device("windows", adTrackingEnabled=True), set()),
        ({"previousId": "p"}, set()),
    ],
)
def test_an_id_is_promoted_from_where_segment_looks(message, expected):
    assert users(message) == expected


def test_a_groups_traits_are_the_accounts_and_promote_nobody():
    found = promoted(
        {"userId": "u", "groupId": "g", "traits": {"email": "office@example.com"}}, "group", RULES
    )
    assert found.users == [("user_id", "u")]
    assert found.accounts == [("group_id", "g")]


def test_the_context_names_the_account_of_any_message_unless_told_otherwise():
    message = {"userId": "u", "context": {"groupId": "g"}}
    assert promoted(message, "track", RULES).accounts == [("group_id", "g")]
    assert promoted(message, "track", IdentityRules(account_from_context=False)).accounts == []
    assert promoted(message | {"groupId": "own"}, "group", RULES).accounts == [("group_id", "own")]


def test_a_custom_id_needs_all_four_fields_and_a_type_in_lower_case():
    whole = {"id": "1", "type": "phone", "collection": "users", "encoding": "none"}
    wrong = [
        *({name: value for name, value in whole.items() if name != left_out} for left_out in whole),
        whole | {"type": "Phone"},
        whole | {"type": "a:b"},
        whole | {"collection": "people"},
        whole | {"encoding": "base64"},
        "phone",
    ]
    account = whole | {"type": "crm", "collection": "accounts"}
    found = promoted({"context": {"externalIds": [whole, account, *wrong]}}, "track", RULES)
    assert found.users == [("phone", "1")]
    assert found.accounts == [("crm", "1")]
    assert found.ignored == [MALFORMED_EXTERNAL_ID] * len(wrong)


def test_what_is_no_id_is_passed_over_and_named():
    message = {"userId": "0-0", "anonymousId": True, "traits": {"email": "x" * 501, "appId": {}}}
    found = promoted(message, "identify", RULES)
    assert found.users == []
    assert sorted(found.ignored) == sorted([BLOCKED_ID, ID_NOT_TEXT, ID_TOO_LONG, ID_NOT_TEXT])


def test_an_id_in_two_places_is_one():
    message = {"traits": {"email": "e"}, "context": {"traits": {"email": "e"}}}
    assert promoted(message, "identify", RULES).users == [("email", "e")]


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["userId", "anonymousId", "groupId", "traits", "properties", "context"]), JSON
    ),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("device", "traits", "externalIds", "integrations", "groupId"), JSON)
    ),
    st.sampled_from(["identify", "track", "group", "alias"]),
)
def test_no_message_makes_it_raise(message, context, kind):
    for one in (message, message | {"context": context}):
        found = promoted(one, kind, RULES)
        assert all(isinstance(part, str) for external_id in found.users for part in external_id)
