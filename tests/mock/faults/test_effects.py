"""What leaves in place of the mock's own answer, as a real client reads it off a real socket."""

import http.client
import json
import os
import socket

import pytest

from harness.mock.exchange import Reply, bytes_reply, empty_reply, json_reply, stream_reply
from harness.mock.faults.effects import played_reply
from harness.mock.faults.latency import Latency
from harness.mock.faults.occasion import Occasion
from harness.mock.faults.outcome import OUTCOMES
from harness.mock.faults.plan import Faults, Played
from harness.mock.faults.rule import FaultRule

OWN = json_reply(200, {"success": True, "own": "answer"}, ("X-Own", "1"))
CORS = (("Access-Control-Allow-Origin", "*"),)


def play(api: str = "tracking", endpoint: str = "/v1/track", **fields) -> Played:
    played = Faults([FaultRule(**fields)]).choose(Occasion(api, endpoint, "POST", "", ()), 0)
    assert played is not None
    return played


def wire(reply: Reply) -> bytes:
    """The bytes that leave, whatever the ending."""
    assert isinstance(reply.body, bytes)
    if reply.manner is not None and reply.manner.instead is not None:
        return reply.manner.instead
    return reply.head + b"\r\n" + reply.body


def ending(reply: Reply) -> str:
    return reply.manner.ending if reply.manner else "keep"


def read(reply: Reply) -> tuple[int, dict[str, str], bytes]:
    """What Python's own client makes of the bytes, when the connection is then closed."""
    near, far = socket.socketpair()
    with near, far:
        near.sendall(wire(reply))
        near.close()
        far.settimeout(5)
        answer = http.client.HTTPResponse(far, method="POST")
        try:
            answer.begin()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            answer.close()


def test_a_latency_alone_gives_the_mocks_own_answer():
    assert played_reply(play(latency=Latency(ms=1)), OWN, os.urandom) is OWN


@pytest.mark.parametrize(
    "status", [200, 302, 400, 401, 403, 408, 410, 413, 429, 460, 500, 502, 503, 504, 529, 599]
)
def test_a_status_is_answered_with_a_body_that_every_library_can_read(status):
    got, headers, body = read(played_reply(play(status=status), None, os.urandom, CORS))
    document = json.loads(body)
    assert got == status
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert document["success"] == (status < 400)
    assert status < 400 or {"message", "code", "error"} <= set(document)


@pytest.mark.parametrize(
    ("api", "endpoint", "status", "body"),
    [
        (
            "profile",
            "/v1/spaces/s/x",
            429,
            {"error": {"code": "rate_limit_error", "message": "Too Many Requests"}},
        ),
        (
            "profile",
            "/v1/spaces/s/x",
            503,
            {"error": {"code": "service_unavailable", "message": "Service Unavailable"}},
        ),
        (
            "config",
            "/sources",
            500,
            {"errors": [{"type": "RequestError", "message": "Internal Server Error"}]},
        ),
        ("config", "/v1beta/workspaces", 429, {"error": "Too Many Requests", "code": 8}),
        ("config", "/v1beta/workspaces", 502, {"error": "Bad Gateway", "code": 2}),
    ],
)
def test_each_api_has_its_own_error_body(api, endpoint, status, body):
    got = read(played_reply(play(api, endpoint, status=status), OWN, os.urandom))
    assert (got[0], json.loads(got[2])) == (status, body)


