"""What a Tracking API call is answered, and how the ledger accounts for it."""

import gzip
import json
from typing import Any

import pytest

from harness.clock import ManualClock
from tests.mock.boxed import KEY, OTHER_KEY, Client, box_of, limit_of, numbered_entropy, request, track

S = 1_000_000_000


def ids(client: Client, prefix: str = "") -> list[Any]:
    return client.call("GET", f"/__admin/ledger/ids?prefix={prefix}").lines()


def counts(client: Client) -> Any:
    return client.call("GET", "/__admin/ledger").json()


def test_a_message_is_stored_and_answered_as_segment_does():
    client = Client(box_of())
    answer = client.call("POST", "/v1/track", track("m1"))
    assert (answer.status, answer.json()) == (200, {"success": True})
    assert [(line["id"], line["class"], line["status"]) for line in ids(client)] == [("m1", "stored", 200)]


def test_the_first_of_two_equal_ids_is_stored_whatever_its_key_and_content():
    client = Client(box_of())
    client.call("POST", "/v1/track", track("m1"))
    assert client.call("POST", "/v1/track", track("m1", event="Other"), key=OTHER_KEY).status == 200
    client.call("POST", "/v1/batch", {"batch": [track("m2"), track("m2"), track("m1")]})
    assert [line["class"] for line in ids(client)] == [
        "stored",
        "duplicates",
        "stored",
        "duplicates",
        "duplicates",
    ]
    assert (counts(client)["received"], counts(client)["unique"]) == (5, 2)


def test_a_discarded_message_leaves_its_id_free():
    client = Client(box_of())
    assert client.call("POST", "/v1/track", {"messageId": "m1", "event": "E"}).status == 200
    client.call("POST", "/v1/track", track("m1"))
    assert [(line["class"], line["reason"]) for line in ids(client)] == [
        ("discarded", "no_user_anon_id"),
        ("stored", None),
    ]


def test_good_messages_of_a_batch_are_stored_beside_bad_ones():
    client = Client(box_of())
    assert (
        client.call("POST", "/v1/import/", {"batch": [track("m1"), {"type": "x"}, 5, track("m2")]}).status
        == 200
    )
    assert counts(client)["stored"] == 2
    assert counts(client)["discarded_by_reason"] == {"invalid_type": 1, "bad_request": 1}


@pytest.mark.parametrize("message_id", [None, "", 7, ["m"]])
def test_a_message_without_a_usable_id_is_given_one(message_id):
    client = Client(box_of())
    client.call("POST", "/v1/track", track(messageId=message_id))
    client.call("POST", "/v1/track", track(messageId=message_id))
    given = [line["id"] for line in ids(client)]
    assert len(set(given)) == 2
    assert all(isinstance(id_, str) and id_ for id_ in given)


def test_the_messages_of_a_refused_batch_are_refused_and_none_is_stored():
    client = Client(box_of())
    answer = client.call("POST", "/v1/batch", {"batch": [track("m1"), track("m2", pad="x" * 33_000)]})
    assert answer.status == 400
    assert answer.json() == {
        "success": False,
        "message": "Exceed payload limit",
        "code": "invalid_request",
        "error": "Exceed payload limit",
    }
    assert [(line["id"], line["class"], line["reason"], line["status"]) for line in ids(client)] == [
        ("m1", "refused", "too_large", 400),
        ("m2", "refused", "too_large", 400),
    ]


def test_a_body_nobody_can_read_is_an_unreadable_request_and_no_message():
    client = Client(box_of())
    assert client.call("POST", "/v1/track", b"{").status == 400
    assert client.call("POST", "/v1/track", b" " * (5 << 20)).status == 400
    told = counts(client)
    assert (told["received"], told["unreadable_requests"]) == (0, 2)
    assert told["unreadable_by_reason"] == {"invalid_json": 1, "too_large": 1}
    assert told["by_write_key"][0]["unreadable_requests"] == 2


def test_an_empty_batch_is_taken_and_counted_apart():
    client = Client(box_of())
    assert client.call("POST", "/v1/batch", {"batch": []}).status == 200
    assert (counts(client)["empty_batches"], counts(client)["received"]) == (1, 0)


def test_over_2500_messages_are_answered_200_and_all_thrown_away():
    client = Client(box_of())
    assert client.call("POST", "/v1/batch", {"batch": [{"type": "track"}] * 2_501}).status == 200
    assert counts(client)["discarded_by_reason"] == {"too_many_messages": 2_501}


