"""Pages of comparisons, searches and the list of runs in a browser: quiet, on any screen, for everybody."""

import json

import pytest

from harness.report.comparison_html import write_comparison
from harness.report.index import write_index
from harness.report.search_html import write_search
from tests.measure.sends import WALL_NS
from tests.report.compared import COMPARISONS
from tests.report.pages import MARKUP, PAGES
from tests.report.test_index import FOLDERS, HOSTILE, make
from tests.report.test_search_html import STEPS, search

SHOWN = ("equal", "worse", "better", "too short", "three", "hostile")
LISTS = ("no runs", "all kinds")
SEARCH = "a search"
# Colours do not depend on the width, but on whether a row is a block.
SCREENS = ((360, False), (360, True), (820, True), (1400, False))
# What reaches beyond the column of text, however it is cut off by what is around it.
BEYOND = """
  (() => {
    const edge = document.querySelector('main').getBoundingClientRect().right + 1;
    return [...document.querySelectorAll('main table, main td, main svg, main p, pre, h1')]
      .filter((one) => !one.closest('details, thead, .scroll'))
      .filter((one) => one.getBoundingClientRect().right > edge).map((one) => one.outerHTML.slice(0, 80));
  })()
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each page, drawn once."""
    folder = tmp_path_factory.mktemp("lists")
    for name in SHOWN:
        write_comparison(folder / f"{name}.html", *COMPARISONS[name]())
    found = {}
    for name in LISTS:
        (folder / name).mkdir()
        found[name] = write_index(folder / name, WALL_NS)
    kinds = FOLDERS | {kind: PAGES[kind]() for kind in ("hostile", "cut off", "throttled", "all refused")}
    kinds[HOSTILE[:80].replace("/", "\\")] = PAGES["clean"]()
    for name, document in kinds.items():
        make(folder / "all kinds", name, document)
    write_index(folder / "all kinds", WALL_NS)
    (folder / SEARCH).mkdir()
    found[SEARCH] = write_search(folder / SEARCH, search(*STEPS, recording=MARKUP))
    return found | {name: folder / f"{name}.html" for name in SHOWN}


@pytest.mark.parametrize("name", [*SHOWN, *LISTS, SEARCH])
def test_no_page_scrolls_sideways_and_axe_finds_nothing_on_any_screen(look_at, axe, files, name):
    page = look_at(files[name])
    for width, dark in SCREENS:
        page.resize(width, 800)
        page.prefer(dark=dark)
        page.until(f"document.documentElement.scrollWidth === {width}")  # charts follow a frame later
        assert page.evaluate(BEYOND) == []
        assert page.evaluate("window.bad") is None
        found = axe(page)
        assert found == [], (width, dark, json.dumps(found, indent=1))


def test_zooming_one_chart_of_a_comparison_zooms_all_over_time(look_at, files):
    page = look_at(files["worse"])
    page.evaluate("document.querySelector('.plot').focus()")
    page.press("+")
    spans = "[...document.querySelectorAll('.tools .span')].map((one) => one.textContent).filter(Boolean)"
    assert len(set(page.until(f"{spans}.length === 5 && {spans}"))) == 1
    page.press("Escape")
    page.until(f"{spans}.length === 0")


def test_a_phone_shows_each_figure_as_a_block_with_its_change_and_its_scale(look_at, files):
    page = look_at(files["worse"], width=360)
    seen = page.evaluate(
        """(() => {
          const row = document.querySelector('.changes .worse tr:not(.group)');
          const shown = (what) => row.querySelector(what).getBoundingClientRect().width > 0;
          return [row.innerText, shown('svg'), shown('.scale')];
        })()"""
    )
    assert "points" in seen[0]
    assert "regression" in seen[0]
    assert seen[1:] == [True, True]


def test_a_group_says_what_it_means_when_asked(look_at, files):
    page = look_at(files["equal"])
    page.evaluate("document.querySelector('.within-the-noise .group button').focus()")
    page.press("Enter")
    words = page.until("document.querySelector(':popover-open')?.innerText")
    assert "chance alone may have done this" in words
    page.press("Escape")
