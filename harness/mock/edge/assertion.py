"""Read a client assertion: the signed JSON Web Token with which a client asks for an access token.

Segment-docs "OAuth 2.0" (read 2025-11): RS256, a key id, and the claims iss (may be left out), sub, aud, iat,
exp at most a minute later, and jti. RFC 7515 and 7523 say what those are.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from harness.errors import UsageError

LONGEST_BYTES: Final = 16_384
ALGORITHM: Final = "RS256"
_TEXTS: Final = ("sub", "aud", "jti")
_LAST_S: Final = 253_402_300_799  # the end of the year 9999


class BadAssertionError(ValueError):
    """The assertion is not one; the text says why."""


class Assertion(NamedTuple):
    """What a well-formed assertion says; whether it is true is another matter."""

    key_id: str
    audience: str
    token_id: str  # jti
    issued_s: int
    expires_s: int


def assertion_of(token: str) -> Assertion:
    """What this token says. Raises BadAssertionError when it is not an assertion as Segment documents it."""
    parts = token.split(".")
    if len(token) > LONGEST_BYTES or len(parts) != 3 or not all(parts):
        raise BadAssertionError("client_assertion is not a JSON Web Token")
    header, claims = _object(parts[0], "header"), _object(parts[1], "payload")
    if header.get("alg") != ALGORITHM:
        raise BadAssertionError(f"alg must be {ALGORITHM}")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise BadAssertionError("kid is missing in the header")
    for name in _TEXTS:
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise BadAssertionError(f"{name} must be a text")
    return Assertion(
        key_id, claims["aud"], claims["jti"], _instant_s(claims, "iat"), _instant_s(claims, "exp")
    )


def read_public_keys(pems: Mapping[str, str]) -> dict[str, Any]:
    """RSA public keys by key id. Raises UsageError when one is none."""
    if not pems:
        return {}
    # Here, as below, because it is slow to import and most mocks never need it.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    keys: dict[str, Any] = {}
    for key_id, pem in pems.items():
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _no_key(key_id) from error
        if not isinstance(key, RSAPublicKey):
            raise _no_key(key_id)
        keys[key_id] = key
    return keys


def is_signed_by(token: str, public_key: Any) -> bool:
    """Whether this token, which `assertion_of` could read, bears the signature of this RSA key."""
    from jwt.api_jws import decode
    from jwt.exceptions import InvalidTokenError

    try:
        decode(token, public_key, algorithms=[ALGORITHM])
    except InvalidTokenError:
        return False
    return True


def _no_key(key_id: str) -> UsageError:
    return UsageError(
        f"oauth.public_keys.{key_id} is no RSA public key; write it as PEM, as "
        "`openssl rsa -in private.pem -pubout` prints it."
    )


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        plain = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        document = orjson.loads(plain)
    except (binascii.Error, ValueError) as error:
        raise BadAssertionError(f"the {name} of client_assertion cannot be read") from error
    if not isinstance(document, dict):
        raise BadAssertionError(f"the {name} of client_assertion must be a JSON object")
    return document


def _instant_s(claims: dict[str, Any], name: str) -> int:
    # Libraries for other languages write fractions of a second.
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_S:
        raise BadAssertionError(f"{name} must be seconds since 1970")
    return int(value)