def test_the_limit_is_per_write_key_and_its_answer_is_true():
    clock = ManualClock()
    client = Client(box_of(limit=limit_of(2), clock=clock))
    assert [client.call("POST", "/v1/track", track(f"m{n}")).status for n in range(2)] == [200, 200]
    clock.advance(300_000_000)
    refused = client.call("POST", "/v1/batch", {"batch": [track("m3"), track("m4")]})
    assert (refused.status, refused.headers["retry-after"], refused.headers["x-ratelimit-reset"]) == (
        429,
        "1",
        "1",
    )
    assert refused.json()["success"] is False
    assert client.call("POST", "/v1/track", track("m5"), key=OTHER_KEY).status == 200
    clock.advance(S)
    assert client.call("POST", "/v1/track", track("m3")).status == 200
    assert [(line["id"], line["class"]) for line in ids(client)] == [
        ("m0", "stored"),
        ("m1", "stored"),
        ("m3", "throttled"),
        ("m4", "throttled"),
        ("m5", "stored"),
        ("m3", "stored"),
    ]
    told = counts(client)["limits"]
    assert [(limit["throttled"], limit["peak_in_window"], limit["window_s"]) for limit in told] == [
        (1, 2, 1.0)
    ]


def test_a_throttled_call_is_429_whatever_is_in_it():
    client = Client(box_of(limit=limit_of(1)))
    client.call("POST", "/v1/track", track("m1"))
    assert client.call("POST", "/v1/track", b"{").status == 429
    assert counts(client)["unreadable_requests"] == 1


def test_timestamps_are_corrected_by_the_envelopes_sent_at_unless_the_message_has_its_own():
    clock = ManualClock(wall_ns=1_700_000_000_000_000_000)  # 2023-11-14T22:13:20Z
    client = Client(box_of(clock=clock))
    original = {"timestamp": "2023-11-14T21:00:00.000Z"}
    batch = [track("m1", **original), track("m2", **original, sentAt="2023-11-14T21:00:05.000Z"), track("m3")]
    client.call("POST", "/v1/batch", {"sentAt": "2023-11-14T21:00:01.000Z", "batch": batch})
    assert [line["timestamp"] for line in ids(client)] == [
        "2023-11-14T22:13:19.000Z",
        "2023-11-14T22:13:15.000Z",
        "2023-11-14T22:13:20.000Z",
    ]


def test_a_clock_that_cannot_be_read_is_counted():
    client = Client(box_of())
    client.call("POST", "/v1/track", track("m1", timestamp="noonish"))
    assert (counts(client)["stored"], counts(client)["unusable_clocks"]) == (1, 1)


def test_a_gzipped_batch_is_read():
    client = Client(box_of())
    body = gzip.compress(json.dumps({"writeKey": KEY, "batch": [track("m1")]}).encode())
    assert client.call("POST", "/v1/b", body, key=None, headers=[("Content-Encoding", "gzip")]).status == 200
    assert counts(client)["by_write_key"][0]["write_key"] == "…x9Qd"


def test_the_account_is_written_before_the_answer(tmp_path, monkeypatch):
    box = box_of(directory=tmp_path)
    client = Client(box)
    seen: list[bytes] = []
    monkeypatch.setattr(
        client.wire, "write", lambda _: seen.append((tmp_path / "journal.ndjson").read_bytes())
    )
    client.send(request("POST", "/v1/track", track("m1")))
    assert b'"m1"' in seen[0]


def test_a_restart_goes_on_with_the_same_counts_and_ids(tmp_path):
    client = Client(box_of(directory=tmp_path))
    client.call("POST", "/v1/track", track("m1"))
    client.call("POST", "/v1/track", b"[")
    before = counts(client)
    client.box.ledger.close()
    client = Client(box_of(directory=tmp_path, entropy=numbered_entropy()))
    after = counts(client)
    of_bodies = {"kept_calls", "kept_bytes", "stages"}
    assert {name: after[name] for name in after.keys() - of_bodies} == {
        name: before[name] for name in before.keys() - of_bodies
    }
    client.call("POST", "/v1/track", track("m1"))
    assert counts(client)["duplicates"] == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_page_may_read_the_status_that_a_fault_puts_in_place_of_an_answer(when):
    box = box_of()
    client = Client(box)
    fault = {"status": 503, "when": when}
    client.call("PUT", "/__admin/faults", {"faults": [fault]})
    origin = [("Origin", "https://shop.example")]
    answered = client.call("POST", "/v1/track", track("m1"), headers=origin)
    assert answered.status == 503
    assert answered.headers["access-control-allow-origin"] == "*"


def test_a_request_is_kept_with_the_count_of_its_repetitions_by_either_way():
    client = Client(box_of())
    client.call("POST", "/v1/track", track("m1"), headers=[("X-Retry-Count", "2")])
    client.call("POST", "/v1/track", track("m2"))
    client.call("PUT", "/__admin/faults", {"faults": [{"status": 503}]})
    client.call("POST", "/v1/track", track("m3"), headers=[("X-Retry-Count", "3" * 30)])
    rows = client.call("GET", "/__admin/requests").json()["requests"]
    assert [row["retry_count"] for row in rows] == ["3" * 20, None, "2"]
