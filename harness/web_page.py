"""Add to Locust's web UI: a page of ours, a tab that leads there, and the report of the last run.

Locust lets any page of any site call its UI. A UI on this machine answers only to this machine's names, so
that no page from elsewhere can start a run through somebody's browser.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from harness.report.live_page import live_page
from harness.standing import tab_rows

PAGE: Final = "/replay"
LOCAL_HOST: Final = "127.0.0.1"

_LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ANY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104 - compared with, not listened on
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_STATISTICS: Final = "/stats/requests"
_TAB: Final = "replay"  # Locust's UI wants keys of one word
_COLUMNS: Final = {
    "what": "Replay",  # were it called `name`, Locust would sort by it
    "now": "now",
    "allowed": "allowed",
    "over": "over it",
    "throttled": "429",
}


class Shown(Protocol):
    """Who knows where things stand."""

    def standing(self) -> Mapping[str, Any]: ...

    def report(self) -> Path | None: ...


def add_web_page(web_ui: Any, shown: Shown, base_path: str = "") -> str:
    """Serve it all below `base_path`; answers the address of the page."""
    address = f"{_origin(web_ui)}{base_path}{PAGE}"

    def page() -> Any:
        text, policy = live_page()
        return text, 200, {**_HTML, **_HEADERS, "Content-Security-Policy": policy}

    def data() -> Any:
        return dict(shown.standing()), 200, _HEADERS

    def report() -> Any:
        path = shown.report()
        if path is None or not path.exists():
            return "No run has ended yet.\n", 404, _HEADERS
        return path.read_text("utf-8"), 200, {**_HTML, **_HEADERS}  # its policy is in its head

    def with_tab(response: Any) -> Any:
        from flask import request

        if request.path == f"{base_path}{_STATISTICS}" and response.is_json:
            rows = [*tab_rows(shown.standing()), {"what": "more of it, and the report", "now": address}]
            told = {**response.json, "extended_stats": [{"key": _TAB, "data": rows}]}
            response.set_data(web_ui.app.json.dumps(told))
        return response

    for path, view in (("", page), ("/data", data), ("/report", report)):
        web_ui.app.add_url_rule(
            f"{base_path}{PAGE}{path}", f"replay_{view.__name__}", web_ui.auth_required_if_enabled(view)
        )
    web_ui.app.after_request(with_tab)
    structure = [{"key": key, "title": title} for key, title in _COLUMNS.items()]
    web_ui.template_args |= {
        "extended_tabs": [{"title": "Replay", "key": _TAB}],
        "extended_tables": [{"key": _TAB, "structure": structure}],
        # The one place where Locust's UI has room for a link.
        "extended_csv_files": [{"href": f".{PAGE}", "title": "Open the page of the replay"}],
    }
    if web_ui.host in _LOCAL_NAMES:
        web_ui.app.before_request(_refuse_strangers)
    return address


def is_stranger(host: str, origin: str | None) -> bool:
    """Whether a call to a UI of this machine names another, as its own or as where it comes from."""
    names = [urlsplit(f"//{host}").hostname]
    if origin is not None:
        names.append(urlsplit(origin).hostname)
    return any(name not in _LOCAL_NAMES for name in names)


def _origin(web_ui: Any) -> str:
    host = LOCAL_HOST if web_ui.host in _ANY_ADDRESS else web_ui.host
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if web_ui.tls_cert else 'http'}://{shown}:{web_ui.port}"


def _refuse_strangers() -> Any:
    from flask import request

    if is_stranger(request.host, request.headers.get("Origin")):
        return "This page answers to this machine alone; open it as http://127.0.0.1.\n", 403
    return None
