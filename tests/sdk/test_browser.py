"""@segment/analytics-next in a real browser, unmodified: what the page asked for is in the ledger, once."""

import functools
import http.server
import json
import threading
import urllib.parse

import httpx
import pytest

from harness.mock.launch import launch
from tests.browser import Browser
from tests.sdk.sdks import HERE, KEY, PACKAGES, Ledger, needed, waited_s

CALLS = [
    ["page", "Docs", "Home"],
    ["identify", "u-1", {"email": "a@shop.example"}],
    ["track", "Order Completed", {"total": 9.5}],
    ["group", "g-1", {"plan": "Größe 7 ☃"}],
    ["screen", "Start"],
    ["alias", "u-2", "u-1"],
]


class Pages(http.server.SimpleHTTPRequestHandler):
    """The pages here, and the SDK's own files under /umd/."""

    def translate_path(self, path):
        path = urllib.parse.urlsplit(path).path
        umd = PACKAGES / "analytics-next" / "dist"
        return str(umd / path[1:] if path.startswith("/umd/") else HERE / "pages" / path[1:])

    def log_message(self, *_of): ...


@pytest.fixture(scope="module")
def site():
    """Where the pages are: another origin than the mock's."""
    needed(PACKAGES / "analytics-next", "@segment/analytics-next")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


def arrived(page, ledger, count):
    """Wait until the ledger has stored so many."""
    for _ in range(200):
        if ledger.counts()["stored"] >= count:
            return
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    pytest.fail(f"of {count} messages came {ledger.counts()['stored']}; the page says {page.problems}")


def send(page, settings, options, calls):
    return page.evaluate(f"send({json.dumps(settings)}, {json.dumps(options)}, {json.dumps(calls)})")


def own_settings(mock, **metrics):
    """What the page is given in place of what the settings endpoint would say."""
    host = {"apiKey": KEY, "apiHost": f"127.0.0.1:{mock.port}/v1", "protocol": "http"}
    # Without a sample rate of its own it would tell Segment how it fares.
    told = {"integrations": {"Segment.io": host}, "metrics": {"sampleRate": 0, **metrics}}
    return {"writeKey": KEY, "cdnSettings": told}


def check_calls(messages, anonymous_id):
    kinds = {message["type"]: message for message in messages}
    assert kinds.keys() == {"page", "identify", "track", "group", "screen", "alias"}
    assert (kinds["page"]["category"], kinds["page"]["name"]) == ("Docs", "Home")
    assert kinds["identify"]["traits"] == {"email": "a@shop.example"}
    assert kinds["track"]["properties"] == {"total": 9.5}
    assert (kinds["group"]["groupId"], kinds["group"]["traits"]) == ("g-1", {"plan": "Größe 7 ☃"})
    assert kinds["alias"]["previousId"] == "u-1"
    assert {message["anonymousId"] for message in messages} == {anonymous_id}
    assert {message["context"]["library"]["name"] for message in messages} == {"analytics.js"}


def test_as_a_page_carries_it_with_settings_from_the_mock_every_early_call_is_stored(site, browser):
    with launch(limits="none") as mock:
        query = urllib.parse.urlencode({"key": KEY, "cdn": mock.url})
        page = browser.page(f"{site}/snippet.html?{query}")
        ledger = Ledger(mock)
        arrived(page, ledger, 5)
        counts, messages = ledger.counts(), ledger.messages()
        asked = page.requests
        page.close()
    assert page.problems == []
    assert counts["received"] == 5
    assert {message["type"] for message in messages} == {"page", "identify", "track", "group", "alias"}
    assert ("GET", f"{mock.url}/v1/projects/{KEY}/settings") in asked
    foreign = {url for _, url in asked if not url.startswith((site, mock.url, "data:"))}
    assert not foreign, "settings from the mock lead nowhere else"


def test_one_by_one_each_call_is_stored_once_and_as_it_was_made(site, browser):
    with launch(limits="none") as mock:
        page = browser.page(f"{site}/installed.html")
        anonymous_id = send(page, {"writeKey": KEY, "cdnURL": mock.url}, {}, CALLS)
        ledger = Ledger(mock)
        arrived(page, ledger, len(CALLS))
        counts, messages = ledger.counts(), ledger.messages()
        page.close()
    assert page.problems == []
    assert (counts["received"], counts["stored"]) == (len(CALLS), len(CALLS))
    check_calls(messages, anonymous_id)


def test_in_batches_each_call_is_stored_once_and_what_waits_leaves_with_the_page(site, browser):
    batching = {"deliveryStrategy": {"strategy": "batching", "config": {"size": 4, "timeout": 60_000}}}
    with launch(limits="none") as mock:
        page = browser.page(f"{site}/installed.html")
        options = {"integrations": {"Segment.io": batching}}
        anonymous_id = send(page, own_settings(mock), options, CALLS)
        ledger = Ledger(mock)
        arrived(page, ledger, 4)
        assert ledger.counts()["stored"] == 4, "the others wait for their batch to fill"
        page.goto("about:blank")
        arrived(page, ledger, len(CALLS))
        counts, messages = ledger.counts(), ledger.messages()
        page.close()
    assert page.problems == []
    assert (counts["received"], counts["stored"]) == (len(CALLS), len(CALLS))
    check_calls(messages, anonymous_id)


def test_a_429_is_waited_out_and_nothing_is_lost(site, browser):
    calls = [["track", f"E{number}"] for number in range(4)]
    with launch(extra=["--limit", "tracking=2/s"]) as mock:
        page = browser.page(f"{site}/installed.html")
        send(page, own_settings(mock), {}, calls)
        ledger = Ledger(mock)
        arrived(page, ledger, len(calls))
        counts, arrivals = ledger.counts(), ledger.arrivals()
        failures = page.evaluate("failures")
        page.close()
    assert failures == []
    assert (counts["stored"], counts["duplicates"]) == (4, 0)
    assert counts["throttled"] >= 2
    assert min(waited_s(arrivals)) >= 0.99


def test_its_telemetry_is_taken_and_is_no_message(site, browser):
    with launch(limits="none") as mock:
        page = browser.page(f"{site}/installed.html")
        # Where telemetry goes, and by which protocol, it learns from the page's own options alone.
        where = {"apiHost": f"127.0.0.1:{mock.port}/v1", "protocol": "http"}
        settings = own_settings(mock, sampleRate=1, flushTimer=50)
        send(page, settings, {"integrations": {"Segment.io": where}}, CALLS[:1])
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))")
        ledger = Ledger(mock)
        arrived(page, ledger, 1)
        counts = ledger.counts()
        page.close()
    assert ("POST", f"{mock.url}/v1/m") in page.requests
    assert page.problems == []
    assert counts["received"] == 1


def test_settings_from_the_mock_let_no_telemetry_go_to_segment():
    with launch(limits="none") as mock:
        url = f"{mock.url}/v1/projects/{KEY}/settings"
        settings = httpx.get(url, trust_env=False).raise_for_status().json()
    # Unless told otherwise the SDK sends all of it to api.segment.io, by https whatever the mock speaks.
    assert settings["metrics"]["sampleRate"] == 0
    assert settings["integrations"]["Segment.io"]["apiHost"].startswith("127.0.0.1:")
