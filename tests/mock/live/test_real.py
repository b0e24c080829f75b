"""The page on a mock of its own process: every class of message, as its own calls tell them."""

import httpx
import pytest

from harness.mock.launch import launch
from tests.mock.live.backstage import COUNT, NAMES

WEB = "a-made-up-write-key-web1"
OFF = "a-made-up-write-key-off2"
SETTINGS = f"""
[[sources]]
slug = "web"
write_keys = ["{WEB}"]
[[sources.destinations]]
name = "Mixpanel"
[[sources]]
slug = "off"
enabled = false
write_keys = ["{OFF}"]
[[faults]]
name = "no pages today"
endpoint = "/v1/page"
status = 503
first = 1
"""
HOSTILE = "<img src=x onerror=window.ran=1>\u202e"
CLASSES = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")
FIGURES = "[...document.querySelectorAll('#figures b')].map((figure) => figure.textContent)"
WIDE = "[document.documentElement.scrollWidth, document.body.scrollWidth]"


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    config = tmp_path_factory.mktemp("mock") / "mock.toml"
    config.write_text(SETTINGS, "utf-8")
    with launch(extra=["--config", str(config)]) as running:
        yield running


@pytest.fixture
def call(mock):
    """Sends; before each test the mock is as new."""
    with httpx.Client(base_url=mock.url, trust_env=False, auth=(WEB, "")) as client:
        client.post("/__admin/reset").raise_for_status()
        client.put("/__admin/limits", json={}).raise_for_status()
        yield client


@pytest.fixture
def open_real(tab, mock):
    def open_page(*, width=1280):
        tab.resize(width, 800)
        tab.goto(f"{mock.url}/")
        tab.until("document.getElementById('state').className === 'live'")
        return tab

    tab.problems.clear()
    yield open_page
    tab.goto("about:blank")
    problems = list(tab.problems)
    tab.problems.clear()
    assert problems == []


def track(message_id, **more):
    return {"messageId": message_id, "userId": "u-1", "event": "Order Completed", **more}


def send_every_class(call):
    """10 messages in calls, 3 in a batch; 2 calls of other APIs, one that nobody reads, one to no path."""
    call.post("/v1/track", json=track("m1", properties={"total": 12345678901234567890}))
    call.post("/v1/track", json=track("m1"))
    call.post("/v1/track", json=track("m2", event=7))
    call.post("/v1/track", json=track("m3"), auth=(OFF, ""))
    call.post("/v1/track", json=track("m4", properties={"x": "x" * 40_000}))
    assert call.post("/v1/page", json={"messageId": "m5", "userId": "u-2", "name": "Home"}).status_code == 503
    call.post("/v1/track", json=track("m6", event=HOSTILE, userId=HOSTILE, writeKey=WEB))
    call.post("/v1/identify", json={"messageId": "m7", "userId": "u-3", "traits": {"email": 1, "plan": 2}})
    not_there = {"type": "track", **track("b2", integrations={"All": False})}
    call.post("/v1/batch", json={"batch": [{"type": "track", **track("b1")}, not_there, 7]})
    call.post("/v1/track", content=b'{"userId":')
    call.get("/v1/spaces/s/collections/users/profiles/user_id:u-1/traits", auth=("token", ""))
    call.get("/sources", auth=None, headers={"Authorization": "Bearer token"})
    call.get("/v1/tracks")
    call.put("/__admin/limits", json={"rules": [{"api": "tracking", "count": 1}]}).raise_for_status()
    assert [call.post("/v1/track", json=track(f"t{n}")).status_code for n in range(2)] == [200, 429]


def test_every_class_of_message_and_call_is_shown_with_what_became_of_it(call, open_real):
    send_every_class(call)
    counts = call.get("/__admin/ledger").json()
    page = open_real()
    page.until(f"{COUNT} === 17")
    figures = [str(counts[name]) for name in ("received", *CLASSES, "unreadable_requests")]
    assert page.evaluate(FIGURES) == figures == ["13", "6", "1", "3", "1", "1", "1", "1"]
    assert page.evaluate(NAMES)[::-1] == [
        "Order Completed",
        "Order Completed",
        "7",
        "Order Completed",
        "Order Completed",
        "Home",
        HOSTILE.replace("\u202e", r"\u202e"),
        "email, plan",
        "Order Completed",
        "Order Completed",
        "/v1/batch",
        "/v1/track",
        "/v1/spaces/s/collections/users/profiles/user_id:u-1/traits",
        "/sources",
        "/v1/tracks",
        "Order Completed",
        "Order Completed",
    ]
    verdicts = "[...document.querySelectorAll('#rows .verdict')].map((cell) => cell.textContent)"
    assert page.evaluate(verdicts)[::-1] == [
        "stored",
        "duplicate",
        "discarded event_not_string",
        "discarded source_disabled",
        "refused too_large",
        "faulted no pages today",
        "stored",
        "stored",
        "stored",
        "stored",
        "discarded bad_request",
        "400",
        "200",
        "200",
        "404",
        "stored",
        "throttled rate_limit",
    ]
    overview = " ".join(page.text("#overview").split())
    for words in (
        "Tracking 1 requests/s per source",
        "1 throttled",
        "…web1",
        "…off2",
        "no pages today 1 1",
        "filtered at destination Mixpanel FILTERED_BY_INTEGRATIONS_OBJECT 1",
        "delivered Mixpanel 5",
    ):
        assert words in overview
    assert page.text("#against").startswith("tracking: 1 requests a second")
    assert page.evaluate("window.ran") is None


def test_a_click_shows_a_message_as_it_was_written_its_final_form_and_no_key(call, open_real):
    send_every_class(call)
    page = open_real()
    page.until(f"{COUNT} === 17")
    page.click("#rows tr:last-child .name")
    page.until("document.querySelector('#body .key')")
    assert '"total": 12345678901234567890' in page.text("#body")
    page.click("#tab-final")
    assert '"receivedAt": "' in page.text("#body")
    page.click("#tab-verdict")
    assert '"path": "/v1/track"' in page.text("#body")
    page.click("#close")
    page.click("#rows tr:nth-last-child(7) .name")
    page.until("document.querySelector('#body .key')")
    page.click("#tab-raw")
    assert '"writeKey": "…web1"' in page.text("#body")
    assert WEB not in page.evaluate("document.documentElement.outerHTML")


def test_what_is_searched_and_filtered_for_is_found_beyond_the_rows_at_hand(call, open_real):
    batch = [{"type": "track", **track(f"n{number}")} for number in range(2_000)]
    batch[3]["event"] = "Needle"
    call.post("/v1/batch", json={"batch": batch}).raise_for_status()
    call.post("/v1/track", json=track("x", event=None))
    page = open_real()
    page.until(f"{COUNT} === 500")
    page.press("/")
    page.type("needLE")
    page.until(f"{COUNT} === 1")
    assert page.evaluate(NAMES) == ["Needle"]
    page.evaluate("document.querySelector('#search').select()")
    page.press("Space")
    page.click(".figure.discarded")
    page.until(f"{COUNT} === 1 && document.querySelector('#rows .verdict').textContent.includes('event_not')")


def test_at_no_width_does_the_page_scroll_sideways_over_real_traffic(call, open_real):
    send_every_class(call)
    call.post("/v1/track", json=track("w" * 300, event="W" * 3_000, userId="U" * 3_000))
    page = open_real()
    page.until(f"{COUNT} === 18")
    for width in (360, 800, 1280, 1600):
        page.resize(width, 800)
        assert page.evaluate(WIDE) == [width, width]
