"""The page: like its golden copy, self-contained, safe from hostile names, and whole in a browser."""

import html.parser
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.html import html_report, write_html
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS

GOLDEN = Path(__file__).with_name("golden.html")
HOSTILE = '"><script>alert(1)</script><img src=http://evil.test/x onerror=alert(1)>' + "w" * 400


def a_hostile_document():
    of = replace(facts(), target="http://" + HOSTILE, recording={"name": HOSTILE}, command="run " + HOSTILE)
    return a_document(items=60, sources=(HOSTILE, "b" * 300, "c\u202ed"), of=of)


class Elements(html.parser.HTMLParser):
    """Collects tags, attributes and texts."""

    def __init__(self, page):
        super().__init__()
        self.opened, self.closed, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.closed.append(tag)

    def handle_endtag(self, tag):
        self.closed.append(tag)


PAGES = RUNS | {"hostile": a_hostile_document}


def scrubbed(page):
    return re.sub(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d UTC", "DATE", page)


def test_the_page_is_its_golden_copy():
    page = scrubbed(html_report(a_document(items=900, rate_per_s=800)))
    if os.environ.get("ACCEPT_GOLDEN") == "1":
        GOLDEN.write_text(page)
    assert page == GOLDEN.read_text(), "see README.md here for how to accept a change that is meant"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_well_formed_and_has_landmarks_and_one_first_heading(name):
    elements = Elements(html_report(PAGES[name]()))
    void = {"meta", "link", "br"}
    assert sorted(tag for tag in elements.opened if tag not in void) == sorted(elements.closed)
    assert [elements.opened.count(tag) for tag in ("h1", "header", "main", "footer")] == [1, 1, 1, 1]
    assert elements.opened.count("figure") == sum(
        1
        for tag, attribute, value in elements.attributes
        if (tag, attribute, value) == ("svg", "role", "img")
    )
    assert all(value for _, attribute, value in elements.attributes if attribute == "aria-label")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_the_network_for_anything_or_runs_a_script(name):
    page = html_report(PAGES[name]())
    elements = Elements(page)
    assert "script" not in elements.opened
    assert not {"img", "iframe", "object", "form", "base"} & set(elements.opened)
    assert not [value for _, attribute, value in elements.attributes if attribute in ("src", "srcset")]
    assert [value for _, attribute, value in elements.attributes if attribute == "href"] == ["data:,"]
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert not [attribute for _, attribute, _ in elements.attributes if attribute.startswith("on")]


def test_names_from_outside_are_escaped_and_cut():
    page = html_report(a_hostile_document())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "b" * 90 not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_hole(name):
    page = html_report(PAGES[name]())
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\b(None|nan|Undefined|inf)\b", text)


def test_each_figure_is_defined_where_it_stands():
    page = html_report(RUNS["throttled"]())
    for words in ("Service time", "Response time", "Schedule lag", "accepted", "missing", "duplicates"):
        assert re.search(rf'<abbr title="[^"]+\.">{words}</abbr>', page), words


def test_the_file_is_its_owners_alone(tmp_path):
    write_html(tmp_path / "report.html", RUNS["clean"]())
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600


def browser():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        message = "no Chromium here: install one to have the page looked at in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


# Frames give the widths: a window of a headless browser may not go below 500 px.
_MEASURE = """<!doctype html><body>{frames}<script>
onload = () => {{
  for (const frame of document.querySelectorAll('iframe')) {{
    const root = frame.contentDocument.documentElement;
    const out = document.createElement('p');
    out.textContent = 'WIDTH ' + frame.dataset.name + ' ' + root.clientWidth + ' ' + root.scrollWidth;
    document.body.append(out);
  }}
}};
</script></body>"""


def test_in_a_browser_no_page_scrolls_sideways(tmp_path):
    program = browser()
    frames = []
    for name, make in PAGES.items():
        file = tmp_path / f"{name.replace(' ', '-')}.html"
        write_html(file, make())
        frames += [
            f'<iframe data-name="{file.stem}" src="{file.name}" style="border:0;width:{width}px"></iframe>'
            for width in (360, 1280)
        ]
    (tmp_path / "measure.html").write_text(_MEASURE.format(frames="".join(frames)))
    command = [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--allow-file-access-from-files", "--window-size=1400,900",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=4000", "--dump-dom",
        f"file://{tmp_path / 'measure.html'}",
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
    widths = re.findall(r"WIDTH (\S+) (\d+) (\d+)", ended.stdout)
    assert len(widths) == 2 * len(PAGES)
    assert {client for _, client, _ in widths} == {"360", "1280"}
    assert [entry for entry in widths if int(entry[2]) > int(entry[1])] == []
