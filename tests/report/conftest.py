"""One browser for the pages of this room, quiet and off the network, and axe to look at them."""

import os
from pathlib import Path

import pytest

from tests.browser import Browser

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture(scope="session")
def tab(browser):
    return browser.page()


@pytest.fixture
def look_at(tab):
    """Opens a file; after the test there must have been no problem in it, and nothing asked of a network."""

    def open_page(path, *, width=1280, dark=False):
        tab.resize(width, 800)
        tab.prefer(dark=dark)
        tab.requests.clear()
        tab.goto(f"file://{path}".replace(" ", "%20"))
        return tab

    yield open_page
    asked = [url for _, url in tab.requests if not url.startswith(("file:", "data:"))]
    problems, tab.problems[:] = list(tab.problems), []
    assert (problems, asked) == ([], [])


@pytest.fixture
def axe():
    """What axe finds on a page as it is, the gravest and the less grave."""
    if not AXE.exists():
        message = "axe-core is not here: run tests/report/axe/install"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    def find(page):
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text("utf-8") + "; 1")
        return page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations.map((one) =>"
            " [one.impact, one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]))"
        )

    return find
