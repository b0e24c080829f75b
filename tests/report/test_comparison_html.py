"""The page of a comparison: what changed first, charts of all runs, and hostile names as text."""

import re

import pytest

from harness.report.comparison_html import comparison_html, write_comparison
from harness.report.figure_words import figure_words
from harness.throttle.compared import COUNTS, ROWS
from tests.report.compared import COMPARISONS
from tests.report.test_html import ASSETS, VOID, Elements


@pytest.fixture(scope="module")
def drawn():
    """All pages, drawn once."""
    return {name: (made()[0], comparison_html(*made())) for name, made in COMPARISONS.items()}


def read(page):
    """A page without its assets and data."""
    page = re.sub(r'<script type="application/json".*?</script>', "", ASSETS.sub("", page), flags=re.DOTALL)
    return re.sub(r"\s+", " ", page)


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_page_is_whole_and_closed_to_all_else(drawn, name):
    page = drawn[name][1]
    elements = Elements(page)
    assert sorted(tag for tag in elements.opened if tag not in VOID) == sorted(
        tag for tag in elements.closed if tag not in VOID
    )
    assert [elements.opened.count(tag) for tag in ("h1", "header", "main", "footer")] == [1, 1, 1, 1]
    ids = [value for _, attribute, value in elements.attributes if attribute == "id"]
    assert len(ids) == len(set(ids))
    named = {
        value
        for _, attribute, value in elements.attributes
        if attribute in ("popovertarget", "aria-labelledby")
    }
    assert named <= set(ids)
    links = {value for tag, attribute, value in elements.attributes if (tag, attribute) == ("a", "href")}
    assert links <= {f"#{name}" for name in ids}
    assert not {"img", "iframe", "object", "form", "base"} & set(elements.opened)
    assert not [value for _, attribute, value in elements.attributes if attribute in ("src", "style")]
    assert "'unsafe" not in page
    assert len(page) - len(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]) < 250_000


def test_the_heading_is_the_verdict_in_words():
    worse, equal, three = (
        re.search("<h1>(.*?)</h1>", comparison_html(*COMPARISONS[name]()))[1]
        for name in ("worse", "equal", "three")
    )
    assert re.fullmatch(r'<span class="fail">Worse</span>: share of .* \+\d.*, and \d more\.', worse)
    assert equal == '<span class="">No figure changed beyond the noise.</span>'
    assert three == (
        '2 runs beside run-1: <span class="fail">1 worse</span>, 1 without a change beyond the noise.'
    )


def test_what_is_not_comparable_says_why_before_any_figure(drawn):
    page = read(drawn["too short"][1])
    assert "Not comparable, for 1 reason" in page
    assert page.index("this run lasted 20 s; it takes 60 s") < page.index("Service time p50")
    assert "within the noise" not in page.lower().partition("<footer>")[0]
    assert 'class="reach"' not in page


def test_the_groups_stand_in_order_and_each_figure_is_told_once_in_words_and_by_its_key(drawn):
    page = read(drawn["worse"][1])
    groups = re.findall(r'<tbody class="([a-z-]+)"', page)
    assert groups == ["worse", "different", "within-the-noise"]
    for row in ROWS:
        words = figure_words(row.figure)
        assert page.count(f"<small>{words.place}</small>") >= 1
        assert f">{words.words}</button>" in page
    assert page.count(">regression</button>") == 7


def test_a_change_is_told_with_a_minus_sign_and_never_a_hyphen(drawn):
    page = read(drawn["better"][1])
    assert re.search(r'<td class="change">−\d+ %', page)
    assert not re.search(r">-\d", page)


def test_each_bar_lies_where_its_numbers_say(drawn):
    document, page = drawn["worse"]
    bars = re.findall(r'class="reach" d="M([-\d.]+) 12H([-\d.]+)"/><path class="at" d="M([-\d.]+) ', page)
    changes = {change["figure"]: change for change in document["runs"][0]["changes"]}
    told = [change for change in changes.values() if change["low"] is not None]
    assert len(bars) == len(told) >= 8
    for low, high, at in bars:
        assert -100 <= float(low) <= float(at) <= float(high) <= 100
    sides = sorted((float(low) > 0) - (float(high) < 0) for low, high, _ in bars)
    assert sides == sorted((one["low"] > 0) - (one["high"] < 0) for one in told)


def test_counts_that_differ_are_a_table_and_the_rest_a_sentence(drawn):
    page = read(drawn["worse"][1])
    assert "Requests that were sent again" in page
    assert "Messages refused for good" not in page
    assert re.search(r"The other \d+ counts are the same in all runs", page)
    assert re.search(r"All \d+ counts are the same", read(drawn["equal"][1]))


def test_a_run_beside_itself_has_names_that_differ(drawn):
    page = read(drawn["itself"][1])
    assert "run-1 (2)" in page
    assert "2 without a change beyond the noise" in page


def test_the_command_to_do_it_again_is_there(drawn):
    assert "<pre>harness compare reports/A reports/B</pre>" in drawn["equal"][1]


def test_hostile_names_are_text_and_cut(drawn):
    page = read(drawn["hostile"][1])
    assert "<img" not in page
    assert "<script>" not in page
    assert "w" * 300 not in page.partition("<pre>")[0]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", page)


def test_every_figure_and_count_has_words():
    for name in (*(row.figure for row in ROWS), *COUNTS):
        words = figure_words(name)
        assert words.words[0].isupper()
        assert "_" not in words.words


def test_the_page_is_written_for_its_owner_alone(tmp_path):
    write_comparison(tmp_path / "c.html", *COMPARISONS["equal"]())
    assert (tmp_path / "c.html").stat().st_mode & 0o077 == 0
