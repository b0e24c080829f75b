"""The page: like its golden copy, self-contained, true to its document, and safe from hostile names."""

import base64
import copy
import hashlib
import html.parser
import os
import random
import re
from pathlib import Path

import orjson
import pytest

from harness.measure.summary import Summary
from harness.report.definitions import TERMS
from harness.report.document import build_document
from harness.report.html import html_report, write_html
from harness.report.page import page
from tests.report.pages import NAMES, PAGES, PLANTED, contents_of, long
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS

GOLDEN = Path(__file__).with_name("golden.html")
VOID = {"meta", "link", "br", "rect", "path"}
ASSETS = re.compile(r"<style>.*?</style>|<script>.*?</script>", re.DOTALL)


class Elements(html.parser.HTMLParser):
    """Collects tags, attributes and texts."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.closed, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.closed.append(tag)

    def handle_endtag(self, tag):
        self.closed.append(tag)


def scrubbed(text):
    text = re.sub(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d UTC", "DATE", text)
    text = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-HASH", text)
    return re.sub(r"<(style|script)>.*?</\1>", r"<\1>ASSET</\1>", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def drawn():
    """All pages, drawn once."""
    documents = {name: make() for name, make in PAGES.items()}
    return {name: (document, html_report(document)) for name, document in documents.items()}


def test_the_page_is_its_golden_copy():
    text = scrubbed(html_report(a_document(items=900, rate_per_s=800)))
    if os.environ.get("ACCEPT_GOLDEN") == "1":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "see README.md here for how to accept a change that is meant"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_well_formed_and_has_landmarks_and_one_first_heading(drawn, name):
    elements = Elements(drawn[name][1])
    assert sorted(tag for tag in elements.opened if tag not in VOID) == sorted(
        tag for tag in elements.closed if tag not in VOID
    )
    assert [elements.opened.count(tag) for tag in ("h1", "header", "main", "footer")] == [1, 1, 1, 1]
    assert all(value for _, attribute, value in elements.attributes if attribute == "aria-label")
    ids = [value for _, attribute, value in elements.attributes if attribute == "id"]
    assert len(ids) == len(set(ids))
    links = {value for tag, attribute, value in elements.attributes if (tag, attribute) == ("a", "href")}
    assert links <= {f"#{name}" for name in ids}
    wanted = {value for _, attribute, value in elements.attributes if attribute == "popovertarget"}
    assert wanted <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_the_network_for_anything_and_only_its_own_scripts_may_run(drawn, name):
    text = drawn[name][1]
    elements = Elements(text)
    assert not {"img", "iframe", "object", "form", "base"} & set(elements.opened)
    assert not [
        value for _, attribute, value in elements.attributes if attribute in ("src", "srcset", "style")
    ]
    assert not [attribute for _, attribute, _ in elements.attributes if attribute.startswith("on")]
    outward = [
        value for _, attribute, value in elements.attributes if attribute == "href" and value[0] != "#"
    ]
    assert outward == ["data:,"]
    policy = next(value for _, attribute, value in elements.attributes if value and "default-src" in value)
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    inline = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    assert allowed == {base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inline}
    assert "unsafe" not in policy
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_names_from_outside_are_text_cut_counted_and_in_a_direction_of_their_own(drawn):
    text = ASSETS.sub("", drawn["hostile"][1])
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "w" * 90 not in text
    assert "(10,000 characters)" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200f]", text)
    assert "<bdi>הזמנה הושלמה</bdi>" in text
    assert "{{ 7 * 7 }}" in text


def test_no_planted_secret_or_person_is_in_the_page_or_in_what_the_events_left_in_the_document(drawn):
    document, text = drawn["hostile"]
    told = ASSETS.sub("", text) + orjson.dumps(document["contents"]["by_event"]).decode()
    found = {what for what, value in PLANTED.items() if value in told or value.replace("+", "&#43;") in told}
    assert found == set()
    assert "X-Amz" not in told
    assert "…SDK9" in told


def test_the_data_of_charts_cannot_end_its_element(drawn):
    text = drawn["hostile"][1]
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    assert "<" not in data
    assert orjson.loads(data)["charts"]


def test_a_hundred_thousand_events_make_a_short_table_that_counts_the_rest(drawn):
    document, text = drawn["many events"]
    assert document["contents"]["events"] == 100_000
    assert len(document["contents"]["by_event"]) == 200
    assert "30 of 100,000 different types and events" in text
    assert "and 99,970 more types and events with 99,970 messages" in text


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_hole(drawn, name):
    text = re.sub(r"<script.*?</script>|<style>.*?</style>|<[^>]*>", " ", drawn[name][1], flags=re.DOTALL)
    assert not re.search(r"\b(None|nan|Undefined|inf|null)\b", text)


def leaves(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))


def test_a_page_is_drawn_whatever_the_document_has_as_null():
    document = orjson.loads(orjson.dumps(a_document(items=40, limit_per_s=20)))
    contents = build_document(facts(), Summary(), contents=contents_of(["Viewed"]))["contents"]
    document["contents"] = orjson.loads(orjson.dumps(contents))
    document["batch_sizes"] = {"limit_bytes": 500_000, "biggest_bytes": 9, "bins": []}
    paths = [path for path in leaves(document) if path and (path[0] != "timeline" or len(path) == 1)]
    random.Random(4).shuffle(paths)
    for start in range(0, len(paths), 6):
        changed = copy.deepcopy(document)
        for path in paths[start : start + 6]:
            inner = changed
            for key in path[:-1]:
                inner = inner[key] or {}
            inner[path[-1]] = None
        assert "</html>" in html_report(changed), paths[start : start + 6]


def test_what_is_null_is_told_as_not_measured():
    document = a_document(items=40) | {"schedule_lag_ms": None, "rate_per_s": None}
    text = html_report(document)
    assert text.count("not measured") > html_report(a_document(items=40)).count("not measured") + 5


def test_each_figure_says_its_definition_on_demand(drawn):
    text = drawn["throttled"][1]
    for words in ("service_time", "response_time", "schedule_lag", "accepted", "missing", "offered", "mtus"):
        assert f'popovertarget="d-{words}"' in text, words
        assert f'id="d-{words}"' in text
    assert all(meaning.endswith(".") for _, meaning in TERMS.values())


def test_the_sections_stand_in_the_order_of_the_questions(drawn):
    order = re.findall(r'<h2 id="(\w+)">', drawn["throttled"][1])
    assert order == [
        "findings", "trust", "replayed", "billed", "became", "rates", "answers", "retries", "times", "waits",
        "apart", "sizes", "errors", "health", "again", "definitions",
    ][: len(order) + 1] or "trust" not in order  # fmt: skip
    assert order.index("replayed") < order.index("billed") < order.index("became") < order.index("rates")


def test_a_run_that_died_says_so_and_a_run_of_nothing_draws_nothing(drawn):
    assert "The run died before its end" in drawn["cut off"][1]
    assert "Nothing was sent, so there is nothing to draw" in drawn["nothing"][1]
    assert 'class="plot"' not in drawn["nothing"][1]


def test_a_run_in_which_all_was_refused_tells_what_to_do(drawn):
    text = drawn["all refused"][1]
    assert "The target failed; it was tried again." in text
    assert "Raise --answer-timeout" in text
    assert "0 %" in text


def test_a_page_is_small_and_so_is_that_of_an_hour(drawn):
    bare = html_report(RUNS["nothing"]())
    assert len(drawn["one item"][1]) < 250_000
    assert len(bare) < 250_000
    assert len(html_report(long(3_600))) < 1_000_000
    assert len(drawn["ten hours"][1]) < 1_000_000


def test_ten_hours_say_what_a_point_is_and_keep_the_busiest_second(drawn):
    text = drawn["ten hours"][1]
    assert "Each point is 10 s" in text
    assert "sent, busiest second" in text


def test_a_page_of_another_report_needs_a_title_a_header_and_a_body_alone():
    text = page(title="A <b>", header="<h1>One</h1>", body="<p>Two</p>")
    assert "<title>A &lt;b&gt;</title>" in text
    assert "<h1>One</h1>" in text
    assert "uPlot" not in text.replace("uplot", "")
    assert "default-src &#39;none&#39;" in text


def test_the_licence_of_what_draws_is_in_every_page_that_has_it(drawn):
    assert "Copyright (c) 2022 Leon Sorokin" in drawn["clean"][1]


def test_a_name_is_masked_before_it_is_kept():
    contents = contents_of(NAMES)
    kept = orjson.dumps([row.event for row in contents.by_event]).decode()
    assert not [what for what, value in PLANTED.items() if value in kept]


def test_the_file_is_its_owners_alone(tmp_path):
    write_html(tmp_path / "report.html", RUNS["clean"]())
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600
