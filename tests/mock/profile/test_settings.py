"""The Profile API's settings: what is refused, what is hidden, what reaches the rules."""

import msgspec
import pytest

from harness.mock.profile.settings import ProfileSettings
from tests.mock.profile.asking import Asked


def read(text):
    return msgspec.toml.decode(text, type=ProfileSettings)


def test_the_defaults_are_what_an_empty_section_gives():
    assert read("") == ProfileSettings()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nonsense = 1", "nonsense"),
        ("most_profiles = 0", "most_profiles"),
        ("traits_page = { default = 5, largest = 4 }", "above largest"),
        ("blocked_patterns = ['(']", "no regular expression"),
        ("id_limits = { Email = { count = 1 } }", "lower case"),
        ("custom_ids = { 'a:b' = 'x' }", "colon"),
        ("id_limits = { email = { per = 'day' } }", "per"),
        ("tokens = 'one'", "tokens"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_named(text, word):
    with pytest.raises(msgspec.ValidationError, match=word):
        read(text)


def test_tokens_are_counted_and_never_shown():
    from harness.mock.settings import MockSettings

    settings = read("tokens = ['not-to-be-seen', 'nor-this']")
    for text in (repr(settings), str(settings), repr(settings.__rich_repr__()), repr([settings])):
        assert "not-to-be-seen" not in text
        assert "nor-this" not in text
        assert "2 set" in text
    assert "not-to-be-seen" not in repr(MockSettings(profile=settings))


def test_a_custom_id_is_read_from_traits_and_properties_in_either_case():
    asked = Asked(read("custom_ids = { shop_id = 'shopId', phone = 'phone' }"))
    asked.tell("track", userId="u", event="E", properties={"shop_id": "s"})
    asked.tell("identify", userId="u", traits={"shopId": "t"})
    asked.tell("page", userId="u", context={"traits": {"phone": "+1"}})
    assert asked.ids("user_id:u") == {("user_id", "u"), ("shop_id", "s"), ("shop_id", "t"), ("phone", "+1")}
    assert asked.ask("phone:%2B1/traits").status == 200


def test_email_and_cross_domain_ids_can_be_turned_on_and_off():
    asked = Asked(read("email_from_properties = true\ncross_domain_ids = false"))
    asked.tell("track", userId="u", event="E", properties={"email": "e"}, traits={"crossDomainId": "x"})
    assert asked.ids("user_id:u") == {("user_id", "u"), ("email", "e")}


def test_priority_and_blocked_values_reach_the_rules():
    asked = Asked(read("id_priority = ['email']\nblocked_values = ['void']\nblocked_patterns = []"))
    asked.tell("identify", userId="u1", traits={"email": "e"})
    asked.tell("identify", userId="u2", traits={"email": "e"})  # the user_id gives way now
    assert asked.ids("email:e") == {("user_id", "u1"), ("email", "e")}
    asked.tell("page", userId="void", anonymousId="null")
    assert asked.ids("anonymous_id:null") == {("anonymous_id", "null")}


def test_the_size_of_a_page_and_the_length_of_the_history_can_be_set():
    asked = Asked(read("events_days = 1\ntraits_page = { default = 1, largest = 2 }"))
    asked.tell("identify", userId="u", traits={"a": 1, "b": 2})
    asked.tell("track", userId="u", event="Old", at_ns=asked.clock.wall_ns() - 2 * 86_400 * 10**9)
    assert asked.get("user_id:u/events")["data"] == []
    assert asked.get("user_id:u/traits")["traits"] == {"a": 1}
    assert asked.ask("user_id:u/traits?limit=3").status == 400