def test_a_status_says_what_the_rule_says():
    played = play(status=503, body="gone fishing", headers={"X-A": "é"}, retry_after=2.5, when="after")
    status, headers, body = read(played_reply(played, OWN, os.urandom))
    assert (status, body) == (503, b"gone fishing")
    assert headers["Retry-After"] == "2.5"
    assert headers["X-A"] == "é"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "X-Own" not in headers


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_that_has_no_body_gets_none(status):
    assert read(played_reply(play(status=status), None, os.urandom))[::2] == (status, b"")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    "own",
    [None, OWN, empty_reply(204), bytes_reply(200, "image/gif", b"g"), bytes_reply(400, "text/plain", b"")],
    ids=["before", "after", "no body", "one byte", "empty body"],
)
def test_only_a_drip_and_a_late_reset_let_a_whole_answer_through(outcome, own):
    reply = played_reply(play(outcome=outcome), own, os.urandom, CORS)
    if outcome in ("drip", "reset-after-body"):
        expected = json_reply(200, {"success": True}, *CORS) if own is None else own
        assert wire(reply) == wire(expected)
        assert read(reply) == read(expected)
    else:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            read(reply)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("reset-before-head", "reset"),
        ("reset-before-body", "reset"),
        ("reset-after-body", "reset"),
        ("empty", "close"),
        ("truncated", "close"),
        ("garbage", "close"),
        ("malformed-chunk", "close"),
        ("drip", "keep"),
        ("hang", "hang"),
    ],
)
def test_each_outcome_has_its_ending(outcome, expected):
    assert ending(played_reply(play(outcome=outcome), OWN, os.urandom)) == expected


@pytest.mark.parametrize("outcome", ["reset-before-head", "empty", "hang"])
def test_nothing_at_all_leaves(outcome):
    assert wire(played_reply(play(outcome=outcome), OWN, os.urandom)) == b""


def test_a_reset_before_the_body_sends_the_head_alone():
    assert wire(played_reply(play(outcome="reset-before-body"), OWN, os.urandom)) == OWN.head + b"\r\n"


@pytest.mark.parametrize(
    ("sent_bytes", "left"), [(None, 15), (0, 0), (5, 5), (30, 30), (31, 30), (9_999, 30)]
)
def test_a_truncated_answer_stops_where_it_is_told_and_never_at_its_end(sent_bytes, left):
    body = OWN.body
    assert isinstance(body, bytes)
    assert len(body) == 31
    played = play(outcome="truncated", sent_bytes=sent_bytes)
    assert wire(played_reply(played, OWN, os.urandom)) == OWN.head + b"\r\n" + body[:left]


def test_a_hang_may_send_a_beginning():
    assert wire(played_reply(play(outcome="hang", sent_bytes=3), OWN, os.urandom)).endswith(b'\r\n\r\n{"s')


@pytest.mark.parametrize("outcome", ["truncated", "reset-before-body", "hang"])
@pytest.mark.parametrize("pieces", [[], [b"one piece", b"another"]], ids=["empty", "full"])
def test_a_streamed_answer_is_cut_without_its_last_chunk(outcome, pieces):
    own = stream_reply("text/plain", iter(pieces))
    reply = played_reply(play(outcome=outcome), own, os.urandom)
    assert reply.manner is not None
    cut = reply.manner.instead
    assert cut is not None
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        read(Reply(b"", b"", reply.manner))


@pytest.mark.parametrize(("garbage_bytes", "sent"), [(None, 256), (1, 1), (5_000, 5_000)])
def test_garbage_has_its_size_and_comes_from_the_entropy_it_is_given(garbage_bytes, sent):
    played = play(outcome="garbage", garbage_bytes=garbage_bytes)
    assert wire(played_reply(played, None, lambda size: b"H" * size)) == b"\xff" + b"H" * (sent - 1)


def test_a_malformed_chunk_follows_a_head_that_promises_chunks():
    reply = played_reply(play(outcome="malformed-chunk", when="after"), OWN, os.urandom)
    head, _, noise = wire(reply).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.lower().count(b"transfer-encoding: chunked") == 1
    assert b"content-length" not in head.lower()
    assert len(noise) == 256


@pytest.mark.parametrize(("asked", "bytes_per_s"), [(None, 10), (0.5, 0.5)])
def test_a_drip_has_its_speed(asked, bytes_per_s):
    reply = played_reply(play(outcome="drip", bytes_per_s=asked), OWN, os.urandom)
    assert reply.manner is not None
    assert reply.manner.bytes_per_s == bytes_per_s
