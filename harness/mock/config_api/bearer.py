"""Who is let in: the Bearer token of a call to the Config API."""

import hmac
from typing import Final

from harness.mock.exchange import Call

_SCHEME: Final = b"bearer "
_PUBLIC_MEDIA_TYPE: Final = b"application/vnd.segment"


def token_of(call: Call) -> bytes:
    """The token of the Authorization header; empty when there is none, or another scheme. Never log it."""
    value = call.headers.get(b"authorization", b"").strip()
    return value[len(_SCHEME) :].strip() if value[: len(_SCHEME)].lower() == _SCHEME else b""


def is_let_in(call: Call, tokens: tuple[str, ...]) -> bool:
    """Whether the call's token is one of these; where there are none, whether it has one at all."""
    token = token_of(call)
    if not tokens:
        return bool(token)
    # All are compared, so that the time taken does not tell which one came close.
    matches = [hmac.compare_digest(token, each.encode()) for each in tokens]
    return any(matches)


def is_public_api(call: Call) -> bool:
    """Whether a call to `/` means the Public API's workspace rather than the live page."""
    authorization = call.headers.get(b"authorization", b"").strip()
    return (
        authorization[: len(_SCHEME)].lower() == _SCHEME
        or _PUBLIC_MEDIA_TYPE in call.headers.get(b"accept", b"").lower()
    )
