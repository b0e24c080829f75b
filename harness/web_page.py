"""Add a page of ours to Locust's web UI: rate against limit, answers, lag, and how the last run ended.

Locust lets any page of any site call its UI. A UI on this machine answers only to this machine's names, so
that no page from elsewhere can start a run through somebody's browser.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from harness.report.progress import Status
from harness.units import NS_PER_S

PAGE: Final = "/replay"
DATA: Final = "/replay/data"
LOCAL_HOST: Final = "127.0.0.1"

_ASSET: Final = "live.html"
_LIMITS_MOST: Final = 12
_LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
}


def add_web_page(web_ui: Any, standing: Callable[[], dict[str, Any]]) -> None:
    """Serve the page, and what it shows as JSON; `standing` says where things stand."""

    def page() -> Any:
        return _page(), 200, {"Content-Type": "text/html; charset=utf-8", **_HEADERS}

    def data() -> Any:
        return standing(), 200, _HEADERS

    web_ui.app.add_url_rule(PAGE, "replay_page", web_ui.auth_required_if_enabled(page))
    web_ui.app.add_url_rule(DATA, "replay_data", web_ui.auth_required_if_enabled(data))
    if web_ui.host in _LOCAL_NAMES:
        web_ui.app.before_request(_refuse_strangers)


def is_stranger(host: str, origin: str | None) -> bool:
    """Whether a call to a UI of this machine names another, as its own or as where it comes from."""
    names = [urlsplit(f"//{host}").hostname]
    if origin is not None:
        names.append(urlsplit(origin).hostname)
    return any(name not in _LOCAL_NAMES for name in names)


def standing_of(status: Status | None, *, state: str, said: str | None) -> dict[str, Any]:
    """What the page shows; `said` is how the last run ended, or why it did not begin."""
    recent = None if status is None else status.recent
    return {
        "state": state,
        "said": said,
        "share": None if status is None else status.share,
        "left_s": None if status is None or status.left_ns is None else status.left_ns / NS_PER_S,
        "elapsed_s": None if status is None else status.elapsed_ns / NS_PER_S,
        "rate_per_s": None if status is None else status.rate_per_s,
        "accepted": None if status is None else status.accepted,
        "throttled": None if status is None else status.throttled,
        "in_flight": None if status is None else status.in_flight,
        "lag_ms": None if status is None else status.lag_ms,
        "load": [] if recent is None else list(recent.sent),
        "load_throttled": [] if recent is None else list(recent.throttled),
        "statuses": {} if recent is None else dict(recent.statuses),
        "limits": [] if recent is None else [limit._asdict() for limit in recent.limits[:_LIMITS_MOST]],
    }


def _refuse_strangers() -> Any:
    from flask import request

    if is_stranger(request.host, request.headers.get("Origin")):
        return "This page answers to this machine alone; open it as http://127.0.0.1.\n", 403
    return None


@cache
def _page() -> str:
    return (Path(__file__).parent / "report" / _ASSET).read_text("utf-8")
