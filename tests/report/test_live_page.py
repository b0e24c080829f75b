"""The page of a run that goes on, in a browser: true charts, every width, for everybody."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harness.expectations import parse_expectation
from harness.measure.recent import LimitNow, Recent
from harness.model import Waiting
from harness.report.live_page import live_page
from harness.report.progress import Status
from harness.standing import ENDED, REFUSED, RUNNING, Told, standing_of
from harness.throttle.expected import Outcome
from harness.units import NS_PER_S

HOSTILE = "<img src=x onerror='window.bad=1'>\u202e\n" + "w" * 10_000
PROFILE = LimitNow(
    "profile",
    "Profile 100 requests/s per space",
    "spa_1",
    "requests",
    100,
    1.0,
    28,
    7,
    (40,) * 50 + (110, 130) + (28,) * 8,
)
TRACKING = LimitNow(
    "tracking",
    "Tracking 500 requests/s per source",
    HOSTILE,
    "requests",
    500,
    1.0,
    430,
    0,
    (400,) * 59 + (430,),
)
RECENT = Recent(
    (440,) * 50 + (510, 530) + (458,) * 8,
    (0,) * 50 + (3, 4) + (0,) * 8,
    {"200": 26_000, "429": 7, "none": 1},
    (TRACKING, PROFILE),
    ("lane_wait", 80 * NS_PER_S),
)
STATUS = Status(
    share=0.5,
    rate_per_s=458.0,
    accepted=25_000,
    throttled=7,
    lag_ms=0.4,
    left_ns=700 * NS_PER_S,
    elapsed_ns=60 * NS_PER_S,
    at_least=True,
    waiting=Waiting(ceiling=1_000, person=12),
    next_is="ceiling",
    next_in_ns=34 * NS_PER_S,
    in_flight=4,
    recent=RECENT,
)
EXPECT = [parse_expectation("throttle.throttled == 0"), parse_expectation("p99 of service_time_ms < 50ms")]
OUTCOMES = [Outcome("throttle.throttled == 0", 7, "", False)]
STATES = {
    "nothing": standing_of(None, Told()),
    "refused": standing_of(None, Told(state=REFUSED, said="198.51.100.7 is not this machine")),
    "running": standing_of(STATUS, Told(state=RUNNING, expect=EXPECT, outcomes=OUTCOMES)),
    "ended": standing_of(
        STATUS,
        Told(state=ENDED, said="Warn: 7 of 26,008 answered 429.", verdict="warn", report="r/report.html"),
    ),
}


class Serving:
    """The page, its policy, and where things stand."""

    def __init__(self) -> None:
        self.standing: dict[str, Any] = STATES["nothing"]
        page, policy = live_page()
        serving = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_data = self.path.endswith("/data")
                body = (json.dumps(serving.standing) if is_data else page).encode()
                self.send_response(200)
                self.send_header(
                    "Content-Type", "application/json" if is_data else "text/html; charset=utf-8"
                )
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/replay"


@pytest.fixture(scope="module")
def serving():
    made = Serving()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def look(tab, serving):
    """Opens the page in a state; after the test there must have been no problem in it."""

    def open_page(name, *, width=1280, dark=False):
        serving.standing = STATES[name]
        tab.resize(width, 900)
        tab.prefer(dark=dark)
        tab.goto(serving.url)
        tab.until(f"document.querySelector('#state').textContent === {serving.standing['state']!r}")
        return tab

    yield open_page
    problems, tab.problems[:] = list(tab.problems), []
    assert problems == []


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("width", [360, 820, 1400])
def test_no_state_scrolls_sideways_and_no_figure_stands_alone_in_its_row(look, name, width):
    page = look(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    rows = page.evaluate(
        "Object.values(Object.groupBy([...document.querySelectorAll('.figures > div')].filter("
        "(each) => each.offsetParent), (each) => each.offsetTop)).map((row) => row.length)"
    )
    assert len(set(rows)) <= 1


def test_each_limit_is_drawn_against_its_own_line_and_the_seconds_over_it_are_marked(look):
    page = look("running")
    charts = page.evaluate(
        "[...document.querySelectorAll('#limits figure')].map((figure) => ({"
        "text: figure.innerText, over: figure.querySelectorAll('rect.over').length,"
        "line: Number(figure.querySelector('line').getAttribute('y1')),"
        "last: Number([...figure.querySelectorAll('rect')].at(-1).getAttribute('y'))}))"
    )
    tracking, profile = charts
    assert "430 of 500 in 1 s" in tracking["text"]
    assert f"… ({len(HOSTILE):,} characters)" in tracking["text"]
    assert tracking["over"] == 0
    # 100 is the bottom: the last second reaches 430/500 of the way to the line.
    assert (100 - tracking["last"]) / (100 - tracking["line"]) == pytest.approx(430 / 500)
    assert "28 of 100 in 1 s; over it in 2 of the last 60 s; 7 answered 429" in profile["text"]
    assert profile["over"] == 2
    # The chart of all requests has no line: no limit counts them all.
    assert page.evaluate("document.querySelectorAll('#load line').length") == 0
    assert page.evaluate("document.querySelectorAll('#load rect.throttled').length") == 2
    assert page.evaluate("window.bad") is None


def test_what_waits_what_is_expected_and_the_time_left_are_said(look):
    page = look("running")
    assert page.text("#share-words") == "50 % done in 1 min, at least 11 min 40 s left"
    waiting = page.evaluate("[...document.querySelectorAll('#waiting tr')].map((row) => row.innerText)")
    assert waiting == ["the ceiling\t1,000", "an earlier item of the same person\t12"]
    assert page.text("#next") == "Next: the ceiling opens in 34 s."
    expected = page.evaluate("[...document.querySelectorAll('#expected tr')].map((row) => row.innerText)")
    assert expected == ["throttle.throttled == 0\t7\tno", "p99 of service_time_ms < 50ms\t–\tnot yet known"]
    assert "1 min 20 s" in page.text("#figures")


def test_when_it_has_ended_the_verdict_and_the_report_are_there_and_lead_on(look, serving):
    page = look("ended")
    assert page.evaluate("document.querySelector('#said').className") == "warn"
    links = page.evaluate("[...document.links].filter((link) => link.offsetParent).map((link) => link.href)")
    assert links == [serving.url.removesuffix("replay"), f"{serving.url}/report"]
    assert page.text("#path") == "r/report.html"
    page.press("Tab")
    assert page.evaluate("document.activeElement.id") == "home"


def test_what_stays_the_same_is_left_alone(look, serving):
    page = look("running")
    page.evaluate("window.kept = document.querySelector('#limits figure')")
    serving.standing = STATES["running"] | {"accepted": 25_001}
    page.until("document.querySelector('#figures').innerText.includes('25,001')")
    assert page.evaluate("window.kept.isConnected")


def test_a_locust_that_is_gone_is_said(look, serving):
    page = look("running")
    serving.standing = None
    page.until("document.querySelector('#state').textContent === 'not reachable'")
    serving.standing = STATES["running"]
    page.until("document.querySelector('#state').textContent === 'running'")


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(look, axe, name, dark):
    found = axe(look(name, dark=dark))
    assert [one for one in found if one[0] in ("serious", "critical")] == []
