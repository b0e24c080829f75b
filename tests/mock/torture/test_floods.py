"""Too much, too slowly, too many, and noise: bounded memory, and others are answered meanwhile."""

import random
import resource
from contextlib import ExitStack

import httptools
import pytest

from harness.mock.launch import launch
from tests.mock.torture.raw import Raw, asked, ids, peak_bytes, request, track

CHUNKED = (
    request("/v1/track", b"", "Transfer-Encoding: chunked") + b'1;a="b"\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n'
)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * (2 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (2 << 20) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"x" * (2 << 20) + b": x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 300_000 + b"\r\n",
        b"\r\n" * (1 << 20) + b"GET / HTTP/1.1 x",
    ],
    ids=["target", "value", "name", "many", "empty-lines"],
)
def test_a_head_beyond_all_bounds_is_refused_and_closed(port, head):
    with Raw(port) as wire:
        wire.send(head)
        assert [answer.status for answer in wire.read_all()] in ([400], [414], [431], [])


def test_trailers_without_end_are_refused_and_closed(port):
    with Raw(port) as wire:
        wire.send(request("/v1/track", b"", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n")
        for _ in range(64):
            wire.send(b"X: " + b"y" * 65_000 + b"\r\n")
        wire.end()
        assert [answer.status for answer in wire.read_all()] in ([400], [431], [])


def test_a_body_without_end_takes_no_memory(port, mock):
    before = peak_bytes(mock.pid)
    with Raw(port) as wire:
        wire.send(request("/v1/track", b"", "Transfer-Encoding: chunked"))
        for _ in range(64):
            wire.send(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        assert peak_bytes(mock.pid) < before + (32 << 20)
        wire.send(b"0\r\n\r\n")
        assert wire.read(1)[0].status in (400, 413)


def test_a_body_announced_and_never_sent_takes_no_memory(port, mock):
    before = peak_bytes(mock.pid)
    with ExitStack() as stack:
        wires = [stack.enter_context(Raw(port)) for _ in range(50)]
        for wire in wires:
            wire.send(request("/v1/track", b"", "Content-Length: 9000000000000000000"))
        assert asked(port, "/__admin/health").status == 200
        assert peak_bytes(mock.pid) < before + (16 << 20)


def test_slow_senders_hold_up_nobody_and_are_answered_in_the_end(port):
    with ExitStack() as stack:
        slow = [
            (stack.enter_context(Raw(port)), request("/v1/track", track(f"slow-{number}")))
            for number in range(200)
        ]
        for start in range(0, max(len(whole) for _, whole in slow), 40):
            for wire, whole in slow:
                wire.send(whole[start : start + 40])
            assert asked(port, "/__admin/health").status == 200
        assert [wire.read(1)[0].status for wire, _ in slow] == [200] * 200
    assert len(ids(port, "slow-")) == 200


@pytest.mark.slow
def test_ten_thousand_idle_connections_are_held_and_another_is_answered(mock):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, (soft if hard == resource.RLIM_INFINITY else hard) - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    with launch(limits="none") as crowded, ExitStack() as stack:
        before = peak_bytes(crowded.pid)
        wires = [stack.enter_context(Raw(crowded.port)) for _ in range(count)]
        assert asked(crowded.port, "/__admin/health").status == 200
        assert peak_bytes(crowded.pid) < before + count * 16_384
        for wire in wires[:: count // 100]:
            wire.send(request("/v1/track", track("idle")))
            assert wire.read(1)[0].status == 200


def noise(chance: random.Random) -> bytes:
    """Good calls, with a few bytes of them changed, lost or doubled."""
    data = bytearray(CHUNKED + request("/v1/batch", b'{"batch":[]}') + request("/", method="GET"))
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(data))
        data[start : start + chance.randint(0, 9)] = chance.choice(
            [b"", b"\r\n", b"\0", b": ", b"\xff\xfe", b"0\r\n\r\n", bytes(data[start : start + 30])]
        )
    return bytes(data)


def make_noise(port: int, seeds: range) -> None:
    for seed in seeds:
        with Raw(port) as wire:
            wire.send(noise(random.Random(seed)))
            wire.end()
            try:
                wire.read_all()
            except httptools.HttpParserError as error:
                raise AssertionError(f"seed {seed}: the answer is no HTTP") from error
        assert set(wire.statuses()) <= {100, 200, 204, 400, 401, 403, 404, 405, 413, 414, 415, 417, 431, 501}


def test_changed_bytes_get_correct_answers(port):
    make_noise(port, range(150))


@pytest.mark.slow
def test_many_changed_bytes_get_correct_answers(port):
    make_noise(port, range(150, 6_000))
