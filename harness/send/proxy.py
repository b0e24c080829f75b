"""Choose the proxy between us and a target: the one that is named, else the one that the environment names.

The variables are curl's (its manual, "Environment"; read 2026-11): `https_proxy` and `HTTPS_PROXY` for https,
`http_proxy` in lower case alone for http, as a request header could set the other; then `all_proxy`; and
`no_proxy` for hosts, domains and networks that are called directly. What is on this machine is, always.
"""

import ipaddress
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote, urlsplit

from harness.asked_network import NO_PROXY
from harness.errors import UsageError
from harness.send.guard import is_loopback
from harness.send.target import Proxy, Target

_BY_SCHEME: Final = {"https": ("https_proxy", "HTTPS_PROXY"), "http": ("http_proxy",)}
_FOR_ALL: Final = ("all_proxy", "ALL_PROXY")
_DIRECT: Final = ("no_proxy", "NO_PROXY")
_PORT: Final = 1080  # as curl takes it where none is named

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class ProxyChoice:
    """What --proxy says, and the environment."""

    asked: str | None
    environ: Mapping[str, str] = field(repr=False)

    def on_the_way_to(self, target: Target, resolve: Resolve) -> Target:
        """The target with its proxy, if it has one. Raises UsageError for a proxy that cannot be used."""
        return replace(target, proxy=self._proxy(target, resolve))

    def _proxy(self, target: Target, resolve: Resolve) -> Proxy | None:
        if self.asked == NO_PROXY:
            return None
        if self.asked is not None:
            proxy = parse_proxy(self.asked, "--proxy")
            if proxy.authorization is not None:
                raise UsageError(
                    "--proxy holds a user name or a password, which other users of this machine can read; "
                    "put that URL into HTTPS_PROXY, or into http_proxy for a target without TLS"
                )
            return proxy
        named = next((name for name in (*_BY_SCHEME[target.scheme], *_FOR_ALL) if self._says(name)), None)
        if named is None or is_direct(target.host, next(filter(None, map(self._says, _DIRECT)), "")):
            return None
        found = resolve(target.host, target.port)
        if found and all(is_loopback(address) for address in found):
            return None
        return parse_proxy(self._says(named), named)

    def _says(self, name: str) -> str:
        return self.environ.get(name, "").strip()


def parse_proxy(text: str, where: str) -> Proxy:
    """`http://[user:password@]host[:port]`, with or without scheme. Raises UsageError, quoting nothing."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise UsageError(f"{where} is no URL of a proxy; write it like http://proxy.example:3128") from None
    if parts.scheme != "http":
        raise UsageError(
            f"{where} names a proxy of the kind {parts.scheme!r}, and only http:// proxies are spoken to "
            "(https:// targets are tunnelled through them); name one, or say --proxy none"
        )
    if not host or port == 0 or parts.path not in ("", "/") or parts.query:
        raise UsageError(f"{where} names no host and port; write it like http://proxy.example:3128")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(pair.encode()).decode()
    return Proxy(host, port or _PORT, authorization)


def is_direct(host: str, no_proxy: str) -> bool:
    """Whether `no_proxy` names this host: itself, a domain above it, a network it is in, or `*`."""
    return any(_names(entry, host) for entry in no_proxy.replace(",", " ").split())


def is_number(host: str) -> bool:
    """True for an address; a name is the proxy's to look up, and may be another machine there."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _names(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of the two is a name
        domain = entry.lower().partition(":")[0].removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith("." + domain))
