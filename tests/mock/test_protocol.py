"""Bytes in any pieces, pipelines, streams, and what is no HTTP."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.mock.exchange import Call, Reply, stream_reply
from harness.mock.incoming import HEAD_CAP_BYTES
from harness.mock.journal import JournalError
from harness.mock.outbox import Outbox
from harness.mock.protocol import Connection
from tests.mock.boxed import Client, Wire, all_answered, answered, box_of, request, track

CHUNKED = (
    b"POST /v1/track HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n"
    b"Authorization: Basic a2V5a2V5a2V5OmFiYw==\r\n\r\n"
    b'5\r\n{"use\r\n15\r\nrId":"u","event":"E"}\r\n0\r\nExpect: trailer\r\n\r\n'
)
GOOD = request("POST", "/v1/track", track("m1"))
PIPELINE = GOOD + CHUNKED + request("GET", "/__admin/health") + request("POST", "/v1/track", track("m2"))


def statuses(data: bytes) -> list[int]:
    return [answer.status for answer in all_answered(data)]


def stored(client: Client) -> Any:
    return client.box.ledger.counts()["stored"]


@given(st.lists(st.integers(0, len(PIPELINE)), max_size=12))
@settings(max_examples=50)
def test_a_pipeline_is_answered_in_order_however_it_is_cut(cuts):
    client = Client(box_of())
    edges = [0, *sorted(cuts), len(PIPELINE)]
    for start, end in pairwise(edges):
        client.send(PIPELINE[start:end])
    answers = all_answered(client.wire.written)
    assert [answer.status for answer in answers] == [200, 200, 200, 200]
    assert "instance" in answers[2].json()
    assert stored(client) == 3
    client.box.ledger.close()


def test_a_pipeline_in_one_piece_is_answered_in_one_write(monkeypatch):
    client = Client(box_of())
    writes: list[bytes] = []
    monkeypatch.setattr(client.wire, "write", writes.append)
    client.send(PIPELINE)
    assert len(writes) == 1


def test_byte_by_byte_is_as_good_as_whole():
    client = Client(box_of())
    for position in range(len(PIPELINE)):
        client.send(PIPELINE[position : position + 1])
    assert statuses(client.wire.written) == [200] * 4


def test_a_client_that_asks_is_told_to_go_on_once_and_answered_after():
    client = Client(box_of())
    whole = request("POST", "/v1/track", track("m1"), headers=[("Expect", "100-continue")])
    head, _, body = whole.partition(b"\r\n\r\n")
    assert client.send(head + b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.send(body[:5]) == b""
    assert answered(client.send(body[5:])).status == 200
    assert statuses(client.send(whole)) == [200], "a body that came along needs no invitation"


def test_the_invitation_comes_after_the_answers_before_it():
    client = Client(box_of())
    head = request("POST", "/v1/track", track(), headers=[("Expect", "100-continue")]).partition(b"{")[0]
    assert statuses(client.send(GOOD + head)) == [200, 100]


@pytest.mark.parametrize(
    ("data", "before"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0),
        (b"nonsense\r\n\r\n", 0),
        (b"GET / HTTP/9.9\r\n\r\n", 0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
        (b"POST /v1/track HTTP/1.1\r\nContent-Length: x\r\n\r\n", 0),
        (b"POST /v1/track HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 0),
        (b"POST /v1/track HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0),
        (GOOD + b"\x00\x01\x02", 1),
    ],
)
def test_what_is_no_http_is_400_and_the_end_after_the_answers_before_it(data, before):
    client = Client(box_of())
    answers = all_answered(client.send(data))
    assert [answer.status for answer in answers] == [200] * before + [400]
    assert answers[-1].headers["connection"] == "close"
    assert answers[-1].json()["message"] == "malformed HTTP"
    assert client.wire.is_closed
    assert client.unread == ["malformed_http"]
    assert client.send(GOOD) == b"", "nothing behind it is read"


def test_a_head_without_end_is_400_and_the_end():
    client = Client(box_of())
    client.send(b"GET / HTTP/1.1\r\nX: ")
    for _ in range(HEAD_CAP_BYTES // 1_024 + 1):
        client.send(b"x" * 1_024)
    assert answered(client.wire.written).status == 400
    assert client.wire.is_closed


def test_a_long_pipeline_is_no_long_head():
    client = Client(box_of())
    many = GOOD * 1_000
    cut = len(GOOD) * 999 + 20
    client.send(many[:cut])
    client.send(many[cut:])
    assert statuses(client.wire.written) == [200] * 1_000


def test_close_is_obeyed_and_said():
    client = Client(box_of())
    answer = client.call("POST", "/v1/track", track("m1"), headers=[("Connection", "close")])
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.wire.is_closed


def test_http_1_0_is_answered_and_closed_and_its_stream_is_not_chunked():
    client = Client(box_of())
    client.call("POST", "/v1/track", track("m1"))
    data = client.send(b"GET /__admin/ledger/ids HTTP/1.0\r\n\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b'"m1"' in body
    assert body.endswith(b"}\n")
    assert client.wire.is_closed


def test_a_head_request_has_the_headers_of_a_get_and_no_body():
    client = Client(box_of())
    get, head = client.send(request("GET", "/")), client.send(request("HEAD", "/"))
    assert head == get.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert client.send(request("HEAD", "/__admin/ledger/ids")).endswith(b"chunked\r\n\r\n")
    assert answered(client.send(GOOD)).status == 200


def test_an_offer_to_upgrade_is_ignored_and_a_tunnel_refused():
    client = Client(box_of())
    offer = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    assert client.call("POST", "/v1/track", track("m1"), headers=offer).status == 200
    assert answered(client.send(GOOD)).status == 200
    whole = request("POST", "/v1/track", track("m2"), headers=offer) + GOOD
    for position in range(len(whole)):
        client.send(whole[position : position + 1])
    assert statuses(client.wire.written) == [200] * 4
    assert stored(client) == 2
    assert statuses(client.send(request("CONNECT", "mock:443", key=None))) == [400]
    assert client.wire.is_closed


def test_a_whole_url_on_the_request_line_is_its_path():
    client = Client(box_of())
    assert client.call("POST", "http://mock:80/v1/track?x=1", track("m1")).status == 200
    assert client.call("GET", "http://mock").status == 200


def test_a_huge_body_is_drained_and_refused_and_the_connection_lives_on():
    client = Client(box_of())
    client.send(b"POST /v1/track HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n")
    for _ in range(200):
        client.send(b" " * 100_000)
        assert sum(map(len, client.connection._incoming._body)) <= 4 << 20
    assert answered(client.wire.written).status == 400
    assert answered(client.send(GOOD)).status == 200


def test_what_breaks_off_is_an_unreadable_request():
    for cut in (20, len(GOOD) - 1):
        client = Client(box_of())
        client.send(GOOD[:cut])
        client.connection.connection_lost(None)
        assert client.unread == ["cut_off"]
    client = Client(box_of())
    client.send(GOOD)
    client.connection.connection_lost(None)
    assert client.unread == []


class Slow:
    """A connection whose answers stream for as long as the test lets them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.wire = Wire()
        self.later: list[Callable[[], None]] = []
        self.unread: list[str] = []
        self.asked: list[str] = []
        self.pieces = pieces
        self.leaving: list[Callable[[], None]] = []
        outbox = Outbox(lambda: None, self.failed, self.leaving.append)
        self.connection = Connection(
            self.answer, self, outbox, self.later.append, lambda _delay_ns, _act: lambda: None
        )
        self.connection.connection_made(self.wire)

    def answer(self, call: Call) -> Reply:
        self.asked.append(call.target)
        return stream_reply("text/plain", iter(self.pieces))

    def opened(self, connection): ...

    def closed(self, connection): ...

    def unreadable(self, reason):
        self.unread.append(reason)

    def failed(self, error):
        raise error

    def turn(self) -> None:
        turn, self.later[:], self.leaving[:] = [*self.leaving, *self.later], [], []
        for run in turn:
            run()


