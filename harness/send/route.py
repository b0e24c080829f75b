"""Which addresses a connection may call: the target's, asked of the guard's permit each time."""

import _socket  # gevent replaces `socket` in a patched process, where its look-up may not run inside the hub
import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from harness.send.guard import Permit
from harness.send.target import Target
from harness.units import NS_PER_S

# A look-up holds the hub, so it is not made for each of hundreds of connections; Segment's addresses are
# not static, and its docs ask for a fresh look at least every 24 h.
FRESH_NS: Final = 60 * NS_PER_S


class Address(NamedTuple):
    """What a socket is made of, and what it connects to."""

    family: int
    host: str
    port: int

    @property
    def sockaddr(self) -> tuple[str, int]:
        return self.host, self.port


Route = Callable[[], Sequence[Address]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order of preference; none when it does not resolve."""
    try:
        found = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)
    except (_socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))


def addresses(
    target: Target, permit: Permit, resolve_: Callable[[str, int], Sequence[str]] = resolve
) -> list[Address]:
    """Where the target is now, in order of preference; none when it does not resolve.

    Raises GuardError when one of them is beyond what the permit covers.
    """
    found = resolve_(target.host, target.port)
    for host in found:
        permit.check(host)
    return [Address(_family(host), host, target.port) for host in found]


def route_to(
    target: Target,
    permit: Permit,
    *,
    now_ns: Callable[[], int],
    resolve: Callable[[str, int], Sequence[str]] = resolve,
    fresh_ns: int = FRESH_NS,
) -> Route:
    """A route that resolves again when what it knows is older than `fresh_ns`, or is nothing.

    Each call asks the permit about each address and raises its GuardError.
    """
    known: list[Address] = []
    resolved_ns = 0

    def route() -> Sequence[Address]:
        nonlocal known, resolved_ns
        if not known or now_ns() - resolved_ns >= fresh_ns:
            known = addresses(target, permit, resolve)
            resolved_ns = now_ns()
        for address in known:
            permit.check(address.host)
        return known

    return route


def _family(host: str) -> int:
    version = ipaddress.ip_address(host.partition("%")[0]).version
    return int(_socket.AF_INET6 if version == 6 else _socket.AF_INET)
