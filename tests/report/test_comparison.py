"""The comparison as a document, in a terminal and on a page."""

import re

import orjson
import pytest
from jsonschema import Draft202012Validator

from harness.report.comparison import comparison_document, comparison_text
from harness.report.comparison_html import comparison_html, write_comparison
from harness.throttle.comparison import compare
from tests.report.test_html import Elements
from tests.throttle.paired import a_run

HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m' + "w" * 300
SCHEMA = {
    "type": "object",
    "required": [
        "format",
        "verdict",
        "exit_code",
        "sentence",
        "max_regression",
        "confidence",
        "baseline",
        "runs",
    ],
    "properties": {
        "format": {"const": "compare/1"},
        "verdict": {"enum": ["pass", "warn", "fail", "inconclusive"]},
        "runs": {
            "items": {
                "required": ["run", "comparable", "reasons", "notes", "changes", "counts", "finding"],
                "properties": {"changes": {"items": {"properties": {"low": {"type": ["number", "null"]}}}}},
            }
        },
    },
}


def a_comparison(*others, max_regression=None, **first):
    named = {"started_at": "2026-01-02T03:04:05.000000Z", "duration_s": 120.0, "verdict": "pass"}
    runs = [a_run(1, **first) | named, *(other | named for other in others)]
    comparisons = [compare(runs[0], run) for run in runs[1:]]
    return comparison_document(runs, comparisons, max_regression)


CASES = {
    "equal": lambda: a_comparison(a_run(2)),
    "slower": lambda: a_comparison(a_run(2, slower=1.8), max_regression=0.1),
    "too short": lambda: a_comparison(a_run(2, seconds=20), max_regression=0.1),
    "three": lambda: a_comparison(a_run(2), a_run(3, slower=2.0)),
    "blind": lambda: a_comparison(a_run(2, service_time_ms=None, response_time_ms=None)),
    "hostile": lambda: a_comparison(a_run(2, run_id=HOSTILE, target=HOSTILE, plan={"speed": HOSTILE})),
}


@pytest.mark.parametrize("name", CASES)
def test_every_comparison_has_its_form_and_can_be_read(name):
    document = CASES[name]()
    Draft202012Validator(SCHEMA).validate(orjson.loads(orjson.dumps(document)))
    text, page = comparison_text(document), comparison_html(document)
    assert not re.search(r"[\x1b\u202e]", text)
    elements = Elements(page)
    assert "script" not in elements.opened
    assert not [
        value for _, key, value in elements.attributes if key in ("src", "href") and value != "data:,"
    ]
    assert len(page) < 60_000
    assert sorted(elements.opened.count(tag) for tag in ("main", "h1")) == [1, 1]


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [("equal", "pass", 0), ("slower", "fail", 3), ("too short", "inconclusive", 4), ("three", "pass", 0)],
)
def test_the_exit_code_is_that_of_the_gravest(name, verdict, code):
    document = CASES[name]()
    assert (document["verdict"], document["exit_code"]) == (verdict, code)


def test_the_text_shows_each_figure_before_and_after():
    text = comparison_text(CASES["slower"]())
    assert re.search(
        r"p50 of service_time_ms +[\d.]+ ms +[\d.]+ ms +\+\d+ % +\+\d+ to \+\d+ % +worse  <- regression", text
    )
    assert "fail: Worse than run-1 by more than 10 %" in text
    assert re.search(r"messages\.accepted|counts that differ", text) is None  # they do not differ


def test_what_is_not_comparable_is_never_called_unchanged():
    document = CASES["too short"]()
    assert document["sentence"].startswith("Not comparable: this run lasted 20 s")
    assert "within the noise" not in comparison_text(document)
    assert "within the noise" not in comparison_html(document)


def test_each_bar_lies_where_its_numbers_say():
    document = CASES["slower"]()
    bars = re.findall(
        r'class="reach" x1="([\d.]+)" x2="([\d.]+)".*?<circle cx="([\d.]+)"', comparison_html(document)
    )
    told = [one for one in document["runs"][0]["changes"] if one["low"] is not None]
    assert len(bars) == len(told) >= 8
    for (low, high, at), change in zip(bars, told, strict=True):
        assert float(low) <= float(at) <= float(high) <= 200
        assert (float(low) > 100) == (change["low"] > 0)


def test_the_page_is_written_for_its_owner_alone(tmp_path):
    write_comparison(tmp_path / "c.html", CASES["equal"]())
    assert (tmp_path / "c.html").stat().st_mode & 0o077 == 0
