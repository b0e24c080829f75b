"""OTTO's sessions become what a shop's site would have sent."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordingError
from harness.importers.otto import import_otto
from harness.segment.endpoints import endpoint_of
from tests.importers.sessions import BUYER, UNSORTED, VISITOR, otto_lines


def _calls(*sessions: Any) -> list[dict[str, Any]]:
    return [orjson.loads(each.line) for each in import_otto(otto_lines(*sessions), name="in.jsonl")]


def _said(call: dict[str, Any]) -> str:
    body: dict[str, Any] = call["body"]
    return str(body.get("event") or body.get("name") or body["type"])


def test_each_event_becomes_its_calls_in_order():
    assert [_said(call) for call in _calls(BUYER)] == [
        *("Product", "Product Viewed"),
        "Product Added",
        *("Product", "Product Viewed"),
        *("identify", "Order Completed"),
        *("Product", "Product Viewed"),
        "Order Completed",
    ]


def test_every_call_is_a_whole_envelope():
    for call, timed in zip(_calls(BUYER), import_otto(otto_lines(BUYER), name="in"), strict=True):
        endpoint = endpoint_of(call["path"])
        assert endpoint is not None
        assert endpoint.kind == call["body"]["type"]
        assert (call["source"], call["method"]) == ("shop", "POST")
        assert call["at"] == call["body"]["timestamp"]
        assert timed.at_ns % 1_000_000 == 0
        assert call["body"]["context"]["library"]["name"] == "analytics.js"
        assert 500 < len(timed.line) < 900
        assert "writeKey" not in str(call)
    assert _calls(BUYER)[0]["at"] == "2022-07-31T22:00:00.100Z"


def test_a_person_is_anonymous_until_the_first_order_joins_both_ids():
    bodies = [call["body"] for call in _calls(BUYER)]
    assert len({body["anonymousId"] for body in bodies}) == 1
    users = [body.get("userId") for body in bodies]
    assert users == [None] * 5 + ["customer-7"] * 5
    assert bodies[5]["type"] == "identify"
    assert bodies[5]["traits"] == {"createdAt": bodies[6]["timestamp"]}
    assert bodies[5]["timestamp"] == bodies[6]["timestamp"]


def test_sessions_are_different_people():
    bodies = [call["body"] for call in _calls(BUYER, VISITOR)]
    assert len({body["anonymousId"] for body in bodies}) == 2
    assert len({body["messageId"] for body in bodies}) == len(bodies)


def test_articles_ordered_at_one_instant_are_one_order():
    orders = [call["body"]["properties"] for call in _calls(BUYER) if _said(call) == "Order Completed"]
    assert orders == [
        {
            "order_id": "order-7-1",
            "products": [{"product_id": "11", "quantity": 2}, {"product_id": "12", "quantity": 1}],
        },
        {"order_id": "order-7-2", "products": [{"product_id": "13", "quantity": 1}]},
    ]


def test_an_order_is_one_though_a_click_shares_its_instant():
    events = [
        {"aid": aid, "ts": 5, "type": kind} for aid, kind in ((1, "orders"), (2, "clicks"), (3, "orders"))
    ]
    said = [_said(call) for call in _calls({"session": 1, "events": events})]
    assert said == ["Product", "Product Viewed", "identify", "Order Completed"]


def test_nothing_that_otto_does_not_publish_is_made_up():
    for call in _calls(BUYER, VISITOR):
        for name in ("price", "revenue", "total", "value", "currency", "brand", "category", "email"):
            assert f'"{name}"' not in orjson.dumps(call["body"]).decode()


def test_a_referrer_is_the_page_before():
    pages = [call["body"]["properties"] for call in _calls(BUYER) if call["body"]["type"] == "page"]
    assert [(page["path"], page["referrer"]) for page in pages] == [
        ("/p/11", ""),
        ("/p/12", "https://shop.example/p/11"),
        ("/p/13", "https://shop.example/checkout"),
    ]


def test_events_of_a_session_are_put_in_order():
    ats = [call["at"] for call in _calls(UNSORTED)]
    assert ats == sorted(ats)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"junk", "in.jsonl:2: no session of OTTO's"),
        (b"[]", "in.jsonl:2: no session of OTTO's"),
        (b"{}", "in.jsonl:2: no session of OTTO's"),
        (b'{"session": "7", "events": []}', "in.jsonl:2: no session of OTTO's"),
        (b'{"session": true, "events": []}', "in.jsonl:2: no session of OTTO's"),
        (b'{"session": 7, "events": {}}', "in.jsonl:2: no session of OTTO's"),
        (b'{"session": 7, "events": [7]}', "in.jsonl:2: events[0] needs"),
        (b'{"session": 7, "events": [{"aid": 1, "ts": 1, "type": "views"}]}', "in.jsonl:2: events[0] needs"),
        (b'{"session": 7, "events": [{"aid": 1, "ts": 1, "type": []}]}', "in.jsonl:2: events[0] needs"),
        (
            b'{"session": 7, "events": [{"aid": 1, "ts": 1.5, "type": "carts"}]}',
            "in.jsonl:2: events[0] needs",
        ),
        (b'{"session": 7, "events": [{"aid": 1, "ts": -1, "type": "carts"}]}', "in.jsonl:2: events[0] needs"),
        (
            b'{"session": 7, "events": [{"aid": 1, "ts": 1e15, "type": "carts"}]}',
            "in.jsonl:2: events[0] needs",
        ),
        (
            b'{"session": 7, "events": [{"aid": 1, "ts": 999999999999999, "type": "carts"}]}',
            "in.jsonl:2: events[0]",
        ),
        (b'{"session": 7, "events": [{"ts": 1, "type": "carts"}]}', "in.jsonl:2: events[0] needs"),
    ],
)
def test_a_line_that_is_no_session_is_refused_with_its_place(line, says):
    with pytest.raises(RecordingError) as caught:
        list(import_otto([*otto_lines(VISITOR), line], name="in.jsonl"))
    assert str(caught.value).startswith(says)
    assert ";" in str(caught.value)


def test_blank_lines_are_passed_over():
    assert len(list(import_otto([b"\n", *otto_lines(VISITOR), b"  \n"], name="in"))) == 2


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "aid": st.integers(0, 9),
                "ts": st.integers(0, 253_402_300_799_999),
                "type": st.sampled_from(["clicks", "carts", "orders"]),
            }
        ),
        max_size=20,
    )
)
def test_any_session_becomes_calls_that_account_for_each_event(events):
    calls = _calls({"session": 1, "events": events})
    by_type = {kind: sum(event["type"] == kind for event in events) for kind in ("clicks", "carts", "orders")}
    said = [_said(call) for call in calls]
    assert said.count("Product") == said.count("Product Viewed") == by_type["clicks"]
    assert said.count("Product Added") == by_type["carts"]
    assert said.count("identify") == min(1, by_type["orders"])
    bought = sum(
        product["quantity"]
        for call in calls
        if _said(call) == "Order Completed"
        for product in call["body"]["properties"]["products"]
    )
    assert bought == by_type["orders"]
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls)
