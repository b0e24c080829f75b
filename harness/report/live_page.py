"""Make the page of a run that goes on: one file, closed to all but its own style, script and figures."""

from functools import cache
from pathlib import Path
from typing import Final

from harness.report.page import content_hash

_ASSETS: Final = Path(__file__).parent / "assets"
_STYLES: Final = ("palette.css", "live.css")
_STYLE_GOES_HERE: Final = "/* style */"
_SCRIPT_GOES_HERE: Final = "/* script */"


@cache
def live_page() -> tuple[str, str]:
    """The page, and the policy that it is served with."""
    style = "".join(_asset(name) for name in _STYLES)
    script = _asset("live.js")
    page = _asset("live.html").replace(_STYLE_GOES_HERE, style).replace(_SCRIPT_GOES_HERE, script)
    policy = (
        f"default-src 'none'; script-src {content_hash(script)}; style-src {content_hash(style)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")
