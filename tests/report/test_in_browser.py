"""The page in a browser: quiet, as wide as its window, one zoom for all, for keys and for everybody."""

import base64
import json

import pytest

from harness.report.html import write_html
from tests.report.pages import PAGES

SHOWN = (
    "hostile",
    "nothing",
    "throttled",
    "closed loop",
    "all refused",
    "cut off",
    "ten hours",
    "many events",
    "observed",
    "three APIs",
)
SPANS = "[...document.querySelectorAll('.tools .span')].map((span) => span.textContent)"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The page of each document, drawn once."""
    folder = tmp_path_factory.mktemp("pages")
    for name in SHOWN:
        write_html(folder / f"{name}.html", PAGES[name]())
    return folder


@pytest.fixture
def look(look_at, files):
    """Opens the page of this name."""
    return lambda name, **how: look_at(files / f"{name}.html", **how)


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("width", [360, 820, 1400])
def test_no_page_scrolls_sideways_and_all_its_charts_are_drawn(look, name, width):
    page = look(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    drawn = page.evaluate("document.querySelectorAll('.plot canvas').length")
    assert drawn == page.evaluate("document.querySelectorAll('.plot').length")
    assert bool(drawn) == (name != "nothing")


def test_no_figure_at_the_top_is_broken_and_no_caption_is_cut(look):
    for width in (360, 820, 1400):
        page = look("ten hours", width=width)
        broken = page.evaluate(
            "[...document.querySelectorAll('.figures b')].filter((one) => one.getClientRects().length > 1"
            " || one.getBoundingClientRect().right > one.closest('div').getBoundingClientRect().right + 1)"
            ".map((one) => one.textContent)"
        )
        cut = page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter((one) => one.querySelector('caption > span')"
            "?.getBoundingClientRect().right > one.getBoundingClientRect().right + 1)"
            ".map((one) => one.ariaLabel)"
        )
        assert (broken, cut) == ([], [])


def test_a_hostile_page_runs_nothing_and_its_policy_holds_back_what_would(look):
    page = look("hostile")
    assert page.evaluate("window.bad") is None
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.bad=1\">')")
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert page.evaluate("window.bad") is None
    assert any("Content Security Policy" in problem for problem in page.problems)
    page.problems.clear()


def test_zooming_one_chart_zooms_all_over_time_and_the_whole_run_comes_back(look):
    page = look("throttled")
    page.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    x, y, wide = page.evaluate(
        "(() => { const box = document.querySelector('.u-over').getBoundingClientRect();"
        " return [box.x, box.y + 50, box.width]; })()"
    )
    for kind, at in (
        ("mousePressed", 0.3),
        ("mouseMoved", 0.45),
        ("mouseMoved", 0.6),
        ("mouseReleased", 0.6),
    ):
        page.command(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x + at * wide,
            y=y,
            button="left",
            buttons=1,
            clickCount=1,
        )
    zoomed = page.until(f"{SPANS}.filter(Boolean).length > 3 && {SPANS}.filter(Boolean)")
    assert len(set(zoomed)) == 1
    assert zoomed[0].endswith(" s")
    page.click(".zoomed .all")
    page.until(f"{SPANS}.every((span) => span === '')")


def test_keys_move_through_a_chart_and_say_what_is_there(look):
    page = look("throttled")
    page.evaluate("document.querySelector('.plot').focus()")
    page.press("ArrowRight")
    page.press("ArrowRight")
    heard = page.until("document.querySelector('[aria-live]').textContent")
    sent = PAGES["throttled"]()["timeline"]["sent"][1]
    assert heard.startswith(f"1 s: sent {sent}")
    page.press("+")
    page.until(f"{SPANS}.filter(Boolean).length > 3")
    page.press("Escape")
    page.until(f"{SPANS}.every((span) => span === '')")


def test_a_series_can_be_hidden_with_its_key(look):
    page = look("throttled")
    page.click(".keys button")
    assert page.evaluate("document.querySelector('.keys button').getAttribute('aria-pressed')") == "false"


@pytest.mark.parametrize("width", [360, 1280])
def test_a_definition_opens_beside_its_word_within_the_window_and_closes_with_escape(look, width):
    page = look("throttled", width=width)
    page.evaluate("document.querySelector('button.term').focus()")
    page.press("Enter")
    left, right, words = page.until(
        "(() => { const open = document.querySelector(':popover-open'); if (!open) return null;"
        " const box = open.getBoundingClientRect(); return [box.left, box.right, open.innerText]; })()"
    )
    assert 0 <= left < right <= width
    assert "Answered 2xx" in words
    page.press("Escape")
    page.until("!document.querySelector(':popover-open')")


def test_every_chart_has_its_values_as_a_table_without_scripts_too(look, tab):
    tab.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page = look("throttled")
        seen = page.evaluate(
            "[document.querySelectorAll('.chart details table').length,"
            " document.querySelectorAll('.chart').length,"
            " getComputedStyle(document.querySelector('.plot')).display]"
        )
        assert seen[0] == seen[1] > 3
        assert seen[2] == "none"
    finally:
        tab.command("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_a_dark_page_is_light_and_has_its_charts_and_definitions(look):
    page = look("throttled", dark=True)
    page.command("Emulation.setEmulatedMedia", media="print")
    try:
        seen = page.evaluate(
            """(async () => {
              const style = (what) => getComputedStyle(document.querySelector(what));
              dispatchEvent(new Event('beforeprint'));
              await null;
              const wide = document.querySelector('.plot .uplot').clientWidth;
              const found = [
                style('body').backgroundColor, style('nav').display, style('.definition').display, wide,
              ];
              dispatchEvent(new Event('afterprint'));
              return found;
            })()"""
        )
    finally:
        page.command("Emulation.setEmulatedMedia", media="")
    assert seen == ["rgb(255, 255, 255)", "none", "block", 640]
    paper = base64.b64decode(page.command("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert paper.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("throttled", 360, False),
        ("throttled", 1400, True),
        ("three APIs", 820, False),
        ("three APIs", 360, True),
        ("observed", 820, True),
        ("observed", 1400, False),
        ("hostile", 360, True),
        ("hostile", 820, False),
        ("nothing", 820, True),
        ("nothing", 1400, False),
    ],
)
def test_axe_finds_nothing_serious(look, axe, name, width, dark):
    page = look(name, dark=dark, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe(page)
    serious = [one for one in found if one[0] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)
