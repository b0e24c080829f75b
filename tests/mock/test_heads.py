"""Heads that are known again, and the same exchange with and without knowing them."""

import gzip
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.exchange import CONTENT_CAP_BYTES
from harness.mock.heads import Head, plain_head
from tests.mock.boxed import Client, box_of, request, track

BASIC = b"Basic a2V5a2V5a2V5OmFiYw=="
PLAIN = b"POST /v1/track HTTP/1.1\r\nHost: m\r\nAuthorization: %b\r\nContent-Length: 7\r\n" % BASIC


def test_a_plain_head_says_all_that_a_call_needs():
    headers = {b"host": b"m", b"authorization": BASIC, b"content-length": b"7"}
    assert plain_head(PLAIN + b"\r\n") == Head("POST", "/v1/track", headers, 7)
    named = PLAIN.replace(b"/v1/track", b"http://m:80/v1/track?x=1") + b"Content-Encoding: gzip\r\n\r\n"
    assert plain_head(named) == Head("POST", "/v1/track?x=1", {**headers, b"content-encoding": b"gzip"}, 7)
    kept_alive = plain_head(PLAIN + b"Connection: keep-alive\r\n\r\n")
    assert kept_alive == Head("POST", "/v1/track", {**headers, b"connection": b"keep-alive"}, 7)


@pytest.mark.parametrize(
    "head",
    [
        PLAIN + b"Connection: close\r\n\r\n",
        PLAIN + b"Expect: 100-continue\r\n\r\n",
        PLAIN + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        PLAIN + b"Content-Length: 8\r\n\r\n",
        PLAIN.replace(b"POST", b"PUT") + b"\r\n",
        PLAIN.replace(b"POST", b"HEAD") + b"\r\n",
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n",
        PLAIN.replace(b"Content-Length: 7", b"Transfer-Encoding: chunked") + b"\r\n",
        PLAIN.replace(b"Content-Length: 7", b"Content-Length: 0") + b"\r\n",
        PLAIN.replace(b"Content-Length: 7", b"Content-Length: -7") + b"\r\n",
        PLAIN.replace(b": 7", b": %d" % (CONTENT_CAP_BYTES + 1)) + b"\r\n",
        b"POST /v1/track HTTP/1.1\r\n\r\n",
        b"POST /v1/track HTTP/1.1\nContent-Length: 30\n\n{}\r\n\r\n",
        PLAIN,
        b"\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_for_the_parser(head):
    assert plain_head(head) is None


CALLS = (
    request("POST", "/v1/track", track("m1")),
    request("POST", "/v1/track", track("m1", event=7), headers=[("X-Pad", "x" * 5_000)]),
    request("POST", "/v1/b", {"batch": [track("m2"), track("m3"), {"type": "x"}]}),
    request("POST", "/v1/track", gzip.compress(b'{"x":1}'), headers=[("Content-Encoding", "gzip")]),
    request("POST", "/v1/track", track("m4"), headers=[("Expect", "100-continue")]),
    request("POST", "/v1/track", track("m5"), headers=[("Connection", "close")]),
    request("POST", "/v1/track", b""),
    request("POST", "/nope", track("m6")),
    request("POST", "/__admin/reset", b"x"),
    request("GET", "/__admin/ledger/ids"),
    b"POST /v1/t HTTP/1.1\nContent-Length: 2\n\n{}",
    b"\r\n",
    b"nonsense\r\n\r\n",
)


def written(pieces: list[bytes]) -> tuple[bytes, object, list[str]]:
    client = Client(box_of())
    for piece in pieces:
        client.send(piece)
    counts = client.box.ledger.counts()
    client.connection.connection_lost(None)
    client.box.ledger.close()
    return client.wire.written, counts, client.unread


@given(
    calls=st.lists(st.sampled_from(CALLS), max_size=5),
    changes=st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 2), st.binary(max_size=3)), max_size=2),
    cuts=st.lists(st.integers(0, 1_500), max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_knowing_heads_changes_nothing_but_the_cost(calls, changes, cuts):
    data = bytearray(b"".join(calls))
    for position, removed, added in changes:
        data[position : position + removed] = added
    edges = [0, *sorted(cuts), max([len(data), *cuts])]
    pieces = [bytes(data[start:end]) for start, end in pairwise(edges)]
    known = written(pieces)
    with patch("harness.mock.incoming.plain_head", lambda _: None):
        assert written(pieces) == known


def test_the_parser_is_not_asked_for_a_whole_call_whose_head_is_known():
    client = Client(box_of())
    client.connection._incoming._parser = None
    assert client.call("POST", "/v1/track", track("m1")).status == 200
