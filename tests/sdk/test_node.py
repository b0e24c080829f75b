"""@segment/analytics-node, unmodified: what it was asked to send is in the ledger, once, as it was meant."""

import pytest

from harness.mock.launch import launch
from tests.sdk.sdks import KEY, Ledger, private_key, run_node, waited_s

CALLS = [
    ("identify", {"userId": "u-1", "traits": {"email": "a@shop.example"}}),
    ("track", {"userId": "u-1", "event": "Order Completed", "properties": {"total": 9.5}}),
    ("track", {"anonymousId": "a-1", "event": "Seen", "context": {"ip": "203.0.113.7"}}),
    ("page", {"userId": "u-1", "name": "Home", "category": "Docs", "properties": {"url": "/"}}),
    ("screen", {"userId": "u-1", "name": "Start", "properties": {"wide": None}}),
    ("group", {"userId": "u-1", "groupId": "g-1", "traits": {"plan": "Größe 7 ☃"}}),
    ("alias", {"previousId": "a-1", "userId": "u-1"}),
    ("track", {"userId": "u-2", "event": "Old", "timestamp": "2026-01-02T03:04:05.678Z"}),
    ("track", {"userId": "u-2", "event": "Own", "messageId": "own-1", "integrations": {"All": False}}),
]


@pytest.mark.parametrize("options", [{}, {"path": "/v1/import/"}, {"path": "/v1/b", "flushAt": 2}])
def test_every_kind_of_call_is_stored_once_and_as_it_was_made(options):
    with launch(limits="none") as mock:
        told = run_node({"writeKey": KEY, "host": mock.url, **options}, CALLS)
        ledger = Ledger(mock)
        counts, messages = ledger.counts(), ledger.messages()
    assert told["errors"] == []
    assert set(told["statuses"]) == {200}
    assert (counts["received"], counts["stored"]) == (len(CALLS), len(CALLS))
    by_kind = {(message["type"], message.get("event")): message for message in messages}
    assert by_kind["identify", None]["traits"] == {"email": "a@shop.example"}
    assert by_kind["track", "Order Completed"]["properties"] == {"total": 9.5}
    assert by_kind["track", "Seen"]["context"]["ip"] == "203.0.113.7"
    assert by_kind["page", None]["category"] == "Docs"
    assert by_kind["screen", None]["properties"]["wide"] is None
    assert by_kind["group", None]["traits"] == {"plan": "Größe 7 ☃"}
    assert by_kind["alias", None]["previousId"] == "a-1"
    assert by_kind["track", "Old"]["originalTimestamp"].startswith("2026-01-02T03:04:05.678")
    assert by_kind["track", "Own"]["messageId"] == "own-1"
    assert by_kind["track", "Own"]["integrations"] == {"All": False}
    assert {message["context"]["library"]["name"] for message in messages} == {"@segment/analytics-node"}


def test_a_429_is_waited_out_by_all_its_batches_and_nothing_is_lost():
    calls = [("track", {"userId": "u", "event": f"E{number}"}) for number in range(6)]
    with launch(extra=["--limit", "tracking=3/s"]) as mock:
        told = run_node({"writeKey": KEY, "host": mock.url, "flushAt": 1}, calls)
        ledger = Ledger(mock)
        counts, arrivals = ledger.counts(), ledger.arrivals()
    assert told["errors"] == []
    assert (counts["stored"], counts["duplicates"]) == (6, 0)
    assert counts["throttled"] >= 3
    assert "1" in told["retries"]
    assert min(waited_s(arrivals)) >= 0.99  # Node's timers are whole milliseconds, cut


def test_an_event_above_32_kb_takes_its_whole_batch_with_it():
    calls = [
        ("track", {"userId": "u", "event": "E", "properties": {"x": "x" * size}}) for size in (5, 40_000)
    ]
    with launch(limits="none") as mock:
        told = run_node({"writeKey": KEY, "host": mock.url}, calls)
        counts = Ledger(mock).counts()
    assert told["statuses"] == [400]
    assert len(told["errors"]) == 2
    assert (counts["refused"], counts["stored"]) == (2, 0)


def test_with_oauth_it_gets_a_token_and_sends_with_it():
    with launch(limits="none") as mock:
        signing = {"clientId": "client", "clientKey": private_key(), "keyId": "key-1", "authServer": mock.url}
        told = run_node({"writeKey": KEY, "host": mock.url, "oauthSettings": signing}, CALLS)
        counts = Ledger(mock).counts()
    assert told["errors"] == []
    assert counts["stored"] == len(CALLS)
