"""Give out access tokens against signed assertions, and know them again.

Segment-docs "OAuth 2.0" (read 2025-11), RFC 6749 and 7523. Where no public key is configured a signature is
not checked, everything else is: a test then needs no keys. Two refusals have Segment's own words, because its
libraries try again at once on them, with a clock put right by the answer's Date; the rest stop them.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qs

from harness.clock import Clock
from harness.mock.edge.assertion import (
    Assertion,
    BadAssertionError,
    assertion_of,
    is_signed_by,
    read_public_keys,
)
from harness.mock.edge.settings import OAuthSettings
from harness.mock.exchange import Reply, json_reply
from harness.units import NS_PER_S

GRANT_TYPE: Final = "client_credentials"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXPIRED: Final = "Token is expired"
TOO_EARLY: Final = "Token used before issued"

_FORM: Final = "application/x-www-form-urlencoded"
_PARAMETERS: Final = ("grant_type", "client_assertion_type", "client_assertion", "scope")
_MOST_FIELDS: Final = 32
_TOKEN_BYTES: Final = 32
_BEARER: Final = b"bearer "
_PRIVATE: Final = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))  # RFC 6749, section 5.1


class TokenError(ValueError):
    """No token is given out."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error  # a code of RFC 6749, section 5.2
        self.description = description


