"""Speak TLS with a certificate authority that lives as long as the mock."""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.mock.whole_file import write_whole

_ALWAYS: Final = ("localhost", "127.0.0.1", "::1")
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound


def server_context(host: str, ca_out: Path | None, names: Sequence[str] = ()) -> ssl.SSLContext:
    """A context for a server at `host`, with a certificate made now by an authority made now.

    It is good for localhost, 127.0.0.1, ::1, `host`, `names`, and this machine's name where `host` stands for
    all its addresses. `ca_out` gets the authority's certificate (PEM), which is what a client must trust. No
    private key outlives this call outside the context. TLS 1.2 and later; HTTP/1.1 alone.
    Raises UsageError for a name that no certificate can hold, and when `ca_out` cannot be written.
    """
    import trustme  # here, as cryptography takes a tenth of a second and few want TLS

    asked = [*names] if host in _ANY else [host, *names]
    for name in asked:
        if not _can_be_certified(name):
            raise UsageError(
                f"{name!r} can stand in no certificate; give an address or a host name without _"
            )
    machine = socket.gethostname()  # nobody asked for it, so nobody is told when it cannot be used
    own = [machine] if host in _ANY and _can_be_certified(machine) else []
    authority = trustme.CA()
    leaf = authority.issue_cert(*dict.fromkeys([*_ALWAYS, *own, *asked]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    leaf.configure_cert(context)  # by way of a file of mode 0600 that is gone when this returns
    if ca_out is not None:
        write_whole(ca_out, authority.cert_pem.bytes(), 0o644)
    return context


def _can_be_certified(name: str) -> bool:
    import idna  # which comes with trustme

    try:
        ipaddress.ip_address(name)
    except ValueError:
        try:
            idna.encode(name.removeprefix("*."), uts46=True)
        except idna.IDNAError:
            return False
    return True
