"""The identity rules: blocked values, limits, priority, forms of a key."""

import re

import pytest

from harness.segment.identity import (
    WINDOWS_NS,
    ExternalId,
    IdentityRules,
    IdLimit,
    key_forms,
    too_many_of,
)

RULES = IdentityRules()
WEEK_NS = WINDOWS_NS["week"]
NOW_NS = 1_700_000_000_000_000_000


def ids(type_, count, joined_ns=0):
    return {ExternalId(type_, str(number)): joined_ns for number in range(count)}


@pytest.mark.parametrize("value", ["", " ", "0", "0000", "-", "00-00", "-1", "null", "anonymous"])
def test_a_suggested_blocked_value_stands_for_nobody(value):
    assert RULES.is_blocked(value)


@pytest.mark.parametrize("value", ["1", "00a", "Anonymous", "nullable", "-2"])
def test_a_value_that_merely_looks_like_a_blocked_one_is_an_id(value):
    assert not RULES.is_blocked(value)


def test_blocked_values_can_be_set_and_turned_off():
    own = IdentityRules(blocked_values=frozenset({"void"}), blocked_patterns=(re.compile("^test-"),))
    assert own.is_blocked("void")
    assert own.is_blocked("test-1")
    assert not own.is_blocked("0")
    assert own.is_blocked("")  # never an id, whatever the settings say


def test_a_profile_has_one_user_id_and_five_of_any_other_type():
    assert too_many_of(RULES, ids("user_id", 1) | ids("email", 5), NOW_NS) is None
    assert too_many_of(RULES, ids("user_id", 2), NOW_NS) == "user_id"
    assert too_many_of(RULES, ids("user_id", 1) | ids("email", 6), NOW_NS) == "email"


def test_a_limit_with_a_window_counts_only_what_joined_within_it():
    rules = IdentityRules(limits={"anonymous_id": IdLimit(2, WEEK_NS)})
    old = {ExternalId("anonymous_id", "old"): NOW_NS - WEEK_NS}
    assert too_many_of(rules, old | ids("anonymous_id", 2, NOW_NS), NOW_NS) is None
    younger = {one: joined_ns + 1 for one, joined_ns in old.items()}
    assert too_many_of(rules, younger | ids("anonymous_id", 2, NOW_NS), NOW_NS) == "anonymous_id"


def test_user_id_ranks_first_then_email_then_the_rest_by_name():
    mixed = [ExternalId(type_, "x") for type_ in ("ios.id", "anonymous_id", "email", "android.id", "user_id")]
    assert [one.type for one in RULES.ranked(mixed)] == [
        "user_id",
        "email",
        "android.id",
        "anonymous_id",
        "ios.id",
    ]


def test_the_priority_can_be_set():
    own = IdentityRules(priority=("phone",))
    ranked = own.ranked([ExternalId("email", "e"), ExternalId("user_id", "u"), ExternalId("phone", "p")])
    assert [one.type for one in ranked] == ["phone", "email", "user_id"]


@pytest.mark.parametrize(
    ("key", "forms"),
    [
        ("appId", {"appId", "app_id"}),
        ("app_id", {"appId", "app_id"}),
        ("phone", {"phone"}),
        ("Phone Number", {"Phone Number", "phone number"}),
    ],
)
def test_a_key_is_looked_for_in_camel_and_in_snake_case(key, forms):
    assert set(key_forms(key)) == forms
