"""Claims about routes."""

import socket
import threading

import gevent
import pytest

from harness.clock import ManualClock
from harness.errors import GuardError
from harness.send.guard import Permit, is_loopback
from harness.send.route import Address, addresses, resolve, route_to
from harness.send.target import parse_target
from harness.units import NS_PER_S

TARGET = parse_target("http://here.test:8080")
LOCAL = Permit(TARGET, beyond=False, is_mock=False, loopback=is_loopback)


def test_addresses_keep_the_order_of_preference_and_their_family():
    found = addresses(TARGET, LOCAL, lambda host, port: ["::1", "127.0.0.1"])
    assert found == [Address(socket.AF_INET6, "::1", 8080), Address(socket.AF_INET, "127.0.0.1", 8080)]
    assert found[1].sockaddr == ("127.0.0.1", 8080)


def test_numbers_resolve_to_themselves_and_nonsense_to_nothing():
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    assert resolve("::1", 80) == ["::1"]
    assert resolve("a" * 70, 80) == []


def test_a_look_up_serves_many_connections_and_grows_old():
    clock, asked = ManualClock(), []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return [f"127.0.0.{len(asked)}"]

    route = route_to(TARGET, LOCAL, now_ns=clock.now_ns, resolve=look_up, fresh_ns=60 * NS_PER_S)
    assert {route()[0].host for _ in range(5)} == {"127.0.0.1"}
    clock.advance(60 * NS_PER_S)
    assert {route()[0].host for _ in range(5)} == {"127.0.0.2"}
    assert asked == ["here.test"] * 2


def test_the_permit_is_asked_for_every_connection():
    asked: list[str] = []

    def loopback(address: str) -> bool:
        asked.append(address)
        return len(asked) < 4

    permit = Permit(TARGET, beyond=False, is_mock=False, loopback=loopback)
    route = route_to(TARGET, permit, now_ns=lambda: 0, resolve=lambda host, port: ["127.0.0.1"])
    assert [len(route()) for _ in range(2)] == [1, 1]
    with pytest.raises(GuardError):
        route()


def test_a_name_that_did_not_resolve_is_asked_again():
    answers = [[], ["127.0.0.1"]]
    route = route_to(TARGET, LOCAL, now_ns=lambda: 0, resolve=lambda host, port: answers.pop(0))
    assert [list(route()) for _ in range(2)] == [[], [Address(socket.AF_INET, "127.0.0.1", 8080)]]


def test_a_name_that_moves_beyond_the_permit_is_refused_on_the_next_connection():
    clock, now = ManualClock(), ["127.0.0.1"]
    route = route_to(TARGET, LOCAL, now_ns=clock.now_ns, resolve=lambda host, port: list(now), fresh_ns=1)
    assert route()
    now[:] = ["127.0.0.1", "192.0.2.1"]
    clock.advance(1)
    for _ in range(2):
        with pytest.raises(GuardError, match=r"192\.0\.2\.1"):
            route()


def test_who_calls_while_a_name_is_looked_up_again_gets_what_was_known():
    clock = ManualClock()
    inner: list[list[Address]] = []

    def slow(host: str, port: int) -> list[str]:
        if clock.now_ns() > start_ns:
            inner.append(list(route()))
        return ["127.0.0.1"]

    start_ns = clock.now_ns()
    route = route_to(TARGET, LOCAL, now_ns=clock.now_ns, resolve=slow, fresh_ns=NS_PER_S)
    first = route()
    clock.advance(2 * NS_PER_S)
    assert route() == first
    assert inner == [first]


def test_a_slow_name_server_holds_up_the_one_who_asks_and_nobody_else(monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    def slow(*_: object) -> list[object]:
        asked.set()
        assert answered.wait(5)
        return [(2, 1, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr("harness.send.route._socket.getaddrinfo", slow)
    looking = gevent.spawn(resolve, "slow.test", 80)
    while not asked.is_set():
        gevent.sleep(0.001)
    answered.set()  # by another greenlet, which the look-up did not hold up
    assert looking.get(timeout=5) == ["127.0.0.1"]
