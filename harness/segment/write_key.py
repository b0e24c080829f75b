"""A write key that cannot leak by accident, and its mark."""

import base64
import hashlib
from typing import Final

_SHOWN: Final = 4
_MADE_UP_LENGTH: Final = 32  # real keys have 32 characters


class WriteKey:
    """A source's write key; printing it shows its last four characters at most."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def reveal(self) -> str:
        """The key itself; for the wire, and for comparing."""
        return self._secret

    @property
    def masked(self) -> str:
        """`…x9Qd`: enough to recognise, too little to use."""
        return "…" + self.last4

    @property
    def last4(self) -> str:
        """The last four characters; fewer of a key so short that four would give it away."""
        return self._secret[-_SHOWN:] if len(self._secret) >= 2 * _SHOWN else self._secret[-1:]

    @property
    def basic_auth(self) -> str:
        """The value of the Authorization header: HTTP API docs, "Authentication"; read 2025-11."""
        return "Basic " + base64.b64encode(f"{self._secret}:".encode()).decode("ascii")

    def mark(self, salt: bytes) -> str:
        """BLAKE2b-128 of the key under a recording's own salt, in hex."""
        return hashlib.blake2b(self._secret.encode(), digest_size=16, salt=salt[:16]).hexdigest()

    def __repr__(self) -> str:
        return f"WriteKey({self.masked})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WriteKey) and self._secret == other._secret

    def __hash__(self) -> int:
        return hash(self._secret)


def made_up_key(run_id: str, source: str) -> WriteKey:
    """The key a bundled mock is given for a source: the same on a resume, of no use elsewhere."""
    digest = hashlib.blake2b(f"{run_id}\x00{source}".encode(), digest_size=_MADE_UP_LENGTH // 2)
    return WriteKey(digest.hexdigest())
