"""The mock as the live page sees it: a small server that tells whatever a test puts on its stage."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.mock.live.page import page_reply

NOW = datetime(2025, 11, 20, 12, 30, 45, 123456, tzinfo=UTC)
SECOND = int(NOW.timestamp())
CLASSES = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")
BLANK = "/blank"  # where no page asks anything; of the same site, which is quicker than about:blank
STATUS = {"refused": 400, "throttled": 429, "faulted": 503}
TRACKING = {
    "name": "tracking-requests", "api": "tracking", "unit": "requests", "count": 500, "window_s": 1.0,
    "peak_in_window": 412, "throttled": 0, "now": 180,
}  # fmt: skip


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


# What is to be found in the page.
COUNT = "[...document.querySelectorAll('#rows tr:not(.gap)')].filter((row) => !row.hidden).length"
NAMES = "[...document.querySelectorAll('#rows tr:not([hidden]) .name')].map((cell) => cell.textContent)"
ASKED_AGAIN = "(() => { window.before ??= delays.length; return delays.length > before + 1; })()"


def body_of(raw: str, final: str = "null", verdict: str = "{}") -> str:
    """What the mock tells of one message, given the texts of its parts."""
    return f'{{"seq":1,"raw":{raw},"final":{final},"verdict":{verdict}}}'


class Stage:
    """The state a test sets, and what was asked of it."""

    def __init__(self) -> None:
        self.instance = "inst-1"
        self.events: list[dict[str, Any]] = []
        self.bodies: dict[int, str] = {}  # by seq, the JSON text
        self.per_s: list[list[int]] = [[SECOND - back, 120, 240, 0] for back in range(119, -1, -1)]
        self.limits: list[dict[str, Any]] = [dict(TRACKING)]
        self.by_api: dict[str, list[list[int]]] | None = None
        self.faults: list[dict[str, Any]] = []
        self.stages: list[dict[str, Any]] = []
        self.skipped = 0  # told once
        self.evicted = 0
        self.frozen = False
        self.scale = 1.0
        self.token: str | None = None
        self.status = 200
        self.instead: str | None = None  # of the answer
        self.asked: list[dict[str, list[str]]] = []

    def add(self, name: str | None = "Order Completed", class_: str | None = "stored", **more: Any) -> int:
        seq = (self.events[-1]["seq"] if self.events else 0) + 1
        event = {
            "seq": seq,
            "received_at": iso(NOW - timedelta(milliseconds=37 * (500 - seq % 500))),
            "api": "tracking",
            "endpoint": "/v1/track",
            "status": STATUS.get(class_ or "", 200),
            "class": class_,
            "reason": None,
            "message_id": f"m-{seq}",
            "type": "track",
            "name": name,
            "user": f"user-{seq}",
            "write_key": "…x9Qd",
            "has_body": True,
        }
        self.events.append(event | more)
        return seq

    def add_read(self, endpoint: str, **more: Any) -> int:
        """A call of an API that carries no messages."""
        none = {"type": None, "message_id": None, "user": None, "has_body": False}
        return self.add(None, None, api="profile", endpoint=endpoint, **none | more)

    def told(self, query: dict[str, list[str]]) -> dict[str, Any]:
        after, limit = int(query["after"][0]), int(query["limit"][0])
        wanted = [event for event in self.events if event["seq"] > after]
        for field in ("class", "write_key"):
            if field in query:
                wanted = [event for event in wanted if event[field] in query[field]]
        if "search" in query:
            wanted = [event for event in wanted if query["search"][0].lower() in json.dumps(event).lower()]
        skipped, self.skipped = self.skipped, 0
        classes = Counter(event["class"] for event in self.events)
        keys = Counter((event["write_key"], event["class"]) for event in self.events)
        names = sorted({key for key, _ in keys if key})
        return {
            "instance": self.instance,
            "now": iso(NOW),
            "clock": {"frozen": self.frozen, "scale": self.scale},
            "seq": self.events[-1]["seq"] if self.events else 0,
            "evicted": self.evicted,
            "skipped": skipped,
            "events": wanted[-limit:] if limit else [],
            "totals": {"received": sum(classes.values()), **{name: classes[name] for name in CLASSES}}
            | {"unreadable_requests": 0},
            "reasons": [
                {"class": class_, "reason": reason, "count": count}
                for (class_, reason), count in Counter((e["class"], e["reason"]) for e in self.events).items()
                if reason
            ],
            "sources": [
                {"write_key": name, "received": sum(keys[name, class_] for class_ in CLASSES)}
                | {class_: keys[name, class_] for class_ in CLASSES}
                for name in names
            ],
            "stages": self.stages,
            "rates": {"per_s": self.per_s, "limits": self.limits}
            | ({} if self.by_api is None else {"by_api": self.by_api}),
            "faults": self.faults,
        }


class _Handler(BaseHTTPRequestHandler):
    server: "Backstage"

    def do_GET(self) -> None:
        stage = self.server.stage
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path == "/":
            reply = page_reply()
            assert isinstance(reply.body, bytes)
            self.wfile.write(reply.head + b"\r\n" + reply.body)
        elif url.path == BLANK:
            self.answer(200, '<link rel="icon" href="data:,">', "text/html")
        elif stage.token is not None and self.headers["Authorization"] != f"Bearer {stage.token}":
            self.answer(401, "{}")
        elif stage.status != 200:
            self.answer(stage.status, "{}")
        elif url.path == "/__admin/live":
            stage.asked.append(query)
            self.answer(200, stage.instead or json.dumps(stage.told(query)))
        elif url.path == "/__admin/live/body":
            body = stage.bodies.get(int(query["seq"][0]))
            self.answer(200 if body else 404, body or "{}")
        else:
            self.answer(404, "{}")

    def answer(self, status: int, text: str, kind: str = "application/json") -> None:
        body = text.encode("utf-8", "surrogatepass")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Stay silent."""


class Backstage(ThreadingHTTPServer):
    """The server, on a port of its own until the `with` ends."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stage = Stage()
        self.closed = False
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "Backstage":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer nobody any more."""
        if self.closed:
            return
        self.closed = True
        self.shutdown()
        self._thread.join()
        self.server_close()
