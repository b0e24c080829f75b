"""The terminal summary: verdict first, short, and free of control codes."""

from dataclasses import replace

import pytest

from harness.report.document import build_document
from harness.report.html import html_report
from harness.report.text import FINDINGS_MOST, LINES_MOST, text_report
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS


@pytest.mark.parametrize("name", RUNS)
def test_every_run_is_told_in_few_lines_without_control_codes(name):
    text = text_report(RUNS[name]())
    assert len(text.splitlines()) <= LINES_MOST
    assert "\x1b" not in text
    assert "None" not in text


def test_the_verdict_comes_first_and_the_sums_are_aligned():
    lines = text_report(a_document()).splitlines()
    assert lines[0] == "Pass: all 300 messages were accepted, and each was received once, in order."
    assert [(len(line), line.split()) for line in lines[3:7]] == [
        (24, ["messages"]),
        (24, ["recorded", "300"]),
        (24, ["selected", "300"]),
        (24, ["accepted", "300"]),
    ]


def test_each_finding_comes_with_its_advice():
    lines = text_report(a_document(reconciled=False)).splitlines()
    at = lines.index("warn: 300 messages accepted, not confirmed: the target keeps no ledger to ask.")
    assert lines[at + 1].startswith("  ")


def test_even_the_worst_run_fits_its_lines():
    document = a_document(
        items=900, rate_per_s=400, limit_per_s=300, sources=tuple(f"s{n}" for n in range(40))
    )
    document["messages"] = dict.fromkeys(document["messages"], 1_000_000)
    document["calls"] = document["messages"]
    finding = {"check": "x", "level": "warn", "evidence": "e.", "advice": "a."}
    document["findings"] = [finding] * 30
    for key in ("lane_wait_ms", "limit_wait_ms", "batch_wait_ms", "user_wait_ms"):
        document[key] = document["service_time_ms"]
    assert len(text_report(document).splitlines()) <= LINES_MOST
    assert f"and {30 - FINDINGS_MOST} more, in the report" in text_report(document)
    document["expectations"] = [
        {"expression": "e" * 200, "measured": 1.5, "unit": "ms", "holds": holds}
        for holds in (True, False, None)
    ] * 10
    lines = text_report(document).splitlines()
    assert len(lines) <= LINES_MOST
    assert "            and 26 more expectations, in the report" in lines
    assert "and 29 more, in the report" in lines
    assert [line.split()[0] for line in lines if "eee" in line] == ["false", "no", "false", "no"]


def test_colour_is_only_there_when_asked_for():
    assert text_report(a_document(items=2), colour=True).startswith("\x1b[1;")


def test_names_from_outside_cannot_steer_the_terminal():
    hostile = replace(facts(), target="http://h\x1b[2J", recording={"name": "a\nb\x07" + "n" * 500})
    text = text_report(build_document(hostile))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert max(len(line) for line in text.splitlines()) < 200


def test_the_gravest_findings_are_the_ones_told():
    document = a_document(items=2)
    document["findings"] = [
        {"check": "x", "level": level, "evidence": f"{level} it is.", "advice": "a."}
        for level in ["note"] * 9 + ["warn", "fail"]
    ]
    text = text_report(document)
    assert text.index("fail it is.") < text.index("warn it is.") < text.index("note it is.")


def test_an_inconclusive_run_tells_first_what_made_it_so():
    document = a_document(items=2)
    document["verdict"] = "inconclusive"
    document["findings"] = [
        {"check": "x", "level": level, "evidence": f"{level} it is.", "advice": "a."}
        for level in ("fail", "inconclusive")
    ]
    text = text_report(document)
    assert text.index("inconclusive it is.") < text.index("fail it is.")


def test_an_expectation_that_holds_is_told_once():
    document = a_document(items=2)
    document["expectations"] = [
        {"expression": "messages.accepted > 1", "measured": 2, "unit": "", "holds": True}
    ]
    document["findings"] = [
        {"check": "expectation", "level": "note", "evidence": "held.", "advice": "a."},
    ]
    text, page = text_report(document), html_report(document)
    assert "\nholds       messages.accepted > 1: 2\n" in text
    assert "messages.accepted &gt; 1" in page
    assert "held." not in text + page


def test_a_run_of_before_there_were_expectations_is_still_drawn():
    document = a_document(items=2)
    del document["expectations"]
    assert "holds" not in text_report(document)
    assert "What was expected" not in html_report(document)


def test_an_account_that_was_lost_is_not_shown_as_if_it_were_whole():
    document = a_document(items=2)
    document["reconciliation"] |= {"complete": False, "missing": 2}
    assert "reconciled  not: the ledger was lost on the way" in text_report(document)
    page = html_report(document)
    assert "Not reconciled" in page
    assert "never received" not in page