class OAuth:
    """The tokens that were given out, each known by its digest alone, and the assertions already used."""

    __slots__ = (
        "_clock",
        "_entropy",
        "_keys",
        "_settings",
        "_tokens_ns",
        "_used_s",
        "evicted",
        "issued",
        "refused",
    )

    def __init__(self, settings: OAuthSettings, clock: Clock, entropy: Callable[[int], bytes]) -> None:
        """Raises UsageError when a public key is none."""
        self._settings = settings
        self._clock = clock
        self._entropy = entropy
        self._keys = read_public_keys(settings.public_keys)
        self._tokens_ns: dict[bytes, int] = {}  # digest → when it expires on the monotonic clock; in order
        self._used_s: dict[bytes, int] = {}  # digest of a jti → when its assertion expires, since 1970
        self.issued = 0
        self.evicted = 0  # tokens and used assertions forgotten before their time
        self.refused: dict[str, int] = {}  # by error code

    @property
    def required(self) -> bool:
        """True when a tracking call needs a token."""
        return self._settings.required

    def answer(self, headers: Mapping[bytes, bytes], body: bytes | None) -> Reply:
        """The reply to `POST /token`."""
        date = ("Date", formatdate(self._clock.wall_ns() // NS_PER_S, usegmt=True))
        try:
            document = self._grant(headers, body)
        except TokenError as error:
            self.refused[error.error] = self.refused.get(error.error, 0) + 1
            document = {"error": error.error, "error_description": error.description}
            return json_reply(error.status, document, *_PRIVATE, date)
        return json_reply(200, document, *_PRIVATE, date)

    def token_ok(self, bearer: bytes, now_ns: int) -> bool:
        """Whether this token was given out here and is good at this instant of the monotonic clock."""
        return now_ns < self._tokens_ns.get(_digest(bearer), now_ns)

    def call_ok(self, authorization: bytes, now_ns: int) -> bool:
        """Whether a tracking call with this Authorization header may go on."""
        if not self._settings.required:
            return True
        token = bearer_of(authorization)
        return token is not None and self.token_ok(token, now_ns)

    def reset(self) -> None:
        """Forget every count; tokens stay good, for clients go on with theirs, and used assertions used."""
        self.refused.clear()
        self.issued = self.evicted = 0

    def report(self) -> dict[str, Any]:
        """What was given out and refused; no token."""
        now_ns = self._clock.now_ns()
        return {
            "required": self._settings.required,
            "signatures_checked": bool(self._keys),
            "issued": self.issued,
            "live": sum(now_ns < end_ns for end_ns in self._tokens_ns.values()),
            "evicted": self.evicted,
            "refused": dict(self.refused),
        }

    def _grant(self, headers: Mapping[bytes, bytes], body: bytes | None) -> dict[str, Any]:
        form = _form_of(headers, body)
        if form["grant_type"] != GRANT_TYPE:
            raise TokenError(400, "unsupported_grant_type", f"grant_type must be {GRANT_TYPE}")
        if form["client_assertion_type"] != ASSERTION_TYPE:
            raise TokenError(400, "invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        if not set(form["scope"].split()) <= set(self._settings.scopes) or not form["scope"].split():
            raise TokenError(400, "invalid_scope", f"scope must be of: {' '.join(self._settings.scopes)}")
        try:
            assertion = assertion_of(form["client_assertion"])
        except BadAssertionError as error:
            raise TokenError(401, "invalid_client", str(error)) from error
        self._check(assertion, form["client_assertion"])
        return {
            "access_token": self._issue(),
            "token_type": "Bearer",
            "scope": form["scope"],
            "expires_in": self._settings.token_life_s,
        }

    def _check(self, assertion: Assertion, token: str) -> None:
        settings = self._settings
        if self._keys:
            key = self._keys.get(assertion.key_id)
            if key is None:
                raise TokenError(401, "invalid_client", "no public key has this kid")
            if not is_signed_by(token, key):
                raise TokenError(401, "invalid_client", "the signature is not of the key that kid names")
        if settings.audience is not None and assertion.audience != settings.audience:
            raise TokenError(401, "invalid_client", f"aud must be {settings.audience}")
        now_s = self._clock.wall_ns() // NS_PER_S
        if assertion.issued_s > now_s + settings.leeway_s:
            raise TokenError(400, "invalid_request", TOO_EARLY)
        if assertion.expires_s <= now_s - settings.leeway_s:
            raise TokenError(400, "invalid_request", EXPIRED)
        if not 0 < assertion.expires_s - assertion.issued_s <= settings.assertion_life_most_s:
            life_s = settings.assertion_life_most_s
            raise TokenError(401, "invalid_client", f"exp must be at most {life_s} s after iat")
        used = _digest(assertion.token_id.encode())
        if used in self._used_s:
            raise TokenError(401, "invalid_client", "jti was used before")
        forgotten_s = now_s - settings.leeway_s
        self.evicted += _make_room(self._used_s, forgotten_s, settings.tokens_kept)
        self._used_s[used] = assertion.expires_s

    def _issue(self) -> str:
        token = base64.urlsafe_b64encode(self._entropy(_TOKEN_BYTES)).rstrip(b"=")
        now_ns = self._clock.now_ns()
        self.evicted += _make_room(self._tokens_ns, now_ns, self._settings.tokens_kept)
        self._tokens_ns[_digest(token)] = now_ns + self._settings.token_life_s * NS_PER_S
        self.issued += 1
        return token.decode("ascii")


def bearer_of(authorization: bytes) -> bytes | None:
    """The token of an Authorization header; None when it holds none."""
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].strip() or None


def _form_of(headers: Mapping[bytes, bytes], body: bytes | None) -> dict[str, str]:
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != _FORM.encode():
        raise TokenError(415, "invalid_request", f"the body must be {_FORM}")
    try:
        fields = parse_qs((body or b"").decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise TokenError(400, "invalid_request", "the form cannot be read") from error
    form: dict[str, str] = {}
    for name in _PARAMETERS:
        values = fields.get(name, [])
        if len(values) != 1 or not values[0]:
            raise TokenError(400, "invalid_request", f"{name} must be there once")
        form[name] = values[0]
    return form


def _make_room(kept: dict[bytes, int], now: int, most: int) -> int:
    """Forget what has expired once there are `most`, then the oldest; how many were not yet expired."""
    if len(kept) < most:
        return 0
    for digest in [digest for digest, end in kept.items() if end <= now]:
        del kept[digest]
    evicted = 0
    while len(kept) >= most:
        del kept[next(iter(kept))]
        evicted += 1
    return evicted


def _digest(secret: bytes) -> bytes:
    return hashlib.blake2b(secret, digest_size=16).digest()
