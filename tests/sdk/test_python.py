"""segment-analytics-python, unmodified: what it was asked to send is in the ledger, once, as it was meant."""

import pytest

from harness.mock.launch import launch
from tests.sdk.sdks import KEY, Ledger, private_key, run_python, waited_s

CALLS = [
    ("identify", {"user_id": "u-1", "traits": {"email": "a@shop.example", "logins": 3}}),
    ("track", {"user_id": "u-1", "event": "Order Completed", "properties": {"total": 9.5, "ok": True}}),
    ("track", {"anonymous_id": "a-1", "event": "Seen", "context": {"ip": "203.0.113.7"}}),
    ("page", {"user_id": "u-1", "name": "Home", "category": "Docs", "properties": {"url": "/"}}),
    ("screen", {"user_id": "u-1", "name": "Start", "properties": {"wide": None}}),
    ("group", {"user_id": "u-1", "group_id": "g-1", "traits": {"plan": "Größe 7 ☃"}}),
    ("alias", {"previous_id": "a-1", "user_id": "u-1"}),
    ("track", {"user_id": "u-2", "event": "Old", "timestamp": "2026-01-02T03:04:05.678+00:00"}),
]


@pytest.mark.parametrize(
    "options", [{"upload_interval": 0.2}, {"gzip": True}, {"sync_mode": True}], ids=["plain", "gzip", "sync"]
)
def test_every_kind_of_call_is_stored_once_and_as_it_was_made(options):
    with launch(limits="none") as mock:
        told = run_python({"write_key": KEY, "host": mock.url, **options}, CALLS)
        ledger = Ledger(mock)
        counts, messages = ledger.counts(), ledger.messages()
    assert told == {"errors": [], "raised": []}
    assert (counts["received"], counts["stored"]) == (len(CALLS), len(CALLS))
    assert [message["type"] for message in messages] == [method for method, _ in CALLS]
    identify, order, seen, page, screen, group, alias, old = messages
    assert identify["traits"] == {"email": "a@shop.example", "logins": 3}
    assert (order["event"], order["properties"]) == ("Order Completed", {"total": 9.5, "ok": True})
    assert (seen["anonymousId"], seen["context"]["ip"]) == ("a-1", "203.0.113.7")
    assert (page["name"], page["category"]) == ("Home", "Docs")
    assert screen["properties"] == {"wide": None}
    assert (group["groupId"], group["traits"]) == ("g-1", {"plan": "Größe 7 ☃"})
    assert (alias["previousId"], alias["userId"]) == ("a-1", "u-1")
    assert old["originalTimestamp"].startswith("2026-01-02T03:04:05.678")
    assert {message["context"]["library"]["name"] for message in messages} == {"analytics-python"}


def test_a_429_is_waited_out_and_nothing_is_lost():
    calls = [("track", {"user_id": "u", "event": f"E{number}"}) for number in range(4)]
    with launch(extra=["--limit", "tracking=2/s"]) as mock:
        told = run_python({"write_key": KEY, "host": mock.url, "upload_size": 1}, calls)
        ledger = Ledger(mock)
        counts, arrivals = ledger.counts(), ledger.arrivals()
    assert told["errors"] == []
    assert (counts["stored"], counts["duplicates"]) == (4, 0)
    assert counts["throttled"] >= 1
    assert min(waited_s(arrivals)) >= 1


def filled(total_bytes):
    """A call whose message has about this size as JSON."""
    return ("track", {"user_id": "u", "event": "E", "properties": {"x": "x" * (total_bytes - 400)}})


def test_its_largest_messages_are_taken_and_what_it_would_not_send_never_comes():
    calls = [filled(32_700), filled(40_000), *[filled(5_000)] * 150]
    with launch(limits="none") as mock:
        told = run_python({"write_key": KEY, "host": mock.url}, calls)
        counts = Ledger(mock).counts()
    assert (len(told["raised"]), told["errors"]) == (1, [])
    assert (counts["received"], counts["stored"]) == (151, 151)


def test_a_batch_that_it_overfills_is_refused_whole_and_it_hears_so():
    calls = [*[filled(32_700)] * 14, filled(17_000), filled(32_700)]  # stops above 475,000 bytes, at 507,000
    with launch(limits="none") as mock:
        told = run_python({"write_key": KEY, "host": mock.url, "upload_interval": 1}, calls)
        counts = Ledger(mock).counts()
    assert [(error["status"], len(error["ids"])) for error in told["errors"]] == [(400, 16)]
    assert "invalid_request" in told["errors"][0]["said"]
    assert (counts["refused"], counts["stored"]) == (16, 0)


def test_with_oauth_it_gets_a_token_and_sends_with_it():
    with launch(limits="none") as mock:
        signing = {
            "oauth_client_id": "client",
            "oauth_client_key": private_key(),
            "oauth_key_id": "key-1",
            "oauth_auth_server": mock.url,
        }
        told = run_python({"write_key": KEY, "host": mock.url, **signing}, CALLS)
        counts = Ledger(mock).counts()
    assert told["errors"] == []
    assert counts["stored"] == len(CALLS)
