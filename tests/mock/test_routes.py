"""Every path the mock knows, and what it says of those it does not."""

import re

import pytest

from harness.mock.settings import LedgerSettings, LiveSettings, MockSettings
from harness.segment.messages import KINDS
from tests.mock.boxed import KEY, OTHER_KEY, Client, all_answered, box_of, limit_of, request, track

TRACKING = [
    *(f"/v1/{kind}" for kind in KINDS),
    *(f"/v1/{kind}/" for kind in KINDS),
    *(f"/v1/{kind[0]}" for kind in KINDS),
]


@pytest.mark.parametrize("path", TRACKING)
def test_each_single_path_takes_a_message_of_its_type(path):
    client = Client(box_of())
    assert client.call("POST", path, track("m1")).status == 200
    [message] = client.call("GET", "/__admin/ledger/messages").json()["messages"]
    assert message["type"][0] == path[4]


@pytest.mark.parametrize(
    "path", ["/v1/batch", "/v1/batch/", "/v1/import", "/v1/import/", "/v1/b", "/v1/b/", "/v1/b?x=1"]
)
def test_each_batch_path_takes_a_batch(path):
    client = Client(box_of())
    assert client.call("POST", path, {"batch": [track("m1"), track("m2")]}).status == 200
    assert client.call("GET", "/__admin/ledger").json()["stored"] == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/", "/v1/tracks", "/__admin", "/v1/spaces/x", "*"])
def test_an_unknown_path_is_404_in_json(method, path):
    data = Client(box_of()).send(request(method, path))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"application/json" in head
    assert body == b"" if method == "HEAD" else b"not_found" in body


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/track", "POST"),
        ("PUT", "/v1/batch", "POST"),
        ("DELETE", "/__admin/ledger", "GET"),
        ("GET", "/__admin/reset", "POST"),
        ("POST", "/", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_one(method, path, allowed):
    answer = Client(box_of()).call(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_health_says_who_answers():
    box = box_of()
    health = Client(box).call("GET", "/__admin/health").json()
    assert health == {
        "mock": "segment-harness",
        "version": health["version"],
        "instance": box.ledger.instance,
        "state": "ready",
        "now": "2023-11-14T22:13:20.000000Z",
    }
    assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"])


def test_the_front_page_says_what_this_is():
    answer = Client(box_of()).call("GET", "/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    off = Client(box_of(settings=MockSettings(live=LiveSettings(page=False))))
    assert off.call("GET", "/").status == 404


def test_counts_can_be_asked_for_one_write_key_and_no_answer_shows_a_key():
    client = Client(box_of())
    client.call("POST", "/v1/track", track("m1", writeKey=KEY))
    client.call("POST", "/v1/track", track("m2"), key=OTHER_KEY)
    assert client.call("GET", f"/__admin/ledger?write_key={KEY}").json()["stored"] == 1
    assert client.call("GET", "/__admin/ledger").json()["stored"] == 2
    for path in ("ledger", f"ledger?write_key={KEY}", "ledger/ids", "ledger/messages", "health"):
        answer = client.call("GET", f"/__admin/{path}")
        assert KEY.encode() not in answer.body
        assert OTHER_KEY.encode() not in answer.body


def test_ids_are_streamed_in_order_of_arrival_and_by_prefix():
    client = Client(box_of())
    for number in range(5):
        client.call("POST", "/v1/batch", {"batch": [track(f"a.{number}"), track(f"b.{number}")]})
    assert [line["id"] for line in client.call("GET", "/__admin/ledger/ids?prefix=b.").lines()] == [
        f"b.{number}" for number in range(5)
    ]
    assert len(client.call("GET", "/__admin/ledger/ids").lines()) == 10


def test_pipelined_calls_are_accounted_for_before_the_verification_behind_them():
    client = Client(box_of())
    wire = b"".join(request("POST", "/v1/track", track(f"m{n}")) for n in range(50))
    answers = all_answered(client.send(wire + request("GET", "/__admin/ledger")))
    assert answers[-1].json()["stored"] == 50


def test_bodies_are_kept_up_to_their_bound_and_what_left_is_counted_in_every_answer():
    client = Client(box_of(settings=MockSettings(ledger=LedgerSettings(bodies_bytes=20_000))))
    for number in range(100):
        client.call("POST", "/v1/batch", {"batch": [track(f"m{number}.{n}") for n in range(3)]})
    kept = client.call("GET", "/__admin/ledger/messages").json()
    assert 0 < len(kept["messages"]) < 300
    assert kept["evicted"] + len(kept["messages"]) == 300
    told = client.call("GET", "/__admin/ledger").json()
    assert (told["evicted_messages"], told["stored"]) == (kept["evicted"], 300)
    assert told["kept_bytes"] <= 20_000


def test_a_reset_empties_everything_and_is_a_new_instance():
    client = Client(box_of(limit=limit_of(1)))
    client.call("POST", "/v1/track", track("m1"))
    before = client.call("GET", "/__admin/ledger").json()
    assert client.call("POST", "/v1/track", track("m2")).status == 429
    told = client.call("POST", "/__admin/reset").json()
    after = client.call("GET", "/__admin/ledger").json()
    assert told["instance"] == after["instance"] != before["instance"]
    assert (after["received"], after["by_write_key"], after["limits"][0]["throttled"]) == (0, [], 0)
    assert client.call("GET", "/__admin/ledger/messages").json() == {"evicted": 0, "messages": []}
    assert client.call("POST", "/v1/track", track("m1")).status == 200
    assert client.call("GET", "/__admin/ledger").json()["stored"] == 1
