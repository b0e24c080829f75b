"""@segment/analytics-next in a headless Chromium, under `harness check client`, until it is told to end."""

import functools
import http.server
import json
import os
import signal
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

from tests.browser import Browser

HERE = Path(__file__).resolve().parent.parent
SEND = """
(async () => {
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load(%s, %s)
  window.failures = []
  analytics.on('error', (error) => window.failures.push(String(error.reason || error.code)))
  const pad = 'x'.repeat(%d)
  for (let number = 1; number <= %d; number++) {
    analytics.track('Seen', { harness_seq: number, ...(pad ? { harness_pad: pad } : {}) })
    if (%d) await new Promise((done) => setTimeout(done, %d))
  }
})()
"""


class Pages(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        path = urllib.parse.urlsplit(path).path
        umd = HERE / "node_modules" / "@segment" / "analytics-next" / "dist"
        return str(umd / path[1:] if path.startswith("/umd/") else HERE / "pages" / path[1:])

    def log_message(self, *_of): ...


def main() -> None:
    env = os.environ
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host = urllib.parse.urlsplit(env["HARNESS_URL"]).netloc
    own: dict[str, Any] = {"apiKey": env["HARNESS_WRITE_KEY"], "apiHost": f"{host}/v1", "protocol": "http"}
    if "batching" in sys.argv:
        own["deliveryStrategy"] = {"strategy": "batching", "config": {"size": 10, "timeout": 1_000}}
    told = {"integrations": {"Segment.io": own}, "metrics": {"sampleRate": 0}}
    settings = {"writeKey": env["HARNESS_WRITE_KEY"], "cdnSettings": told}
    every_ms = int(env["HARNESS_EVERY_MS"])
    count, pad = int(env["HARNESS_EVENTS"]), int(env["HARNESS_PAD_BYTES"])
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages)) as server,
        Browser() as browser,
    ):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        page = browser.page(f"http://127.0.0.1:{server.server_address[1]}/installed.html")
        page.evaluate(SEND % (json.dumps(settings), json.dumps({}), pad, count, every_ms, every_ms))
        said = 0
        while True:
            failures = page.evaluate("window.failures")
            for failure in failures[said:]:
                sys.stderr.write(f"given up: {failure}\n")
            sys.stderr.flush()
            said = len(failures)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
