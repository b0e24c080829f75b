"""Say whether a call carries a token that is let in: HTTP Basic, the token as user, an empty password."""

import base64
from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

_SCHEME: Final = "basic "


def is_let_in(authorization: str, tokens: Sequence[str]) -> bool:
    """True for one of these tokens, or where there are none for any that is not empty.

    The colon behind the token is required (Profile API docs, "Authentication"; read 2025-11).
    """
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return False
    try:
        plain = base64.b64decode(authorization[len(_SCHEME) :].strip(), validate=True)
    except ValueError:
        return False
    token, colon, password = plain.partition(b":")
    if not token or not colon or password:
        return False
    # Every token is compared, so that the time taken tells nothing.
    return not tokens or sum(compare_digest(token, known.encode()) for known in tokens) > 0
