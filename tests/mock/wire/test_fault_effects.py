"""What a real client sees of every fault, and that the mock's account says that it happened."""

import select
import socket
import threading
import time

import httpx
import pytest

from tests.mock.boxed import KEY, all_answered, answered, request, track
from tests.mock.wire.wired import SPACE, TOKEN, Seen, exchange, get, open_files, read_out

SUCCESS = b'{"success":true}'
QUIET_S = 0.15
CONFIG = get("/sources", f"Bearer {TOKEN}")


def post(message_id: str = "m1") -> bytes:
    return request("POST", "/v1/track", track(message_id))


def truncated(seen: Seen) -> bool:
    return answered(seen.head + b"\r\n\r\n").status == 200 and 0 < len(seen.body) < len(SUCCESS)


def test_a_status_comes_with_its_body_and_headers_and_the_connection_stays(mock):
    mock.set_faults(
        {
            "name": "busy",
            "status": 529,
            "body": {"code": "ours"},
            "headers": {"X-Why": "a test"},
            "retry_after": "soon",
            "first": 1,
        }
    )
    seen = exchange(mock.port, post("m1") + post("m2"), quiet_s=QUIET_S)
    assert seen.ending == "open"
    failed, taken = all_answered(seen.data)
    assert (failed.status, failed.json(), taken.json()) == (529, {"code": "ours"}, {"success": True})
    assert (failed.headers["x-why"], failed.headers["retry-after"]) == ("a test", "soon")
    assert mock.counts()["faulted_by_reason"] == {"busy": 1}
    assert mock.classes() == {"stored": 1, "faulted": 1}
    assert mock.fault()["effects"] == {"status 529": 1}


def test_a_page_of_another_site_may_read_a_fault_too(mock):
    mock.set_faults({"status": 503})
    answer = mock.send(track("m1"), Origin="https://shop.example")
    assert answer.status_code == 503
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://shop.example"}


# outcome, more fields, how the connection ends, and whether what came first is as it should be
OUTCOMES = [
    ("reset-before-head", {}, "reset", lambda seen: seen.data == b""),
    ("reset-before-body", {}, "reset", lambda seen: b" 200 " in seen.head and seen.body == b""),
    ("reset-after-body", {}, "reset", lambda seen: answered(seen.data).body == SUCCESS),
    ("empty", {}, "closed", lambda seen: seen.data == b""),
    ("truncated", {}, "closed", truncated),
    ("truncated", {"sent_bytes": 3}, "closed", lambda seen: seen.body == SUCCESS[:3]),
    ("garbage", {"garbage_bytes": 700}, "closed", lambda seen: len(seen.data) == 700 and seen.data[0] == 255),
    (
        "malformed-chunk",
        {},
        "closed",
        lambda seen: b"transfer-encoding: chunked" in seen.head.lower() and seen.body.startswith(b"\xff"),
    ),
    ("drip", {"bytes_per_s": 5_000}, "open", lambda seen: answered(seen.data).body == SUCCESS),
    ("hang", {}, "open", lambda seen: seen.data == b""),
    ("hang", {"sent_bytes": 5}, "open", lambda seen: seen.body == SUCCESS[:5]),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("outcome", "more", "ending", "is_right"), OUTCOMES)
