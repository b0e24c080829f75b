"""Let pages of other origins call the Tracking API and read its answers: pure functions on headers.

For the tracking and settings paths alone. Nothing there depends on a cookie, so any origin may call and
credentials are never allowed.
"""

import re
from collections.abc import Mapping
from typing import Final

from harness.mock.exchange import Reply, empty_reply, with_headers

# The browser library sends the first two with every call, the third with a retry (1.84, read 2026-08).
ALLOWED: Final = ("authorization", "content-type", "x-retry-count")
ALLOW_ORIGIN: Final = ("Access-Control-Allow-Origin", "*")
EXPOSE_HEADERS: Final = (
    "Access-Control-Expose-Headers",
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit, RateLimit-Policy",
)

# Ready for an answer's head: what every answer to a call with an Origin carries.
CORS_LINES: Final = "".join(f"{name}: {value}\r\n" for name, value in (ALLOW_ORIGIN, EXPOSE_HEADERS)).encode()

MAX_AGE_S: Final = 600
_MOST_ASKED: Final = 32
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")


def cors_headers(headers: Mapping[bytes, bytes]) -> tuple[tuple[str, str], ...]:
    """What the answer to a call with these headers carries: nothing when it came from no page."""
    return (ALLOW_ORIGIN, EXPOSE_HEADERS) if b"origin" in headers else ()


def with_cors(reply: Reply, headers: Mapping[bytes, bytes]) -> Reply:
    """The reply as a page may read it, when a page asked."""
    return with_headers(reply, *cors_headers(headers))


def preflight(headers: Mapping[bytes, bytes], methods: str = "POST") -> Reply:
    """204 to OPTIONS: which methods (`"GET, POST"`) and headers a page may send."""
    allow = ("Allow", f"{methods}, OPTIONS")
    if b"origin" not in headers:
        return empty_reply(204, allow)
    private = (
        (("Access-Control-Allow-Private-Network", "true"),)
        if headers.get(b"access-control-request-private-network", b"").lower() == b"true"
        else ()
    )
    return empty_reply(
        204,
        allow,
        ALLOW_ORIGIN,
        ("Access-Control-Allow-Methods", f"{methods}, OPTIONS"),
        ("Access-Control-Allow-Headers", ", ".join(allowed_headers(headers))),
        ("Access-Control-Max-Age", str(MAX_AGE_S)),
        *private,
        ("Vary", "Access-Control-Request-Headers"),
    )


def allowed_headers(headers: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """Our own three and what the page asks for, in lower case, as far as it can be a header's name."""
    asked = headers.get(b"access-control-request-headers", b"").decode("latin-1").lower().split(",")
    names = (name.strip(" \t") for name in asked[:_MOST_ASKED])
    return tuple(dict.fromkeys((*ALLOWED, *(name for name in names if _TOKEN.fullmatch(name)))))
