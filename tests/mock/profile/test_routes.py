"""What each call of the Profile API answers: bodies, errors, headers, access."""

import base64
import re

import pytest

from harness.mock.profile.routes import ROUTES
from harness.mock.profile.settings import ProfileSettings
from harness.units import format_instant_ms, format_instant_us
from tests.mock.profile.asking import DAY_NS, NOW_NS, SECOND_NS, TOKEN, Asked

WHATS = ("traits", "external_ids", "events", "metadata", "links")


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture
def asked():
    """One person who came, signed up and bought something."""
    asked = Asked()
    asked.tell("page", anonymousId="a", source="web")
    asked.tell("identify", anonymousId="a", userId="u", traits={"plan": "b", "age": 30}, source="web")
    asked.tell("identify", userId="u", traits={"plan": "c", "zip": None}, source="crm")
    asked.tell("track", userId="u", event="Bought", properties={"n": 1}, context={"ip": "1.2.3.4"})
    asked.tell("group", userId="u", groupId="g", source="crm")
    return asked


# Bodies.


def test_traits_are_a_plain_object_with_a_cursor(asked):
    own = asked.get("user_id:u/metadata")
    document = asked.get("user_id:u/traits")
    assert document["traits"] == {"age": 30, "plan": "c", "zip": None}
    cursor = document["cursor"]
    assert re.fullmatch(
        r"/v1/spaces/spa_1/collections/users/profiles/use_[0-9A-Za-z]{27}/traits", cursor.pop("url")
    )
    assert cursor == {"has_more": False, "next": "", "limit": 10}
    assert own["metadata"]["first_message_id"] == "m1"


def test_verbose_traits_say_who_set_them_and_when(asked):
    traits = asked.get("user_id:u/traits?verbose=true&include=plan,age")["traits"]
    assert traits == {
        "age": {
            "value": 30,
            "source_id": "web",
            "updated_at": format_instant_ms(NOW_NS + 2 * SECOND_NS),
        },
        "plan": {
            "value": "c",
            "source_id": "crm",
            "updated_at": format_instant_ms(NOW_NS + 3 * SECOND_NS),
        },
    }


def test_a_class_shows_only_the_traits_that_the_settings_name():
    asked = Asked(ProfileSettings(audiences=("big_spender",), computed_traits=("orders", "absent")))
    asked.tell("identify", userId="u", traits={"big_spender": True, "orders": 3, "name": "N"})
    assert asked.get("user_id:u/traits?class=audience")["traits"] == {"big_spender": True}
    assert asked.get("user_id:u/traits?class=computed_trait")["traits"] == {"orders": 3}
    assert len(asked.get("user_id:u/traits")["traits"]) == 3


def test_without_settings_every_class_is_empty(asked):
    for class_ in ("audience", "computed_trait"):
        assert asked.get(f"user_id:u/traits?class={class_}")["traits"] == {}


def test_external_ids_say_how_each_came(asked):
    document = asked.get("user_id:u/external_ids?verbose=true")
    assert document["data"][0] == {
        "source_id": "web",
        "collection": "users",
        "id": "a",
        "type": "anonymous_id",
        "created_at": format_instant_us(NOW_NS + SECOND_NS),
        "encoding": "none",
        "first_message_id": "m1",
    }
    assert [one["type"] for one in document["data"]] == ["anonymous_id", "user_id"]
    assert document["cursor"]["has_more"] is False
    (only,) = asked.get("user_id:u/external_ids?include=user_id,email")["data"]
    assert (only["id"], only["first_message_id"]) == ("u", "m2")


def test_an_event_is_shown_as_documented(asked):
    document = asked.get("user_id:u/events")
    (event,) = document["data"]
    related = event.pop("related")
    assert re.fullmatch("use_[0-9A-Za-z]{27}", related["users"])
    assert event == {
        "external_ids": [{"collection": "users", "type": "user_id", "id": "u", "encoding": "none"}],
        "context": {"ip": "1.2.3.4"},
        "type": "track",
        "message_id": "m4",
        "source_id": "web",
        "timestamp": format_instant_ms(NOW_NS + 4 * SECOND_NS),
        "properties": {"n": 1},
        "event": "Bought",
    }
    assert document["cursor"]["next"] == ""


