"""From messages to profiles: the documented flows, the bounds, and an index that is always right."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.profile.profiles import Profiles
from harness.mock.profile.settings import IdLimitSettings, ProfileSettings
from harness.mock.profile.sizes import LINK_BYTES, profile_bytes
from tests.mock.profile.asking import DAY_NS, NOW_NS, Asked, Entropy

KINDS = ("identify", "track", "page", "screen", "group", "alias")
UNLIMITED = ProfileSettings(
    id_limits={"user_id": IdLimitSettings(count=10**6)}, other_id_limit=IdLimitSettings(count=10**6)
)


def check(profiles: Profiles) -> None:
    """Every invariant of the store."""
    seen = set()
    links = 0
    for space in profiles._spaces.values():
        for home in (space.users, space.accounts):
            there = set(home.by_segment_id.values())
            assert set(home.by_id.values()) <= there
            for profile in there:
                assert profile.home is home
                assert {one for one, found in home.by_id.items() if found is profile} == set(profile.ids)
                names = {name for name, found in home.by_segment_id.items() if found is profile}
                assert names == {profile.segment_id, *profile.former_ids}
                assert profile.kept_bytes == profile_bytes(profile)
                assert all(other.links[profile] == order for other, order in profile.links.items())
                assert len(profile.events) <= profiles.settings.most_events
                assert len(profile.ids) <= profiles.settings.most_ids
                assert profile.merges == len(profile.former_ids) <= profiles.settings.most_merges
                links += len(profile.links)
            seen |= there
    assert seen == set(profiles._by_age)
    assert profiles.kept_bytes == sum(profile.kept_bytes for profile in seen) + LINK_BYTES * links // 2
    assert len(seen) <= profiles.settings.most_profiles


def custom(type_, id_, collection="users"):
    return {"externalIds": [{"id": id_, "type": type_, "collection": collection, "encoding": "none"}]}


def links_of(asked, identifier):
    return [{one["id"] for one in link["external_ids"]} for link in asked.get(f"{identifier}/links")["data"]]


# The documented flows.


def test_an_anonymous_visitor_becomes_known_and_stays_one_profile():
    asked = Asked()
    asked.tell("page", anonymousId="a")
    before = asked.get("anonymous_id:a/events")["cursor"]["url"]
    asked.tell("track", anonymousId="a", userId="u", event="Signed Up")
    assert asked.ids("user_id:u") == {("user_id", "u"), ("anonymous_id", "a")}
    assert asked.get("user_id:u/events")["cursor"]["url"] == before
    assert asked.profiles.report()["profiles"] == {"users": 1, "accounts": 0}


def test_an_email_brings_two_devices_together():
    asked = Asked()
    asked.tell("identify", anonymousId="phone", traits={"email": "e@example.com", "plan": "free"})
    asked.tell("identify", anonymousId="laptop", traits={"name": "E"})
    asked.tell("track", anonymousId="laptop", event="Bought", context={"traits": {"email": "e@example.com"}})
    assert asked.traits("anonymous_id:laptop") == {"email": "e@example.com", "plan": "free", "name": "E"}
    assert asked.traits("anonymous_id:phone") == asked.traits("email:e@example.com")
    assert asked.profiles.report()["merges"] == 1
    check(asked.profiles)


def test_a_merge_keeps_the_older_profile_with_events_links_and_history_of_both():
    asked = Asked()
    asked.tell("track", anonymousId="a", event="First", message_id="first", source="one")
    asked.tell("group", userId="u", groupId="g", traits={"name": "G"})
    old, young = (asked.get(f"{one}/traits")["cursor"]["url"] for one in ("anonymous_id:a", "user_id:u"))
    asked.tell("track", anonymousId="a", userId="u", event="Second", message_id="last", source="two")
    assert asked.get("user_id:u/traits")["cursor"]["url"] == old
    assert asked.get(young.split("/profiles/")[1])["cursor"]["url"] == old  # the other's id still leads there
    assert [event["event"] for event in asked.get("user_id:u/events")["data"]] == ["Second", "First"]
    assert [link["external_ids"][0]["id"] for link in asked.get("anonymous_id:a/links")["data"]] == ["g"]
    metadata = asked.get("user_id:u/metadata")["metadata"]
    assert (metadata["first_message_id"], metadata["first_source_id"]) == ("first", "one")
    assert (metadata["last_message_id"], metadata["last_source_id"]) == ("last", "two")
    check(asked.profiles)


def test_a_second_user_id_demotes_the_email_and_makes_a_new_profile():
    asked = Asked()
    asked.tell("identify", userId="abc123", traits={"email": "jane@example1.com"})
    asked.tell("identify", userId="abc456", traits={"email": "jane@example1.com", "plan": "new"})
    assert asked.ids("user_id:abc123") == {("user_id", "abc123"), ("email", "jane@example1.com")}
    assert asked.ids("user_id:abc456") == {("user_id", "abc456")}
    assert asked.traits("user_id:abc456")["plan"] == "new"
    assert asked.profiles.report()["demoted"] == 1
    check(asked.profiles)


def test_a_merge_that_breaks_a_limit_demotes_the_lowest_and_tries_again():
    asked = Asked()
    asked.tell("identify", userId="u1", anonymousId="shared")
    asked.tell("identify", userId="u2", traits={"email": "e"})
    # u2 and the email are of one profile; the shared device is of another, which has a user_id already.
    asked.tell("track", userId="u2", anonymousId="shared", event="E", context={"traits": {"email": "e"}})
    assert asked.ids("user_id:u2") == {("user_id", "u2"), ("email", "e")}
    assert asked.ids("anonymous_id:shared") == {("user_id", "u1"), ("anonymous_id", "shared")}
    (event,) = asked.get("user_id:u2/events")["data"]
    assert [one["type"] for one in event["external_ids"]] == ["user_id", "email"]
    check(asked.profiles)


def test_the_sixth_anonymous_id_does_not_join():
    asked = Asked()
    for number in range(6):
        asked.tell("page", userId="u", anonymousId=f"a{number}")
    assert len(asked.ids("user_id:u")) == 6
    assert asked.ask("anonymous_id:a5/traits").status == 404
    assert asked.profiles.report()["demoted"] == 1


def test_a_limit_per_week_lets_in_another_id_a_week_later():
    weekly = IdLimitSettings(count=1, per="week")
    asked = Asked(ProfileSettings(id_limits={"anonymous_id": weekly}))
    asked.tell("page", userId="u", anonymousId="a1")
    asked.clock.advance(6 * DAY_NS)
    asked.tell("page", userId="u", anonymousId="a2")
    asked.clock.advance(1 * DAY_NS)
    asked.tell("page", userId="u", anonymousId="a3")
    assert asked.ids("user_id:u") == {("user_id", "u"), ("anonymous_id", "a1"), ("anonymous_id", "a3")}


def test_a_limit_of_one_type_leaves_user_id_at_one():
    asked = Asked(ProfileSettings(id_limits={"email": IdLimitSettings(count=1)}))
    asked.tell("identify", userId="u1", traits={"email": "e"})
    asked.tell("identify", userId="u2", traits={"email": "e"})
    assert asked.profiles.report()["profiles"]["users"] == 2


def test_a_blocked_value_joins_nobody():
    asked = Asked()
    asked.tell("identify", userId="u1", anonymousId="null")
    asked.tell("identify", userId="u2", anonymousId="null")
    asked.tell("page", anonymousId="0000-0000")
    assert asked.profiles.report()["profiles"]["users"] == 2
    assert asked.profiles.report()["dropped"] == {"blocked_id": 3, "no_identifier": 1}


def test_an_alias_never_merges_and_changes_nothing():
    asked = Asked()
    asked.tell("page", anonymousId="a")
    asked.tell("page", userId="u")
    before = asked.get("user_id:u/metadata")
    asked.tell("alias", previousId="a", userId="u", anonymousId="a")
    assert asked.profiles.report()["profiles"]["users"] == 2
    assert asked.profiles.report()["dropped"] == {"alias": 1}
    assert asked.get("user_id:u/metadata") == before


def test_a_group_call_makes_an_account_and_links_both_ways():
    asked = Asked()
    asked.tell("group", userId="u1", groupId="g", traits={"name": "Initech", "plan": "a"})
    asked.tell("group", userId="u2", groupId="g", traits={"plan": "b"})
    assert asked.traits("group_id:g", "accounts") == {"name": "Initech", "plan": "b"}
    assert asked.traits("user_id:u1") == {}
    (link,) = asked.get("user_id:u1/links")["data"]
    assert link["to_collection"] == "accounts"
    back = asked.get("/v1/spaces/s/collections/accounts/profiles/group_id:g/links")["data"]
    assert [one["external_ids"][0]["id"] for one in back] == ["u1", "u2"]
    check(asked.profiles)


def test_merging_accounts_or_users_joins_their_links_in_order():
    several = IdLimitSettings(count=10)
    asked = Asked(ProfileSettings(id_limits={"user_id": several, "group_id": several}))
    asked.tell("group", userId="u1", groupId="g1")
    asked.tell("group", userId="u1", groupId="g2")
    asked.tell("group", userId="u2", groupId="g3")
    asked.tell(
        "track", userId="u9", event="E", context=custom("group_id", "g1", "accounts") | {"groupId": "g3"}
    )
    assert links_of(asked, "user_id:u1") == [{"g1", "g3"}, {"g2"}]
    assert links_of(asked, "user_id:u2") == [{"g1", "g3"}]
    check(asked.profiles)
    asked.tell("page", userId="u1", context=custom("user_id", "u2"))
    assert links_of(asked, "user_id:u2") == links_of(asked, "user_id:u1") == [{"g1", "g3"}, {"g2"}]
    check(asked.profiles)


def test_an_account_has_one_group_id_unless_told_otherwise():
    asked = Asked()
    asked.tell("group", userId="u", groupId="g1", context=custom("crm", "c", "accounts"))
    asked.tell("group", userId="u", groupId="g2", context=custom("crm", "c", "accounts"))
    assert asked.ids("crm:c", "accounts") == {("group_id", "g1"), ("crm", "c")}
    assert asked.profiles.report()["demoted"] == 1


def test_a_track_with_the_accounts_id_in_its_context_is_an_event_of_both_but_links_nobody():
    asked = Asked()
    asked.tell("track", userId="u", event="Used", context={"groupId": "g"})
    (event,) = asked.get("/v1/spaces/s/collections/accounts/profiles/group_id:g/events")["data"]
    assert set(event["related"]) == {"accounts"}
    assert asked.get("user_id:u/links") == {"data": []}


def test_only_track_calls_are_events_and_only_identify_sets_a_users_traits():
    asked = Asked()
    for kind in ("page", "screen", "track", "identify"):
        asked.tell(kind, userId="u", event="E", name="N", traits={kind: 1})
    assert len(asked.get("user_id:u/events")["data"]) == 1
    assert asked.traits("user_id:u") == {"identify": 1}


# Traits.


def test_null_replaces_and_an_absent_trait_keeps():
    asked = Asked()
    asked.tell("identify", userId="u", traits={"a": 1, "b": 2})
    asked.tell("identify", userId="u", traits={"a": None})
    assert asked.traits("user_id:u") == {"a": None, "b": 2}


def test_a_late_old_update_changes_nothing_and_is_counted():
    asked = Asked()
    asked.tell("identify", userId="u", traits={"a": "new"}, at_ns=NOW_NS)
    asked.tell("identify", userId="u", traits={"a": "old", "b": "only"}, at_ns=NOW_NS - 1)
    assert asked.traits("user_id:u") == {"a": "new", "b": "only"}
    assert asked.profiles.report()["dropped"] == {"older_traits": 1}


def test_of_two_updates_at_one_instant_the_one_that_came_later_stands():
    asked = Asked()
    asked.tell("identify", userId="u", traits={"a": 1}, at_ns=NOW_NS)
    asked.tell("identify", userId="u", traits={"a": 2}, at_ns=NOW_NS)
    assert asked.traits("user_id:u") == {"a": 2}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["u", "a", "ua"]),
            st.dictionaries(st.sampled_from("pqr"), st.integers(0, 9) | st.none(), max_size=3),
        ),
        min_size=1,
        max_size=8,
    ),
    st.randoms(),
)
def test_traits_do_not_depend_on_the_order_of_arrival_when_their_times_differ(updates, random):
    ids = {"u": {"userId": "u"}, "a": {"anonymousId": "a"}, "ua": {"userId": "u", "anonymousId": "a"}}
    timed = list(enumerate([*updates, ("ua", {})]))
    expected = {}
    for _, (_, traits) in timed:
        expected |= traits
    random.shuffle(timed)
    asked = Asked()
    for at, (who, traits) in timed:
        asked.tell("identify", **ids[who], traits=traits, at_ns=NOW_NS + at)
    assert asked.traits("user_id:u") == asked.traits("anonymous_id:a") == expected
    check(asked.profiles)


# What Unify drops without a word, and our own bounds.


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        ("identify", {"traits": dict.fromkeys(map(str, range(300)), 1)}, "too_many_traits"),
        ("group", {"groupId": "g", "traits": dict.fromkeys(map(str, range(301)), 1)}, "too_many_traits"),
        (
            "track",
            {"event": "E", "properties": dict.fromkeys(map(str, range(301)), 1)},
            "too_many_properties",
        ),
        ("group", {"groupId": "g" * 501}, "group_id_unusable"),
        ("group", {"groupId": ""}, "group_id_unusable"),
        ("track", {"event": "E", "message_id": "m" * 101}, "message_id_too_long"),
    ],
)
def test_what_unify_drops_is_dropped_and_counted(kind, message, reason):
    asked = Asked()
    asked.tell(kind, userId="u", **message)
    assert asked.profiles.report()["dropped"] == {reason: 1}
    assert asked.ask("user_id:u/traits").status == 404


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("identify", {"traits": dict.fromkeys(map(str, range(299)), 1)}),
        ("group", {"groupId": "g" * 500, "traits": dict.fromkeys(map(str, range(300)), 1)}),
        ("track", {"event": "E", "properties": dict.fromkeys(map(str, range(300)), 1)}),
        ("track", {"event": "E", "message_id": "m" * 100}),
    ],
)
def test_what_is_just_within_a_limit_of_unify_is_kept(kind, message):
    asked = Asked()
    asked.tell(kind, userId="u", **message)
    assert asked.profiles.report()["dropped"] == {}


def test_beyond_the_most_merges_nothing_merges_but_messages_still_arrive():
    asked = Asked(
        ProfileSettings(most_merges=2, other_id_limit=IdLimitSettings(count=100)),
    )
    asked.tell("page", userId="u")
    for number in range(4):
        asked.tell("page", anonymousId=f"a{number}")
    for number in range(4):
        asked.tell("track", userId="u", anonymousId=f"a{number}", event="E")
    report = asked.profiles.report()
    assert report["merges"] == 2
    assert report["dropped"] == {"merges_over_limit": 2}
    assert len(asked.get("user_id:u/events")["data"]) == 4
    assert asked.ids("anonymous_id:a3") == {("anonymous_id", "a3")}
    check(asked.profiles)


def test_beyond_the_most_ids_none_joins_but_messages_still_arrive():
    asked = Asked(ProfileSettings(most_ids=3, other_id_limit=IdLimitSettings(count=100)))
    for number in range(5):
        asked.tell("track", userId="u", anonymousId=f"a{number}", event="E")
    assert asked.ids("user_id:u") == {("user_id", "u"), ("anonymous_id", "a0"), ("anonymous_id", "a1")}
    assert asked.profiles.report()["dropped"] == {"ids_over_limit": 3}
    assert len(asked.get("user_id:u/events")["data"]) == 5
    asked.tell("page", anonymousId="b0", context=custom("x", "1"))
    asked.tell("page", userId="u", anonymousId="b0")  # a merge would make five
    assert asked.profiles.report()["merges"] == 0
    check(asked.profiles)


def test_beyond_the_most_traits_links_and_events_the_rest_is_counted():
    asked = Asked(ProfileSettings(most_traits=2, most_links=1, most_events=2))
    asked.tell("identify", userId="u", traits={"a": 1, "b": 2, "c": 3})
    asked.tell("identify", userId="u", traits={"a": 9})
    for number in range(3):
        asked.tell("group", userId="u", groupId=f"g{number}")
        asked.tell("track", userId="u", event=f"E{number}")
    assert asked.traits("user_id:u") == {"a": 9, "b": 2}
    assert len(asked.get("user_id:u/links")["data"]) == 1
    assert [event["event"] for event in asked.get("user_id:u/events")["data"]] == ["E2", "E1"]
    report = asked.profiles.report()
    assert report["dropped"] == {"traits_over_limit": 1, "links_over_limit": 2}
    assert report["events_evicted"] == 1
    check(asked.profiles)


def test_a_merge_over_the_bounds_of_traits_links_and_events_counts_what_is_left_out():
    asked = Asked(ProfileSettings(most_traits=2, most_links=1, most_events=2))
    for who, group, traits in (("userId", "g1", {"a": 1, "b": 1}), ("anonymousId", "g2", {"b": 2, "c": 2})):
        asked.tell("identify", **{who: "x"}, traits=traits)
        asked.tell("group", **{who: "x"}, groupId=group)
        for number in range(2):
            asked.tell("track", **{who: "x"}, event=f"{who}{number}")
    asked.tell("page", userId="x", anonymousId="x")
    assert asked.traits("user_id:x") == {"a": 1, "b": 2}
    assert [event["event"] for event in asked.get("user_id:x/events")["data"]] == [
        "anonymousId1",
        "anonymousId0",
    ]
    report = asked.profiles.report()
    assert report["dropped"] == {"traits_over_limit": 1, "links_over_limit": 1}
    assert (report["events_evicted"], report["merges"]) == (2, 1)
    check(asked.profiles)


def test_an_event_older_than_the_history_is_not_kept_and_an_expired_one_leaves():
    asked = Asked()
    asked.tell("track", userId="u", event="Old", at_ns=NOW_NS - 15 * DAY_NS)
    assert asked.profiles.report()["dropped"] == {"event_too_old": 1}
    asked.tell("track", userId="u", event="Young")
    asked.clock.advance(15 * DAY_NS)
    asked.tell("track", userId="u", event="New")
    assert [event["event"] for event in asked.get("user_id:u/events")["data"]] == ["New"]
    assert asked.profiles.report()["events_expired"] == 1
    check(asked.profiles)


def test_the_least_recently_touched_profile_leaves_first_and_is_counted():
    asked = Asked(ProfileSettings(most_profiles=3))
    for user in ("u1", "u2", "u3", "u1", "u4"):
        asked.tell("page", userId=user, anonymousId=f"a-{user}")
    assert [asked.ask(f"user_id:u{number}/traits").status for number in (1, 2, 3, 4)] == [200, 404, 200, 200]
    assert asked.ask("anonymous_id:a-u2/traits").status == 404
    asked.tell("group", userId="u1", groupId="g")
    asked.tell("page", userId="u5")
    asked.tell("page", userId="u6")
    assert asked.profiles.report()["evicted"] == 4
    check(asked.profiles)


def test_an_evicted_profile_takes_the_ids_of_those_it_took_in_along():
    asked = Asked(ProfileSettings(most_profiles=2))
    asked.tell("page", userId="u")
    asked.tell("page", anonymousId="a")
    young = asked.get("anonymous_id:a/traits")["cursor"]["url"]
    asked.tell("page", userId="u", anonymousId="a")
    assert asked.ask(young).status == 200
    asked.tell("page", userId="v")
    asked.tell("page", userId="w")
    assert asked.ask(young).status == 404
    check(asked.profiles)


def test_an_evicted_account_leaves_no_link():
    asked = Asked(ProfileSettings(most_profiles=2))
    asked.tell("group", userId="u", groupId="g")
    asked.tell("page", userId="u")
    asked.tell("page", userId="v")
    assert asked.get("user_id:u/links") == {"data": []}
    check(asked.profiles)


def test_all_profiles_together_stay_within_their_bytes():
    bound = 100_000
    asked = Asked(ProfileSettings(most_kept_bytes=bound))
    for number in range(100):
        asked.tell("identify", userId=f"u{number}", traits={"text": "x" * 5_000})
        assert asked.profiles.kept_bytes <= bound
    report = asked.profiles.report()
    assert report["evicted"] + report["profiles"]["users"] == 100
    assert 10 < report["profiles"]["users"] < 20
    check(asked.profiles)


def test_a_value_that_cannot_be_written_is_counted_and_the_rest_is_kept():
    deep = []
    for _ in range(400):
        deep = [deep]
    asked = Asked()
    asked.tell("identify", userId="u", traits={"deep": deep, "flat": 1})
    asked.tell("track", userId="u", event="E", properties={"deep": deep})
    assert asked.traits("user_id:u") == {"flat": 1}
    assert asked.profiles.report()["dropped"] == {"unwritable": 2}


# Spaces.


def test_sources_without_a_space_feed_the_one_that_any_id_answers():
    asked = Asked()
    asked.tell("identify", userId="u", traits={"a": 1})
    for space_id in ("spa_1", "anything"):
        assert asked.get(f"/v1/spaces/{space_id}/collections/users/profiles/user_id:u/traits")["traits"]


def test_a_named_space_is_fed_by_its_own_sources_alone():
    asked = Asked(spaces=("spa_a", "spa_b"))
    asked.tell("identify", userId="u", traits={"of": "a"}, space="spa_a")
    asked.tell("identify", userId="u", traits={"of": "default"})
    profile = "collections/users/profiles/user_id:u/traits"
    assert asked.get(f"/v1/spaces/spa_a/{profile}")["traits"] == {"of": "a"}
    assert asked.get(f"/v1/spaces/other/{profile}")["traits"] == {"of": "default"}
    assert asked.ask(f"/v1/spaces/spa_b/{profile}").status == 404
    check(asked.profiles)


def test_where_spaces_are_listed_others_are_not_there():
    asked = Asked(ProfileSettings(spaces=("spa_1",)), spaces=("spa_own",))
    asked.tell("page", userId="u")
    asked.tell("page", userId="u", space="spa_own")
    profile = "collections/users/profiles/user_id:u/traits"
    assert [asked.ask(f"/v1/spaces/{one}/{profile}").status for one in ("spa_1", "spa_own", "x")] == [
        200,
        200,
        404,
    ]
    assert asked.ask(f"/v1/spaces/x/{profile}").document["error"]["message"] == "Space was not found."


def test_a_reset_forgets_everything():
    asked = Asked()
    asked.tell("group", userId="u", groupId="g", traits={"a": 1})
    asked.tell("alias", userId="u", previousId="x")
    asked.profiles.reset()
    assert asked.ask("user_id:u/traits").status == 404
    fresh = Profiles(ProfileSettings(), Entropy())
    assert asked.profiles.report() == fresh.report()
    check(asked.profiles)


# Against an oracle, and against nonsense.


class Union:
    """Who is one person, when nothing limits it: plain union-find."""

    def __init__(self):
        self.parent = {}

    def find(self, one):
        self.parent.setdefault(one, one)
        while self.parent[one] != one:
            one = self.parent[one]
        return one

    def join(self, ids):
        for one in ids[1:]:
            self.parent[self.find(one)] = self.find(ids[0])
        if ids:
            self.find(ids[0])

    def sets(self):
        groups = {}
        for one in self.parent:
            groups.setdefault(self.find(one), set()).add(one)
        return {frozenset(group) for group in groups.values()}


ID = st.sampled_from([None, "1", "2", "3", "4"])
PEOPLE = st.lists(st.tuples(ID, ID, ID, ID), max_size=25)


@settings(max_examples=50, deadline=None)
@given(PEOPLE)
def test_without_limits_profiles_are_what_union_find_says(people):
    asked, union = Asked(UNLIMITED), Union()
    for user, anonymous, email, group in people:
        traits = {"email": email} if email else {}
        kind = "group" if group else "page"
        asked.tell(kind, userId=user, anonymousId=anonymous, context={"traits": traits}, groupId=group)
        ids = [("user_id", user), ("anonymous_id", anonymous), ("email", email)]
        union.join([one for one in ids if one[1]])
    found = {frozenset(profile.ids) for profile in asked.profiles._by_age if profile.home.name == "users"}
    assert found == union.sets()
    check(asked.profiles)


@settings(max_examples=50, deadline=None)
@given(PEOPLE, st.integers(1, 6), st.integers(1, 3), st.data())
def test_the_index_is_right_after_merges_limits_evictions_and_deletes(people, profiles, merges, data):
    asked = Asked(ProfileSettings(most_profiles=profiles, most_merges=merges, most_events=2, most_ids=4))
    for user, anonymous, email, group in people:
        kind = "group" if group else data.draw(st.sampled_from(["track", "identify"]))
        message = {"userId": user, "anonymousId": anonymous, "groupId": group, "event": "E"}
        asked.tell(kind, **message, context={"traits": {"email": email}}, traits={"x": group})
        if user and email:
            asked.delete(f"user_id:{user}", ("email", email))
        check(asked.profiles)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)
FIELDS = ("userId", "anonymousId", "groupId", "traits", "properties", "context", "event", "previousId")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JSON | st.just("u"))),
        max_size=5,
    )
)
def test_no_message_makes_it_raise(messages):
    asked = Asked()
    for kind, message in messages:
        asked.tell(kind, **message)
    assert asked.profiles.report()["messages"] == len(messages)
    check(asked.profiles)
    for profile in list(asked.profiles._by_age):
        for what in ("traits", "external_ids", "events", "metadata", "links"):
            asked.get(f"/v1/spaces/s/collections/{profile.home.name}/profiles/{profile.segment_id}/{what}")


def test_a_message_of_a_known_user_costs_as_much_however_much_came_before():
    asked = Asked()

    def calls_of_one(number: int) -> int:
        calls = 0

        def count(_frame, event, _arg):
            nonlocal calls
            calls += event == "call"

        message = {"userId": "u", "anonymousId": "a", "event": "E", "properties": {"n": 1}}
        sys.setprofile(count)
        try:
            asked.profiles.take(message, "track", f"m{number}", "s", NOW_NS, NOW_NS)
        finally:
            sys.setprofile(None)
        return calls

    cost = [calls_of_one(number) for number in range(2_000)]
    assert max(cost[1_000:]) <= cost[10] + 2
    assert cost[10] < 200
