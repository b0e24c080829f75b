"""Decide who may call the admin and the live page: no foreign page, and where there is a token only with it.

A page of another site can send requests to loopback; its browser names the site in `Origin`, and a name that
was pointed at us on purpose in `Host`. Who calls without a browser names neither wrongly.
"""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Final

_LOCAL_NAMES: Final = frozenset({"localhost", "localhost."})
_BEARER: Final = "bearer "


def trespass(
    headers: Mapping[bytes, bytes], *, bound_hosts: frozenset[str], token: str | None, query_token: str | None
) -> tuple[int, str] | None:
    """Status and sentence for a caller who may not, or None.

    `bound_hosts` are names and addresses that the mock was told to listen at; `token` is None on loopback.
    """
    host = headers.get(b"host", b"").decode("latin-1").strip()
    if host and not _is_ours(_name_of(host), bound_hosts):
        return 403, "this Host is not the mock's; call it by the address it listens at"
    origin = headers.get(b"origin", b"").decode("latin-1").strip()
    if origin and not (host and origin.partition("://")[2].lower() == host.lower()):
        return 403, "another site's page may not call this; only the mock's own page may"
    if headers.get(b"sec-fetch-site", b"same-origin").strip() not in (b"same-origin", b"none"):
        return 403, "another site's page may not call this; only the mock's own page may"
    if token is None:
        return None
    given = headers.get(b"authorization", b"").decode("latin-1").strip()
    given = given[len(_BEARER) :] if given.lower().startswith(_BEARER) else (query_token or "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return 401, "this needs the mock's token: Authorization: Bearer TOKEN, or ?token="
    return None


def _name_of(host: str) -> str:
    """The name or address of a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host


def _is_ours(name: str, bound_hosts: frozenset[str]) -> bool:
    if name.lower() in _LOCAL_NAMES or name.lower() in bound_hosts:
        return True
    try:
        # An address cannot be pointed at us by somebody else's name server.
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
