"""Make the live page of its parts, once: one document with its style and script, closed to all else."""

import base64
import functools
import hashlib
from importlib.resources import files
from typing import Final

from harness.mock.exchange import Reply, bytes_reply

STYLE: Final = "live.css"
# One module when they are put together, so each may use what the others declare; `live.js` starts it.
SCRIPTS: Final = (
    "foreign.js",
    "elements.js",
    "json_text.js",
    "rows.js",
    "detail.js",
    "chart.js",
    "panels.js",
    "live.js",
)

_STYLE_GOES_HERE: Final = "/*style*/"
_SCRIPT_GOES_HERE: Final = "/*script*/"


@functools.cache
def page_reply() -> Reply:
    """The page as a 200. The policy in its head lets in this style and this script, by their hashes.

    It asks its own origin for data and nobody for anything else; it may be framed by nobody; and no string
    can become markup or code in it, which browsers that know Trusted Types enforce.
    """
    style = _asset(STYLE)
    script = "\n".join(map(_asset, SCRIPTS))
    page = _asset("live.html").replace(_STYLE_GOES_HERE, style).replace(_SCRIPT_GOES_HERE, script)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    return bytes_reply(
        200,
        "text/html; charset=utf-8",
        page.encode(),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    )


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