def test_every_outcome_is_seen_and_counted_on_either_side_of_the_ledger(
    mock, outcome, more, ending, is_right, when
):
    mock.set_faults({"name": "it", "outcome": outcome, "when": when, **more})
    seen = exchange(mock.port, post(), quiet_s=QUIET_S)
    assert seen.ending == ending
    assert is_right(seen), seen
    counts = mock.counts()
    assert (counts["faulted_by_reason"], counts["received"]) == ({"it": 1}, 1)
    assert counts["unique"] == (1 if when == "after" else 0)
    assert mock.fault()["effects"] == {outcome: 1}
    mock.set_faults()
    mock.track("m1")
    assert mock.classes() == {"faulted": 1, "duplicates" if when == "after" else "stored": 1}


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("reset-before-head", httpx.ReadError),
        ("reset-before-body", httpx.ReadError),
        ("empty", httpx.RemoteProtocolError),
        ("truncated", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
        ("malformed-chunk", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
        ("drip", httpx.ReadTimeout),
    ],
)
def test_a_real_client_names_the_failure_and_its_next_call_succeeds(mock, outcome, error):
    mock.set_faults({"outcome": outcome, "first": 1, **({"bytes_per_s": 1} if outcome == "drip" else {})})
    with httpx.Client(base_url=mock.running.url, trust_env=False, timeout=5) as client:
        with pytest.raises(error):
            client.post("/v1/track", json=track("m1"), auth=(KEY, ""), timeout=QUIET_S)
        assert client.post("/v1/track", json=track("m1"), auth=(KEY, "")).json() == {"success": True}
    assert mock.classes() == {"stored": 1, "faulted": 1}


def test_a_reset_behind_a_whole_answer_costs_a_real_client_only_its_connection(mock):
    mock.set_faults({"outcome": "reset-after-body", "when": "after"})
    for number in range(3):
        with httpx.Client(base_url=mock.running.url, trust_env=False, auth=(KEY, "")) as client:
            assert client.post("/v1/track", json=track(f"m{number}")).json() == {"success": True}
    assert (mock.counts()["unique"], mock.fault()["used"]) == (3, 3)


def test_nothing_is_answered_behind_a_fault_that_ends_the_connection(mock):
    for outcome in ("reset-before-head", "empty", "truncated", "garbage", "hang", "reset-after-body"):
        mock.begin()
        mock.set_faults({"outcome": outcome, "first": 1})
        seen = exchange(mock.port, post("m1") + post("m2"), quiet_s=QUIET_S)
        assert seen.data.count(b"HTTP/1.1") <= 1, outcome
        assert mock.counts()["stored"] == 0, outcome


def test_calls_behind_a_drip_are_answered_when_it_is_over(mock):
    mock.set_faults({"outcome": "drip", "bytes_per_s": 4_000, "first": 1})
    seen = exchange(mock.port, post("m1") + post("m2") + post("m3"), quiet_s=QUIET_S)
    assert [answer.body for answer in all_answered(seen.data)] == [SUCCESS] * 3


def test_a_drip_keeps_its_pace_by_the_clock_of_the_mock(mock):
    mock.set_faults({"outcome": "drip", "bytes_per_s": 100})
    mock.freeze()
    with socket.create_connection(("127.0.0.1", mock.port)) as connection:
        connection.sendall(post())
        came = []
        for _ in range(3):
            came.append(len(read_out(connection, 0.05).data))
            mock.advance(0.05)
        assert came == [5, 5, 5]
        mock.admin("POST", "clock", {"scale": 1_000})
        assert read_out(connection, QUIET_S).data.endswith(SUCCESS)


def test_a_drip_takes_its_time(mock):
    mock.set_faults({"outcome": "drip", "bytes_per_s": 500})
    begun = time.perf_counter()
    answer = mock.track("m1")
    sent_bytes = len(answer.content) + sum(len(a) + len(b) + 4 for a, b in answer.headers.raw) + 19
    assert time.perf_counter() - begun >= 0.8 * sent_bytes / 500


@pytest.mark.parametrize(
    "latency",
    [
        {"ms": 120},
        {"lower_ms": 60, "upper_ms": 90},
        {"median_ms": 50, "sigma": 0.5, "cap_ms": 150},
    ],
)
def test_a_latency_holds_the_answer_back_as_long_as_it_says_and_changes_nothing_else(mock, latency):
    mock.set_faults({"name": "slow", "latency": latency, "first": 2})
    begun = time.perf_counter()
    assert [mock.track(f"m{number}").status_code for number in range(2)] == [200, 200]
    elapsed_ms = (time.perf_counter() - begun) * 1_000
    line = mock.fault()
    assert 2 * latency.get("lower_ms", 0) <= line["delayed_ms"] <= elapsed_ms
    assert line["delayed_ms"] == 240 or "ms" not in latency
    assert mock.classes() == {"stored": 2}
    assert line["effects"]["latency"] == line["used"] == 2


