"""One row a check: all of them in every run, under the same names."""

from dataclasses import replace

import pytest

from harness.report.checks import RAN, checks_of, worst_first
from harness.throttle.trust import TRUST
from harness.throttle.verdict import CHECKS
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS


@pytest.mark.parametrize("name", [name for name in RUNS if name != "running"])
def test_every_run_has_the_same_checks_each_once(name):
    results = checks_of(RUNS[name]())
    names = [(result.group, result.name) for result in results if result.group != "expectations"]
    assert len(names) == len(set(names))
    assert {of for group, of in names if group == "run"} == {RAN, *(check.name for check in CHECKS)}
    assert {of for group, of in names if group == "trust"} == {check.name for check in TRUST}


def test_what_was_found_has_its_evidence_and_the_rest_passes():
    document = a_document(reconciled=False)
    by_name = {result.name: result for result in checks_of(document)}
    assert by_name["not confirmed"].level == "warn"
    assert "300 messages accepted, not confirmed" in by_name["not confirmed"].evidence
    assert by_name["missing"].level == "pass"


def test_of_a_check_that_speaks_twice_the_graver_word_counts():
    document = a_document()
    document["trust_warnings"] = [
        {"check": "schedule lag", "level": level, "evidence": level, "advice": ""}
        for level in ("inconclusive", "warn")
    ]
    assert [r.level for r in checks_of(document) if r.name == "schedule lag"] == ["inconclusive"]


def test_expectations_are_named_by_what_they_say_and_a_repeated_one_by_its_number():
    document = a_document(
        expect=("messages.accepted == 300", "messages.accepted == 7", "messages.accepted == 7")
    )
    found = [(r.name, r.level) for r in checks_of(document) if r.group == "expectations"]
    assert found == [
        ("messages.accepted == 300", "note"),
        ("messages.accepted == 7", "fail"),
        ("messages.accepted == 7 (2)", "fail"),
    ]


def test_a_finding_that_no_table_has_is_not_lost():
    document = a_document()
    document["findings"] = [{"check": "of tomorrow", "level": "fail", "evidence": "e", "advice": "a"}]
    assert ("of tomorrow", "fail") in [(r.name, r.level) for r in checks_of(document)]


def test_a_run_that_broke_off_does_not_pass_for_one_that_ended():
    broken = a_document(of=replace(facts(), recording={"name": "r", "error": "r:7: is no item"}))
    assert checks_of(broken)[0][:4] == ("run", RAN, "fail", "r:7: is no item")
    assert checks_of(a_document(of=facts(state="interrupted")))[0].level == "inconclusive"
    assert checks_of(a_document())[0].level == "pass"
    assert checks_of(RUNS["running"]()) == ()


def test_the_worst_comes_first_and_equals_keep_their_order():
    document = a_document(reconciled=False, expect=("messages.accepted == 7",))
    levels = [result.level for result in worst_first(checks_of(document))]
    assert levels[:2] == ["fail", "warn"]
    assert set(levels[-5:]) == {"pass"}
