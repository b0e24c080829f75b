"""Whose call ends where: in pieces, in pipelines, and where two readers could differ."""

import gzip

import pytest

from tests.mock.torture.raw import Raw, asked, ids, request, track

# A second call hidden in the body of the first: who reads the framing otherwise than a proxy did, takes it.
SMUGGLED = request("/v1/track", track("smuggled"))
CHUNKED_SMUGGLED = b"0\r\n\r\n" + SMUGGLED


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: {size}", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: {size}"),
        ("Transfer-Encoding: chunked", "Content-Length: 0"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: chunked, gzip",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: \x0bchunked", "Content-Length: {size}"),
        ("Transfer-Encoding:chunked", "Content-Length : {size}"),
        ("Transfer-Encoding : chunked", "Content-Length: {size}"),
        (" Transfer-Encoding: chunked", "Content-Length: {size}"),
        ("X: y", "\tTransfer-Encoding: chunked", "Content-Length : {size}"),
        ("Transfer-Encoding:\r\n chunked", "Content-Length: {size}"),
        ("Transfer-Encoding\0: chunked", "Content-Length: {size}"),
        ("Content-Length: 0", "Content-Length: {size}"),
        ("Content-Length: 5", "Content-Length: 0"),
        ("Content-Length: 0, {size}",),
        ("Content-Length: +0",),
        ("Content-Length: -1",),
        ("Content-Length: 0x0",),
        ("Content-Length: 0 0",),
        ("Content-Length: 0\0",),
        ("Content-Length: 1e1",),
        ("Content-Length: 18446744073709551616",),  # 2**64, which is 0 in 64 bits
        ("Content-Length: 18446744073709551621",),
        ("Content-Length:",),
        ("Content_Length: 0", "Content-Length: -0"),
    ],
    ids=lambda headers: " | ".join(headers).encode("unicode_escape").decode(),
)
def test_framing_that_can_be_read_in_two_ways_is_refused_and_smuggles_nothing(port, headers):
    sized = [header.format(size=len(CHUNKED_SMUGGLED)) for header in headers]
    with Raw(port) as wire:
        wire.send(request("/v1/track", CHUNKED_SMUGGLED, *sized))
        answers = wire.read_all()
    assert [answer.status for answer in answers] in ([400], [501])
    assert answers[0].headers["connection"] == "close"
    assert "smuggled" not in ids(port)


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"2 2\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}0\r\n\r\n",
        b"10000000000000000\r\n{}\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        b"\r\n2\r\n{}\r\n0\r\n\r\n",
        b"2;\0\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_none_are_refused_and_smuggle_nothing(port, chunks):
    with Raw(port) as wire:
        wire.send(request("/v1/track", chunks + SMUGGLED, "Transfer-Encoding: chunked"))
        assert [answer.status for answer in wire.read_all()] == [400]
    assert "smuggled" not in ids(port)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\n: nameless\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nX\xff: a\r\n\r\n",
        b"POST\0 /v1/track HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/\0track HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST  /v1/track HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        b"POST /v1/track HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/track HTTP/-1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/track HTTP/11\r\nHost: localhost\r\n\r\n",
        b"POST /v1/track http/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/track\r\nHost: localhost\r\n\r\n",
        b"POST\r\n\r\n",
        b"post /v1/track HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"FOO /v1/track HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\0" * 4_096,
        b"\xff" * 4_096,
        b"\x80\x46\x01\x03\x01",  # an SSL 2 greeting
        b"*1\r\n$4\r\nPING\r\n",
    ],
)
def test_what_is_no_http_is_400_or_closed_and_nothing_behind_it_is_read(port, head):
    with Raw(port) as wire:
        wire.send(head + SMUGGLED)
        assert [answer.status for answer in wire.read_all()] in ([400], [])
    assert "smuggled" not in ids(port)


def test_bare_line_feeds_are_refused_or_read_as_one_call_and_never_as_two(port):
    with Raw(port) as wire:
        body = SMUGGLED.replace(b"smuggled", b"bare-lf")
        wire.send(
            request("/v1/track", body).partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n") + b"\n\n" + body
        )
        wire.end()
        assert len(wire.read_all()) <= 1
    assert "bare-lf" not in ids(port)