def test_a_frozen_clock_holds_a_late_answer_back_until_it_is_advanced(mock):
    mock.set_faults({"latency": {"ms": 60_000}})
    mock.freeze()
    with socket.create_connection(("127.0.0.1", mock.port)) as connection:
        connection.sendall(post())
        assert read_out(connection, 0.05) == Seen(b"", "open")
        assert mock.classes() == {"stored": 1}, "what is late is in the ledger already"
        mock.advance(59.999)
        assert read_out(connection, 0.05) == Seen(b"", "open")
        mock.advance(0.001)
        connection.settimeout(5)
        assert answered(connection.recv(65_536)).body == SUCCESS


def test_clients_that_leave_a_hanging_or_late_call_leave_nothing_behind(mock):
    before = open_files(mock.running.pid)
    mock.set_faults(
        {"outcome": "hang", "write_key": KEY},
        {"latency": {"ms": 3_600_000}, "api": "config"},
        {"outcome": "drip", "bytes_per_s": 0.01, "api": "profile"},
    )
    profile = get(f"/v1/spaces/{SPACE}/collections/users/profiles/user_id:u1/traits", "Basic dG9rZW46")
    for data in [post(), CONFIG, profile] * 10:
        assert exchange(mock.port, data, quiet_s=0.002).ending == "open"
    mock.http.get("/__admin/health")  # everything before it was seen
    deadline = time.monotonic() + 5
    while open_files(mock.running.pid) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert open_files(mock.running.pid) <= before
    assert mock.waiting() == 0


def test_random_bytes_of_two_faults_are_not_the_same(mock):
    mock.set_faults({"outcome": "garbage", "garbage_bytes": 64})
    assert exchange(mock.port, post()).data != exchange(mock.port, post()).data


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("CONNECTION_RESET_BY_PEER", "reset-before-head"),
        ("EMPTY_RESPONSE", "empty"),
        ("RANDOM_DATA_THEN_CLOSE", "garbage"),
        ("MALFORMED_RESPONSE_CHUNK", "malformed-chunk"),
    ],
)
def test_the_names_of_wiremock_do_what_wiremock_does(mock, name, outcome):
    mock.set_faults({"outcome": name})
    ours = exchange(mock.port, post())
    assert ours.ending == ("reset" if "RESET" in name else "closed")
    assert mock.fault()["effects"] == {outcome: 1}


def test_calls_behind_a_late_answer_are_kept_to_a_bound_and_none_is_lost(mock):
    mock.set_faults({"latency": {"ms": 60_000}, "first": 1})
    mock.freeze()
    count, filler = 48, "x" * 1_000_000
    batches = b"".join(
        request("POST", "/v1/batch", {"batch": [track(f"m{n}")], "context": {"filler": filler}})
        for n in range(count)
    )
    with socket.create_connection(("127.0.0.1", mock.port)) as connection:
        connection.setblocking(False)
        sent_bytes = send_until_stuck(connection, batches)
        assert sent_bytes < len(batches) / 2, "it went on reading"
        mock.advance(60)
        connection.setblocking(True)
        sender = threading.Thread(target=connection.sendall, args=(batches[sent_bytes:],))
        sender.start()
        seen = b""
        while seen.count(b"HTTP/1.1 ") < count:
            seen += connection.recv(65_536)
        sender.join(10)
    assert mock.counts()["received"] == count


def send_until_stuck(connection: socket.socket, data: bytes) -> int:
    """How many bytes the other side takes before it has had enough."""
    sent_bytes = 0
    while sent_bytes < len(data) and select.select([], [connection], [], 0.3)[1]:
        sent_bytes += connection.send(data[sent_bytes : sent_bytes + 262_144])
    return sent_bytes
