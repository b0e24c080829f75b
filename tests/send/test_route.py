"""Claims about routes."""

import socket

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
