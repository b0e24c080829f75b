"""What one call holds, and why it is refused."""

import base64
import gzip
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.exchange import CONTENT_CAP_BYTES
from harness.mock.plain import Bounds
from harness.mock.tracking import (
    BAD_ENCODING,
    BAD_WRITE_KEY,
    BATCH_NOT_A_LIST,
    INVALID_JSON,
    NOT_AN_OBJECT,
    TOO_DEEP,
    TOO_LARGE,
    Reading,
    basic_key,
    inflated,
)
from harness.mock.tracking import read as read_inflated
from harness.segment.endpoints import Endpoint
from tests.mock.boxed import KEY, track

TRACK = Endpoint("tracking", "track", is_batch=False)
BATCH = Endpoint("tracking", None, is_batch=True)
BOUNDS = Bounds(32_768, 500_000, 2_500)
BASIC = b"Basic " + base64.b64encode(f"{KEY}:".encode())


def read(endpoint: Endpoint, body: bytes | None, encoding: bytes, authorization: bytes) -> Reading:
    return read_inflated(endpoint, inflated(body, encoding), basic_key(authorization), BOUNDS, 7)


def padded_to(size: int, message: dict[str, Any]) -> bytes:
    """This message as compact JSON of exactly so many bytes."""
    bare = json.dumps({**message, "pad": ""}, separators=(",", ":"))
    return json.dumps({**message, "pad": "x" * (size - len(bare))}, separators=(",", ":")).encode()


def batch_of(*messages: bytes) -> bytes:
    return b'{"batch":[' + b",".join(messages) + b"]}"


BODIES = [
    (TRACK, b'{"event":"E"}', None),
    (TRACK, b"{", INVALID_JSON),
    (TRACK, b"", INVALID_JSON),
    (TRACK, b"[]", NOT_AN_OBJECT),
    (TRACK, b"\xff", INVALID_JSON),
    (TRACK, None, TOO_LARGE),
    (TRACK, padded_to(32_768, track()), None),
    (TRACK, padded_to(32_769, track()), TOO_LARGE),
    (TRACK, b'{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}", None),
    (BATCH, b'{"batch":[' + b"[" * 1_010 + b"]" * 1_010 + b"]}" + b" " * 33_000, TOO_DEEP),
    (TRACK, b'{"a":' + b"[" * 3_000 + b"]" * 3_000 + b"}", INVALID_JSON),
    (TRACK, b'{"a":[' + b"[],[]," * 300 + b"1]}", None),
    (BATCH, b'{"batch":[]}', None),
    (BATCH, b"{}", BATCH_NOT_A_LIST),
    (BATCH, b'{"batch":{}}', BATCH_NOT_A_LIST),
    (BATCH, batch_of(padded_to(32_768, track()), padded_to(32_768, track())), None),
    (BATCH, batch_of(padded_to(100, track()), padded_to(32_769, track())), TOO_LARGE),
    (BATCH, batch_of(*[padded_to(25_000, track())] * 21), TOO_LARGE),
]


@pytest.mark.parametrize(("endpoint", "body", "trouble"), BODIES)
def test_a_body_is_refused_for_its_reason_and_no_other(endpoint, body, trouble):
    assert read(endpoint, body, b"", BASIC).trouble == trouble


def test_the_500_000_bytes_of_a_batch_are_counted_to_the_byte():
    messages = batch_of(*[padded_to(30_000, track())] * 16)
    assert read(BATCH, messages + b" " * (500_000 - len(messages)), b"", BASIC).trouble is None
    assert read(BATCH, messages + b" " * (500_001 - len(messages)), b"", BASIC).trouble == TOO_LARGE


def test_messages_of_a_refused_body_can_still_be_accounted_for():
    reading = read(BATCH, batch_of(b'{"messageId":"m1"}', padded_to(40_000, track("m2"))), b"", BASIC)
    assert [message["messageId"] for message in reading.messages] == ["m1", "m2"]


@pytest.mark.parametrize(
    ("authorization", "body_key", "key"),
    [
        (BASIC, None, KEY),
        (b"basic " + base64.b64encode(KEY.encode()), None, KEY),
        (BASIC, "x" * 32, KEY),
        (b"", KEY, KEY),
        (b"Bearer something", KEY, KEY),
        (b"Basic !!!", KEY, KEY),
        (b"Basic " + base64.b64encode(b"\xff\xfe"), KEY, KEY),
        (b"Basic " + base64.b64encode(b":"), KEY, KEY),
    ],
)
def test_a_write_key_is_found_wherever_segment_finds_it(authorization, body_key, key):
    body = {"event": "E"} if body_key is None else {"event": "E", "writeKey": body_key}
    reading = read(TRACK, json.dumps(body).encode(), b"", authorization)
    assert (reading.write_key, reading.trouble) == (key, None)


@pytest.mark.parametrize("write_key", ["", "abc123", None, 7, ["k" * 32]])
def test_an_empty_or_very_short_write_key_is_refused(write_key):
    body = json.dumps({"event": "E", "writeKey": write_key}).encode()
    assert read(TRACK, body, b"", b"").trouble == BAD_WRITE_KEY


def test_the_key_of_a_batch_stands_on_its_envelope():
    assert read(BATCH, json.dumps({"writeKey": KEY, "batch": []}).encode(), b"", b"").write_key == KEY


def test_size_is_counted_on_the_inflated_body():
    assert read(TRACK, gzip.compress(padded_to(32_768, track())), b"GZip", BASIC).trouble is None
    assert read(TRACK, gzip.compress(padded_to(32_769, track())), b"gzip", BASIC).trouble == TOO_LARGE


def test_a_bomb_is_too_large_and_other_encodings_are_refused():
    assert read(TRACK, gzip.compress(bytes(CONTENT_CAP_BYTES + 1)), b"gzip", BASIC).trouble == TOO_LARGE
    assert read(TRACK, b"{}", b"gzip", BASIC).trouble == BAD_ENCODING
    assert read(TRACK, b"{}", b"br", BASIC).trouble == BAD_ENCODING
    assert read(TRACK, b"{}", b"identity", BASIC).trouble is None


def test_a_key_is_not_looked_for_behind_the_colon():
    assert basic_key(b"Basic " + base64.b64encode(b":secret")) == ""


def plain_trouble(body: bytes) -> Any:
    """Sizes of a batch by their definition: every message is written."""
    messages = orjson.loads(body)["batch"]
    large = any(len(json.dumps(m, separators=(",", ":"), ensure_ascii=False)) > 32_768 for m in messages)
    return TOO_LARGE if len(body) > 500_000 or (large and len(body) > 32_768) else None


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": inner}
    return inner


PIECES = st.one_of(
    st.sampled_from([32_700, 32_768, 32_769, 40_000]).map(lambda size: padded_to(size, track())),
    st.integers(248, 256).map(lambda levels: json.dumps(nested(levels)).encode()),
    st.integers(60, 9_000).map(lambda size: padded_to(size, {})),
    st.sampled_from([b"1", b"[]", b'{"n":[' + b",".join([b"1.5"] * 9_000) + b"]}"]),
)


@given(
    messages=st.lists(PIECES, max_size=25), pad=st.sampled_from([0, 0, 40_000]), envelope=st.integers(0, 256)
)
@settings(max_examples=100, deadline=None)
def test_sizes_are_found_as_if_each_message_were_written(messages, pad, envelope):
    around = json.dumps(nested(envelope)).encode() if envelope > 248 else b"{}"
    body = b'{"context":' + around + b"," + batch_of(*messages)[1:] + b" " * pad
    assert read(BATCH, body, b"", BASIC).trouble == plain_trouble(body)