def test_a_stream_leaves_a_piece_a_turn_and_waits_for_a_client_that_does_not_read():
    slow = Slow([b"one", b"", b"two", b"three"])
    slow.connection.data_received(request("GET", "/a") + request("GET", "/b"))
    assert slow.asked == ["/a"], "the next call waits for the stream"
    assert not slow.wire.reads
    slow.turn()
    assert slow.wire.written.endswith(b"3\r\none\r\n")
    slow.connection.pause_writing()
    written = slow.wire.written
    for _ in range(5):
        slow.turn()
    assert slow.wire.written == written
    for _ in range(3):
        slow.connection.resume_writing()
        slow.connection.pause_writing()
    slow.connection.resume_writing()
    for _ in range(20):
        slow.turn()
        assert len(slow.later) <= 1, "one pump, however often it was paused"
    assert [answer.body for answer in all_answered(slow.wire.written)] == [b"onetwothree"] * 2
    assert slow.asked == ["/a", "/b"]
    assert slow.wire.reads


def test_a_stream_that_fails_ends_without_its_last_chunk():
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise JournalError("gone")

    slow = Slow([])
    slow.pieces = pieces()
    slow.connection.data_received(request("GET", "/a"))
    slow.turn()
    slow.turn()
    assert slow.wire.is_closed
    assert not slow.wire.written.endswith(b"0\r\n\r\n")