CHUNKED = request("/v1/track", b"", "Transfer-Encoding: chunked") + b"".join(
    b'%x;name="a;b";x\r\n%b\r\n' % (1, track("pieces-1")[i : i + 1]) for i in range(len(track("pieces-1")))
)
CHUNKED += b"0;last\r\nContent-Type: x\r\nAuthorization: Basic eA==\r\nX-Trailer: y\r\n\r\n"


def test_a_pipeline_of_every_framing_byte_by_byte_is_answered_in_order(port):
    gzipped = gzip.compress(track("pieces-2"))
    calls = [
        CHUNKED,
        request("/v1/track", gzipped, "Content-Encoding: gzip"),
        request("/nowhere", method="GET"),
        request("/v1/track", b"nonsense"),
        request("http://mock/v1/track", track("pieces-3"), "Connection: close"),
    ]
    with Raw(port) as wire:
        for byte in b"".join(calls):
            wire.send(bytes([byte]))
        wire.read_all()
    assert wire.statuses() == [200, 200, 404, 400, 200]
    assert {"pieces-1", "pieces-2", "pieces-3"} <= ids(port).keys()


def test_a_client_that_sends_all_and_half_closes_still_gets_every_answer(port):
    with Raw(port) as wire:
        wire.send(b"".join(request("/v1/track", track(f"half-{number}")) for number in range(500)))
        wire.end()
        assert wire.read_all() == wire.answers
    assert wire.statuses() == [200] * 500
    assert len(ids(port, "half-")) == 500


@pytest.mark.parametrize("missing", [1, len(track("cut")) + 4, len(request("/v1/track", track("cut"))) - 4])
def test_what_breaks_off_is_closed_counted_and_not_stored(port, missing):
    before = asked(port, "/__admin/ledger").json()["unreadable_requests"]
    with Raw(port) as wire:
        wire.send(request("/v1/track", track("cut"))[:-missing])
        wire.end()
        assert [answer.status for answer in wire.read_all()] in ([], [400])
    assert "cut" not in ids(port)
    assert asked(port, "/__admin/ledger").json()["unreadable_requests"] == before + 1


def test_a_client_that_resets_in_mid_call_or_before_its_answer_harms_nobody(port):
    whole = request("/v1/track", track("reset"))
    for number in range(100):
        with Raw(port) as wire:
            wire.send(whole[: 1 + number * len(whole) // 100] if number % 2 else whole * 20)
            wire.reset()
    assert ids(port).get("reset") in ("stored", "duplicate", "duplicates")


def test_an_invitation_is_given_to_those_alone_who_can_take_it(port):
    body = track("expect")
    with Raw(port) as wire:
        wire.send(request("/v1/track", body, "Expect: 100-continue")[: -len(body)])
        assert [answer.status for answer in wire.read(1)] == [100]
        wire.send(body)
        wire.read(2)
        wire.send(request("/v1/track", body, "Expect: 100-Continue"))
        assert wire.read(3)[-1].status in (100, 200)
    with Raw(port) as wire:  # HTTP/1.0 knows no interim answers
        wire.send(request("/v1/track", body, "Expect: 100-continue", version="1.0"))
        assert [answer.status for answer in wire.read_all()] == [200]
    with Raw(port) as wire:
        wire.send(request("/v1/track", body, "Expect: the-moon", "Connection: close"))
        assert [answer.status for answer in wire.read_all()] in ([200], [417])


def test_http_1_0_ends_with_its_answer_unless_both_agree(port):
    with Raw(port) as wire:
        wire.send(request("/v1/track", track("one-zero"), version="1.0"))
        assert [answer.status for answer in wire.read_all()] == [200]
    with Raw(port) as wire:
        wire.send(request("/v1/track", track("one-zero"), "Connection: keep-alive", version="1.0"))
        (answer,) = wire.read(1)
        assert answer.status == 200
        if answer.headers.get("connection", "").lower() != "keep-alive":
            wire.read_all()  # else the client would wait for ever
