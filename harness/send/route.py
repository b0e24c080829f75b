"""Which addresses a connection may call: the target's, asked of the guard's permit each time."""

import _socket  # gevent replaces `socket` in a patched process, where its look-up may not run inside the hub
import ipaddress
import sys
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from harness.errors import GuardError
from harness.send.guard import Permit
from harness.send.target import Target
from harness.units import NS_PER_S

# Connections that are opened together share a look-up; who connects again looks again, since addresses move.
FRESH_NS: Final = NS_PER_S


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
    """The addresses of a host, in the system's order of preference; none when it does not resolve.

    Under gevent a thread looks it up, and the calling greenlet alone waits: a slow name server is not to
    delay what is due.
    """
    gevent = sys.modules.get("gevent")
    if gevent is None or _is_number(host):
        return _look_up(host, port)
    found: list[str] = gevent.get_hub().threadpool.apply(_look_up, (host, port))
    return found


def _look_up(host: str, port: int) -> list[str]:
    """In a pool's thread an error would be printed before it is raised: so it ends here."""
    try:
        found = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)
    except (_socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))


def addresses(
    target: Target, permit: Permit, resolve_: Callable[[str, int], Sequence[str]] = resolve
) -> list[Address]:
    """Where the target is now, or its proxy, in order of preference; none when it does not resolve.

    Raises GuardError when one of them is beyond what the permit covers.
    """
    hop = target.proxy or target
    found = resolve_(hop.host, hop.port)
    for host in found:
        _check(target, permit, host)
    return [Address(_family(host), host, hop.port) for host in found]


def _check(target: Target, permit: Permit, host: str) -> None:
    if target.proxy is not None and not permit.beyond and not permit.loopback(host):
        raise GuardError(
            f"{target.host} is on this machine and the proxy {target.proxy.authority} is beyond it; "
            "nothing is sent there. Say --proxy none."
        )
    permit.check(host)


def route_to(
    target: Target,
    permit: Permit,
    *,
    now_ns: Callable[[], int],
    resolve: Callable[[str, int], Sequence[str]] = resolve,
    fresh_ns: int = FRESH_NS,
) -> Route:
    """A route that resolves again when what it knows is older than `fresh_ns`, or is nothing.

    It may wait for a look-up, so it is not called in the hub; who calls meanwhile gets what was known. Each
    call asks the permit about each address and raises its GuardError.
    """
    known: list[Address] = []
    resolved_ns = 0

    def route() -> Sequence[Address]:
        nonlocal known, resolved_ns
        if not known or now_ns() - resolved_ns >= fresh_ns:
            resolved_ns = now_ns()
            try:
                known = addresses(target, permit, resolve)
            except GuardError:
                known = []  # what was known is not good for the next one either
                raise
        for address in known:
            _check(target, permit, address.host)
        return known

    return route


def _is_number(host: str) -> bool:
    try:
        _family(host)
    except ValueError:
        return False
    return True


def _family(host: str) -> int:
    version = ipaddress.ip_address(host.partition("%")[0]).version
    return int(_socket.AF_INET6 if version == 6 else _socket.AF_INET)
