"""A headless Chromium, driven over its DevTools pipe: open, click, press, look, and hear what went wrong.

    with Browser() as browser:
        page = browser.page("http://127.0.0.1:8080/", width=800)
        page.until("document.querySelector('h1')")
        page.click("button")
        assert page.problems == []

Commands are the DevTools protocol's, NUL-ended JSON over file descriptors 3 and 4 of the browser: no port, no
WebSocket, no driver. A dialog of the page's is dismissed, and told of in `problems`.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S: Final = 20.0

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-extensions", "--no-proxy-server", "--mute-audio",
    "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
# The browser wants exactly 3 and 4, which are taken here: another program moves them before it becomes it.
_BECOME: Final = (
    "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4);"
    "os.close(r); os.close(w); os.execv(sys.argv[3], sys.argv[3:])"
)
_CODES: Final = {
    "Enter": 13, "Escape": 27, "Tab": 9, "Space": 32, "Home": 36, "End": 35,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip
_TEXTS: Final = {"Enter": "\r", "Space": " "}


class BrowserError(Exception):
    """The browser or the page did not do what was asked of it."""


def chromium() -> str:
    """The browser's path. Without one the test is skipped, and fails where CI=true."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        message = "no Chromium here: install one to have the pages looked at in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


class Browser:
    """One browser with a profile of its own, which goes with it."""

    def __init__(self, *flags: str) -> None:
        program = chromium()
        self._profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        ends = [end for pipe in (os.pipe(), os.pipe()) for end in pipe]
        # Above 4, so that moving one to its place does not close another.
        theirs_in, self._out, self._in, theirs_out = (
            fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends
        )
        for end in ends:
            os.close(end)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BECOME, str(theirs_in), str(theirs_out), program,
             *_FLAGS, f"--user-data-dir={self._profile.name}", *flags, "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._read = b""
        self._last = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def page(
        self,
        url: str | None = None,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        still: bool = True,
        on_new_document: str | None = None,
    ) -> "Page":
        """A new page in a context of its own (no shared cookies or storage), at this address once given.

        `still`: prefers reduced motion. `on_new_document`: JavaScript to run before any of the page's own.
        """
        context = self.command("Target.createBrowserContext")["browserContextId"]
        target = self.command(
            "Target.createTarget", url="about:blank", browserContextId=context, width=width, height=height
        )["targetId"]
        session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.command(f"{domain}.enable")
        page.resize(width, height)
        page.prefer(dark=dark, still=still)
        if on_new_document is not None:
            page.command("Page.addScriptToEvaluateOnNewDocument", source=on_new_document)
        if url is not None:
            page.goto(url)
        return page

    def command(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send one DevTools command and wait for its result. Raises BrowserError."""
        number = self.send(method, session, **params)
        self.pump(lambda: number in self._answers, f"an answer to {method}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def send(self, method: str, session: str | None = None, **params: Any) -> int:
        """Send one DevTools command without waiting; the number of its answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        left = memoryview(json.dumps(message).encode() + b"\0")
        while left:
            left = left[os.write(self._out, left) :]
        return self._last

    def pump(self, done: Any, what: str, patience_s: float = PATIENCE_S) -> None:
        """Take in what the browser tells until `done()`. Raises BrowserError when it takes too long."""
        deadline = time.monotonic() + patience_s
        while not done():
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise BrowserError(f"waited {patience_s:g} s for {what}")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise BrowserError(f"the browser ended while it was asked for {what}")
            *whole, self._read = (self._read + piece).split(b"\0")
            for text in whole:
                self._take(json.loads(text))

    def close(self) -> None:
        """End the browser and forget its profile."""
        with contextlib.suppress(BrowserError, OSError):
            self.command("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._profile.cleanup()

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif (page := self._pages.get(message.get("sessionId", ""))) is not None:
            page.hear(message["method"], message["params"])


class Page:
    """One tab. `problems` is what went wrong in it, `said` its console, `requests` what it asked for."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target
        self._loads = 0
        self.problems: list[str] = []
        self.said: list[str] = []
        self.requests: list[tuple[str, str]] = []  # method, URL

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one DevTools command to this page and wait for its result. Raises BrowserError."""
        return self._browser.command(method, self._session, **params)

    def goto(self, url: str) -> None:
        """Open an address and wait for its load event."""
        before = self._loads
        failed = self.command("Page.navigate", url=url).get("errorText")
        if failed:
            raise BrowserError(f"{url}: {failed}")
        self._browser.pump(lambda: self._loads > before, f"{url} to load")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise. Raises BrowserError."""
        answer = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(_told(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str, patience_s: float = 10.0) -> Any:
        """The value of a JavaScript expression, as soon as it is true-ish. Raises BrowserError."""
        never = json.dumps("never true: " + expression)
        return self.evaluate(
            f"""new Promise((resolve, reject) => {{
              const last = performance.now() + {patience_s * 1000};
              const look = () => {{
                let value;
                try {{ value = ({expression}); }} catch (error) {{ reject(error); return; }}
                if (value) resolve(value);
                else if (performance.now() > last) reject(new Error({never}));
                else setTimeout(look, 15);
              }};
              look();
            }})"""
        )

    def text(self, selector: str) -> str:
        """What is to be read in the first element that matches."""
        found: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return found

    def click(self, selector: str) -> None:
        """Click the middle of the first element that matches, with a real mouse event."""
        x, y = self.evaluate(
            f"""(() => {{
              const element = document.querySelector({json.dumps(selector)});
              element.scrollIntoView({{block: 'nearest'}});
              const box = element.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def hover(self, x: float, y: float) -> None:
        """Move the mouse there."""
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key: str) -> None:
        """Press a key: one of Enter, Escape, Tab, Space, Home, End, Arrow…, or a character."""
        shared = {"key": _TEXTS.get(key, key) if key == "Space" else key, "code": key}
        shared["windowsVirtualKeyCode"] = _CODES.get(key) or ord(key.upper())  # type: ignore[assignment]  # a number among words
        text = _TEXTS.get(key, key if len(key) == 1 else None)
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.command("Input.dispatchKeyEvent", **down, **shared)
        self.command("Input.dispatchKeyEvent", type="keyUp", **shared)

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        self.command("Input.insertText", text=text)

    def resize(self, width: int, height: int) -> None:
        """Give the page this many CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, *, dark: bool, still: bool = True) -> None:
        """Say what the user prefers: colour scheme and motion."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.command("Emulation.setEmulatedMedia", features=features)

    def picture(self, path: Path) -> None:
        """Write what is to be seen as a PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        """Close the tab."""
        self._browser.command("Target.closeTarget", targetId=self._target)

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Take in one event of the browser's."""
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append((params["request"]["method"], params["request"]["url"]))
        elif method == "Runtime.consoleAPICalled":
            words = " ".join(str(arg.get("value", arg.get("description", ""))) for arg in params["args"])
            self.said.append(f"{params['type']}: {words}")
            if params["type"] in ("error", "assert", "warning"):
                self.problems.append(self.said[-1])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(_told(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.problems.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}".rstrip())
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"dialog: {params['message']}")
            self._browser.send("Page.handleJavaScriptDialog", self._session, accept=True)
        elif method == "Inspector.targetCrashed":
            raise BrowserError("the page crashed")


def _told(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])
