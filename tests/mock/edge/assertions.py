"""Keys and signed assertions, as a client makes them."""

from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@cache
def key_pair(number: int = 0) -> tuple[str, str]:
    """A private and its public key as PEM; the same again for the same number."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )


def claims_at(now_s: int, **changed: object) -> dict[str, object]:
    """What Segment's own libraries claim; a claim changed to None is left out."""
    claims = {
        "iss": "app",
        "sub": "app",
        "aud": "https://oauth2.segment.io",
        "iat": now_s - 5,
        "exp": now_s + 55,
        "jti": "one",
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: dict[str, object], *, key: str | None = None, kid: str | None = "key-1") -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims, key or key_pair()[0], algorithm="RS256", headers=headers)
