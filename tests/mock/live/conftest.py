"""One browser and one tab for all tests of the live page, and a mock on its stage for each."""

import pytest

from tests.browser import Browser
from tests.mock.live.backstage import BLANK, Backstage

# Long timers are noted, and run soon: no test waits for what the page would wait for.
_QUICK = """
  window.delays = [];
  const later = window.setTimeout.bind(window);
  window.setTimeout = (run, ms) => {
    if (ms >= 100) window.delays.push(ms);
    return later(run, Math.min(ms, 30));
  };
  Object.defineProperty(document, 'hidden', {get: () => window.away === true});
"""


@pytest.fixture(scope="package")
def tab():
    with Browser() as browser:
        yield browser.page(on_new_document=_QUICK)


@pytest.fixture
def backstage():
    with Backstage() as running:
        yield running


@pytest.fixture
def stage(backstage):
    return backstage.stage


@pytest.fixture
def look(tab, backstage):
    """Opens the page, at a width; after the test there must have been no problem in it."""

    def open_page(*, width=1280):
        tab.resize(width, 800)
        tab.goto(backstage.url)
        tab.until("document.getElementById('state').className !== 'connecting'")
        return tab

    tab.requests.clear()
    yield open_page
    tab.goto("about:blank" if backstage.closed else backstage.url.rstrip("/") + BLANK)
    problems = list(tab.problems)
    tab.problems.clear()
    assert problems == []