def test_metadata_tells_the_first_and_the_last_message(asked):
    assert asked.get("user_id:u/metadata?verbose=false") == {
        "metadata": {
            "created_at": format_instant_ms(NOW_NS + SECOND_NS),
            "updated_at": format_instant_ms(NOW_NS + 5 * SECOND_NS),
            "expires_at": None,
            "first_message_id": "m1",
            "first_source_id": "web",
            "last_message_id": "m5",
            "last_source_id": "crm",
        }
    }


def test_links_are_the_other_collections_ids_without_a_cursor(asked):
    assert asked.get("user_id:u/links") == {
        "data": [
            {
                "to_collection": "accounts",
                "external_ids": [
                    {
                        "id": "g",
                        "type": "group_id",
                        "source_id": "crm",
                        "collection": "accounts",
                        "created_at": format_instant_us(NOW_NS + 5 * SECOND_NS),
                        "encoding": "none",
                    }
                ],
            }
        ]
    }


def test_a_profile_is_found_by_segments_own_id_too(asked):
    url = asked.get("user_id:u/traits")["cursor"]["url"]
    segment_id = url.split("/")[-2]
    assert asked.get(url) == asked.get(f"segment_id:{segment_id}/traits") == asked.get("user_id:u/traits")
    account = asked.get("/v1/spaces/s/collections/accounts/profiles/group_id:g/traits")["cursor"]["url"]
    assert asked.get(account)["traits"] == {}
    assert asked.ask(account.replace("accounts", "users")).status == 400


def test_an_id_may_hold_anything_that_can_be_percent_encoded():
    asked = Asked()
    for id_ in ("+5555550123", "a:b", "a/b", "ümlaut", "100%"):
        asked.tell("page", userId=id_)
    for path in ("%2B5555550123", "a:b", "a%2Fb", "%C3%BCmlaut", "100%25"):
        assert asked.ask(f"user_id:{path}/metadata").status == 200


# What is asked for in events.


@pytest.fixture
def shopper():
    asked = Asked()
    for number in range(5):
        asked.tell(
            "track", userId="u", event="Viewed" if number % 2 else "Bought", at_ns=NOW_NS - number * DAY_NS
        )
    return asked


def days(asked, query):
    return [int(event["message_id"][1:]) for event in asked.get(f"user_id:u/events?{query}")["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("sort=desc", [1, 2, 3, 4, 5]),
        ("sort=asc", [5, 4, 3, 2, 1]),
        ("include=Bought", [1, 3, 5]),
        ("include=Bought,Viewed&exclude=Viewed", [1, 3, 5]),
        ("exclude=Bought", [2, 4]),
        ("include=Bought&include=Viewed", [1, 2, 3, 4, 5]),
        ("limit=2", [1, 2]),
        (f"start={format_instant_ms(NOW_NS - 2 * DAY_NS)}", [1, 2, 3]),
        (f"end={format_instant_ms(NOW_NS - 2 * DAY_NS)}", [4, 5]),
        ("start=2023-11-13", [1, 2]),
        ("end=2023-11-14T00:00:00+01:00", [2, 3, 4, 5]),
        ("start=2200-01-01", []),
        ("start=&end=", [1, 2, 3, 4, 5]),
    ],
)
def test_events_are_chosen_by_time_name_and_order(shopper, query, expected):
    assert days(shopper, query) == expected


def test_an_event_leaves_the_history_when_the_clock_has_gone_on_for_two_weeks(shopper):
    shopper.clock.advance(12 * DAY_NS)
    assert days(shopper, "") == [1, 2]
    assert days(shopper, "start=2020-01-01") == [1, 2]


