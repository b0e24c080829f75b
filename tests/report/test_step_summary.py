"""The summary of a job: the verdict, what was found, within what GitHub takes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.checks import CheckResult
from harness.report.step_summary import BYTES_MOST, checks_summary, run_summary
from tests.report.runs import a_document
from tests.report.test_document import RUNS


def test_a_run_has_its_verdict_its_sums_and_what_was_found():
    text = run_summary(a_document(reconciled=False, expect=("messages.accepted == 7",)))
    lines = text.splitlines()
    assert lines[0].startswith("## ❌ Fail: Expected messages.accepted == 7, but it was 300.")
    assert "| messages | 300 | 300 |" in lines
    assert any(line.startswith("| Service time | ") for line in lines)
    at = lines.index("| | check | |")
    assert lines[at + 2].startswith("| ❌ fail | messages.accepted == 7 | Expected")
    assert lines[at + 3].startswith("| ⚠️ warn | not confirmed | 300 messages accepted, not confirmed")
    assert lines[-2].startswith("| ✅ pass | ")


def test_every_run_has_one():
    for name, document in RUNS.items():
        assert run_summary(document()).startswith("## "), name


def test_it_is_cut_before_github_drops_it_the_worst_first():
    rows = [CheckResult("g", f"n{number}", "warn", "w" * 200) for number in range(9_000)]
    text = checks_summary("many", [*rows, CheckResult("g", "worst", "fail", "f")])
    assert 800_000 < len(text.encode()) <= BYTES_MOST
    assert "| ❌ fail | worst | f |" in text.splitlines()[4]
    told = sum(line.startswith("| ⚠️") for line in text.splitlines())
    assert f"and {9_000 - told:,} more" in text
    assert len(checks_summary("many", rows, 1_000).encode()) <= 1_000


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_no_text_leaves_its_cell(text):
    plain = checks_summary("t", [CheckResult("g", "n", "fail", "", "")])
    found = checks_summary("t", [CheckResult("g", text, "fail", text, "")])
    assert len(found.splitlines()) == len(plain.splitlines())
    row = found.splitlines()[4]
    assert row.replace("\\\\", "").replace("\\|", "").count("|") == 4
    assert "<" not in row