def test_calls_behind_a_broken_stream_are_not_forgotten():
    slow = Slow([b"x"] * 9)
    slow.connection.data_received(request("GET", "/a") + request("GET", "/b") + request("GET", "/c"))
    slow.connection.connection_lost(None)
    assert slow.unread == ["cut_off", "cut_off"]
    slow.turn()


def test_a_client_that_does_not_read_is_not_read_from():
    client = Client(box_of())
    client.connection.pause_writing()
    assert not client.wire.reads
    client.connection.resume_writing()
    assert client.wire.reads


def test_a_call_that_cannot_be_accounted_for_is_not_answered_and_ends_the_mock():
    client = Client(box_of())
    client.send(GOOD)
    client.box.ledger.close()
    written = client.wire.written
    assert client.send(request("POST", "/v1/track", track("m9"))) == b""
    assert client.wire.written == written
    assert "cannot write" in str(client.failures[0])


MUTATIONS = st.lists(
    st.tuples(st.integers(0, len(PIPELINE) - 1), st.integers(0, 2), st.binary(max_size=6)),
    min_size=1,
    max_size=6,
)


def mutated(mutations) -> bytes:
    data = bytearray(PIPELINE)
    for position, removed, added in mutations:
        data[position : position + removed] = added
    return bytes(data)


@given(
    data=st.binary(max_size=400)
    | MUTATIONS.map(mutated)
    | st.lists(
        st.sampled_from([b"POST ", b"/v1/b", b" HTTP/1.1\r\n", b"\r\n", b":", b"Content-Length", b"7", b"{}"])
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
@example(data=b"\r\n\r\n", cuts=[])
@settings(max_examples=300, deadline=None)
def test_no_bytes_whatever_make_it_raise_or_answer_something_odd(data, cuts):
    client = Client(box_of())
    edges = [0, *sorted(cuts), max([len(data), *cuts])]
    for start, end in pairwise(edges):
        client.send(data[start:end])
    client.connection.connection_lost(None)
    assert not client.failures
    answers = [] if b"HEAD" in data else all_answered(client.wire.written)
    assert all(answer.status in (100, 200, 400, 404, 405) for answer in answers)
    counts = client.box.ledger.counts()
    assert (
        counts["received"]
        == counts["stored"] + counts["duplicates"] + counts["discarded"] + counts["refused"]
    )
    if client.unread == ["malformed_http"]:
        assert client.wire.is_closed
    client.box.ledger.close()