# Errors.


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("user_id:nobody/traits", 404, "not_found"),
        ("phone:1/traits", 404, "not_found"),
        ("use_nobody/traits", 404, "not_found"),
        ("user_id/traits", 400, "validation_error"),
        ("user_id:/traits", 400, "validation_error"),
        (":u/traits", 400, "validation_error"),
        ("User_Id:u/traits", 400, "validation_error"),
        ("user_id:u/traits?limit=0", 400, "invalid_request_error"),
        ("user_id:u/traits?limit=-1", 400, "invalid_request_error"),
        ("user_id:u/traits?limit=ten", 400, "invalid_request_error"),
        ("user_id:u/traits?limit=", 400, "invalid_request_error"),
        ("user_id:u/traits?limit=²", 400, "invalid_request_error"),
        ("user_id:u/traits?limit=201", 400, "invalid_request_error"),
        ("user_id:u/external_ids?limit=101", 400, "invalid_request_error"),
        ("user_id:u/events?limit=101", 400, "invalid_request_error"),
        ("user_id:u/links?limit=21", 400, "invalid_request_error"),
        ("user_id:u/traits?class=people", 400, "invalid_request_error"),
        ("user_id:u/traits?verbose=yes", 400, "invalid_request_error"),
        ("user_id:u/metadata?verbose=1", 400, "invalid_request_error"),
        ("user_id:u/external_ids?next=nonsense", 400, "invalid_request_error"),
        ("user_id:u/links?next=map_1", 400, "invalid_request_error"),
        ("user_id:u/events?next=nonsense", 400, "invalid_request_error"),
        ("user_id:u/events?next=%F0%9F%92%A9", 400, "invalid_request_error"),
        ("user_id:u/events?sort=random", 400, "invalid_request_error"),
        ("user_id:u/events?start=yesterday", 400, "invalid_request_error"),
        ("user_id:u/events?end=99999-01-01", 400, "invalid_request_error"),
        ("/v1/spaces/s/collections/people/profiles/user_id:u/traits", 400, "validation_error"),
        ("/v1/spaces/s/collections/use%20rs!/profiles/user_id:u/traits", 400, "validation_error"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(asked, path, status, code):
    answer = asked.ask(path)
    assert (answer.status, answer.document["error"]["code"]) == (status, code)
    assert answer.document["error"]["message"]


def test_an_unknown_profile_is_told_so_in_segments_words(asked):
    for what in WHATS:
        answer = asked.ask(f"user_id:nobody/{what}")
        assert answer.document == {"error": {"code": "not_found", "message": "Profile was not found."}}


@pytest.mark.parametrize("what", WHATS)
def test_the_largest_page_of_each_list_is_allowed(asked, what):
    if what != "metadata":
        page = getattr(asked.settings, f"{what}_page")
        assert asked.ask(f"user_id:u/{what}?limit={page.largest}").status == 200


def test_a_path_that_is_no_unicode_is_answered(asked):
    # What a router makes of %FF when it keeps the bytes.
    route = next(route for route in ROUTES if route.pattern.endswith("/traits"))
    from harness.mock.exchange import Call
    from harness.mock.route import Visit

    headers = {b"authorization": basic("t:").encode()}
    for name in ("space_id", "collection", "identifier"):
        params = {"space_id": "s", "collection": "users", "identifier": "user_id:u"} | {name: "\udcff:\udcff"}
        reply = route.handler(asked, Visit(Call("GET", "/", headers, b""), "/", params, {}))
        assert reply.head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400", b"HTTP/1.1 404"))
    query = {"limit": ["1"], "x": ["\udcff"], "include": ["plan,age,\udcff"]}
    params = {"space_id": "s", "collection": "users", "identifier": "user_id:u"}
    reply = route.handler(asked, Visit(Call("GET", "/", headers, b""), "/", params, query))
    assert b'"has_more":true' in reply.body


# Access and headers.


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        f"Bearer {TOKEN}",
        basic(TOKEN),
        basic(":"),
        basic(f"{TOKEN}:password"),
        "Basic ü",
    ],
)
def test_a_call_without_a_proper_token_is_not_let_in(asked, authorization):
    answer = asked.ask("user_id:u/traits", authorization=authorization)
    assert (answer.status, answer.document["error"]["code"]) == (401, "authentication_error")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_where_tokens_are_set_no_other_is_let_in():
    asked = Asked(ProfileSettings(tokens=("one", TOKEN)))
    asked.tell("page", userId="u")
    statuses = [
        asked.ask("user_id:u/traits", authorization=basic(f"{token}:")).status
        for token in ("one", TOKEN, "on", "one ", "other")
    ]
    assert statuses == [200, 200, 401, 401, 401]


def test_every_answer_has_its_own_request_id_and_no_cors_or_limit_headers(asked):
    answers = [asked.ask(f"user_id:{user}/{what}") for user in ("u", "nobody") for what in WHATS]
    answers += [asked.ask("user_id:u/traits", authorization=""), asked.delete("user_id:u")]
    ids = [answer.headers["Request-Id"] for answer in answers]
    assert len(set(ids)) == len(answers)
    known = {"Content-Type", "Content-Length", "Request-Id", "WWW-Authenticate"}
    assert all(set(answer.headers) <= known for answer in answers)
    assert all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)


def test_no_error_gives_a_token_away(asked):
    for path in ("user_id:nobody/traits", "user_id:u/traits?limit=x"):
        assert TOKEN not in str(asked.ask(path).document)
    assert TOKEN not in repr(ProfileSettings(tokens=(TOKEN,)))
