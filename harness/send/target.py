"""Where requests go: a target as the user names it, checked, and free of anything secret."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from harness.errors import UsageError

_PORTS: Final = {"http": 80, "https": 443}
_HOST_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
_LONGEST_HOST: Final = 253  # RFC 1035, 2.3.4, less the length byte and the root


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy on the way to a target."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)  # the header's value

    @property
    def authority(self) -> str:
        """`proxy.example:3128`, for people and for reports."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """A scheme, a host in lower case (an IPv6 address without brackets) and a port."""

    scheme: str
    host: str
    port: int
    ca_file: str | None = None  # certificates of authorities that are trusted beside this machine's own
    proxy: Proxy | None = None

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """What the Host header says: `example.org`, `127.0.0.1:8080`, `[::1]:8080`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """`http://127.0.0.1:8080`: no user info, no path, no query; for people and for reports."""
        return f"{self.scheme}://{self.authority}"


def parse_target(text: str, ca_file: str | None = None) -> Target:
    """`http://host[:port]` or `https://host[:port]`. Raises UsageError.

    A refused text is quoted only when it can hold no password and no key.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise UsageError("--target is no URL; write it like http://127.0.0.1:8080.") from error
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(
            "--target holds a user name, a password or a query, which would end up in logs; "
            "write scheme, host and port only, and give the write key in SEGMENT_WRITE_KEY."
        )
    if parts.scheme not in _PORTS or not host:
        raise UsageError(
            "--target must start with http:// or https:// and name a host, like http://127.0.0.1:8080."
        )
    if parts.path not in ("", "/"):
        raise UsageError(
            f"--target {parts.scheme}://{host} has a path behind its host; leave it out, "
            "each request brings its own (/v1/track, /v1/batch, ...)."
        )
    if port == 0 or not _is_host(host):
        raise UsageError(
            "--target names no host and port that can be called; write it like http://127.0.0.1:8080, "
            "and a name beyond ASCII in its xn-- form."
        )
    trusted = ca_file if parts.scheme == "https" else None
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], trusted)


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).scope_id is None
        except ValueError:
            return False
    return len(host) <= _LONGEST_HOST and _HOST_NAME.fullmatch(host) is not None
