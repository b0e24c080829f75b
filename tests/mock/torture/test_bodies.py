"""What a call may carry and ask for: gzip that lies, JSON that is none, odd values, wrong paths."""

import gzip
import json
import zlib

import pytest

from tests.mock.torture.raw import Raw, asked, ids, peak_bytes, request, track


def bomb(mib: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(mib)) + packer.flush()


@pytest.mark.parametrize(
    "body",
    [
        bomb(300),
        gzip.compress(b"{}" * 300_000),
        gzip.compress(bomb(200)),
        gzip.compress(track("zip"))[:-5],
        gzip.compress(track("zip"))[:12] + b"\xff" * 30,
        gzip.compress(track("zip")) + b"garbage",
        track("zip"),
        b"",
        b"\x1f\x8b",
        gzip.compress(b"") * 50_000,
    ],
    ids=["bomb", "large", "nested", "cut", "broken", "tail", "plain", "empty", "stub", "many-members"],
)
def test_gzip_that_lies_is_400_soon_and_takes_no_memory(port, mock, body):
    before = peak_bytes(mock.pid)
    with Raw(port) as wire:
        wire.send(request("/v1/track", body, "Content-Encoding: gzip"))
        assert wire.read(1)[0].status in (400, 413)
        assert peak_bytes(mock.pid) < before + (32 << 20)
    assert "zip" not in ids(port)


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "x" * 5_000, "gzip;q=1", "\xff"])
def test_a_coding_nobody_knows_is_refused(port, coding):
    with Raw(port) as wire:
        wire.send(request("/v1/track", track("coded"), f"Content-Encoding: {coding}"))
        assert wire.read(1)[0].status in (400, 415)
    assert "coded" not in ids(port)


DEEP = 100_000
REFUSED_BODIES = [
    b"",
    b" \r\n\t ",
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"{",
    b'{"userId":"u","event":"E"}{"userId":"u","event":"E"}',
    b'{"userId":"u","event":"E",}',
    b"{'userId':'u'}",
    b'{"userId":"u","event":"E"}//',
    b'{"userId":"\xff\xfe","event":"E"}',
    b'{"userId":"\xed\xa0\x80","event":"E"}',  # half a surrogate pair as UTF-8
    b'{"userId":"\xc0\xaf","event":"E"}',  # a slash in more bytes than it takes
    b'{"userId":"u","event":"E","properties":{"x":NaN}}',
    b'{"userId":"u","event":"E","properties":{"x":-Infinity}}',
    b'{"userId":"u","event":"E","properties":{"x":01}}',
    b'{"userId":"u","event":"E","properties":{"x":.5}}',
    b'{"userId":"u\n","event":"E"}',
    b'{"userId":"u","event":"E","properties":' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b"[" * DEEP,
    b'{"batch":[' + b"[" * DEEP + b"]" * DEEP + b"]}",
    json.dumps({"userId": "u", "event": "E"}).encode("utf-16"),
    b"\0" * 100,
    gzip.compress(track("not-announced"), mtime=0),  # or the names of the tests change by the second
    b'{"userId":"u","event":"E","properties":{"x":"' + b"x" * 40_000 + b'"}}',
]


@pytest.mark.parametrize("body", REFUSED_BODIES, ids=lambda body: repr(body[:44]))
def test_a_body_that_is_no_json_object_is_400_in_json_and_the_connection_lives_on(port, body):
    with Raw(port) as wire:
        wire.send(request("/v1/track", body) + request("/__admin/health", method="GET"))
        refused, healthy = wire.read(2)
    assert refused.status == 400
    told = refused.json()
    assert told["success"] is False
    assert told["message"]
    assert healthy.status == 200


def kept(port: int, message: bytes) -> object:
    """What the mock has stored of a good call, whatever is in its properties."""
    with Raw(port) as wire:
        wire.send(request("/v1/track", message))
        assert wire.read(1)[0].status == 200
    return asked(port, "/__admin/ledger/messages").json()["messages"][-1]["properties"]["x"]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (b"9007199254740993", 2**53 + 1),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551615", 2**64 - 1),
        (b"1E400", None),
        (b"-0", 0),
        (b"1" + b"0" * 400, None),
        (b"0." + b"1" * 3_000, 0.1111111111111111),
        (b'"\\ud800"', None),
        (b'"a\\u0000b"', "a\0b"),
        (b'1,"x":2', 2),  # of a name that comes twice, the last
    ],
)
def test_odd_values_are_kept_as_they_are_or_refused_whole(port, number, value):
    message = b'{"userId":"u","event":"E","properties":{"x":' + number + b"}}"
    if value is None:
        with Raw(port) as wire:
            wire.send(request("/v1/track", message))
            assert wire.read(1)[0].status in (200, 400)
        assert asked(port, "/__admin/ledger/messages").status == 200
    else:
        assert kept(port, message) == value


@pytest.mark.parametrize(
    ("method", "target", "statuses"),
    [
        ("PUT", "/v1/track", {405}),
        ("DELETE", "/v1/batch", {405}),
        ("PATCH", "/v1/track/", {404, 405}),
        ("TRACE", "/v1/track", {405}),
        ("PROPFIND", "/v1/track", {405}),
        ("GET", "/v1/trak", {404}),
        ("POST", "/V1/TRACK", {404}),
        ("POST", "//v1/track", {404}),
        ("POST", "/v1/../v1/track", {404}),
        ("POST", "/v1/%2e%2e/track", {404}),
        ("POST", "/v1/track%00", {404}),
        ("POST", "/v1/track\xff", {400, 404}),
        ("POST", "/v1/" + "track/" * 2_000, {404, 414}),
        ("POST", "/" + "%" * 3_000, {404}),
        ("GET", "/__admin/../etc/passwd", {404}),
        ("GET", "/__admin/ledger?write_key=%zz&write_key=%ff&&==", {200, 400}),
        ("GET", "/__admin/ledger/ids?prefix=" + "%00" * 3_000, {200, 400}),
        ("GET", "*", {400, 404}),
        ("GET", "mock:80", {400, 404}),
        ("GET", "http://", {200, 400, 404}),
        ("GET", "http://[::1/", {200, 400, 404}),
        ("OPTIONS", "*", {200, 204, 400, 404, 405}),
    ],
)
def test_a_wrong_method_or_path_is_told_so(port, method, target, statuses):
    with Raw(port) as wire:
        wire.send(request(target, method=method) + request("/__admin/health", method="GET"))
        wrong = wire.read(1)[0]
        assert wrong.status in statuses
        assert wrong.status == 400 or wire.read(2)[1].status == 200
    if wrong.status == 405:
        assert "POST" in wrong.headers["allow"]
    if wrong.status in (404, 405):
        assert wrong.json()
