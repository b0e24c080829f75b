"""What a build server is told, and when."""

import pytest

from harness.errors import UsageError
from harness.report.build_server import check_junit_path, tell_build_server, told_of_run
from harness.report.document import ReportError
from tests.report.runs import a_document
from tests.report.test_document import RUNS


def tell(environment, ci="auto", junit=None, document=None):
    said: list[str] = []
    told = told_of_run(document or a_document(reconciled=False))
    tell_build_server(told, junit=junit, ci=ci, environment=environment, say=said.append)
    return said


def test_github_is_told_where_it_runs_us_or_where_it_is_asked_for(tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", "utf-8")
    there = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert tell({}) == tell({"GITHUB_ACTIONS": "false"}) == tell(there, "none") == []
    assert summary.read_text("utf-8") == "before\n"
    (line,) = tell(there)
    assert line.startswith("::warning title=harness replay%3A not confirmed::")
    assert summary.read_text("utf-8").startswith("before\n## ⚠️ Warn: 300 messages accepted")
    assert tell({}, "github") == [line]


def test_a_summary_that_others_have_filled_gets_little_more(tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * 930_000)
    tell({"GITHUB_STEP_SUMMARY": str(summary)}, "github")
    added = summary.read_text("utf-8").lstrip("x")
    assert len(added) < 2_000
    assert "more | The report has them all." in added
    with pytest.raises(ReportError, match="cannot write the summary of the job"):
        tell({"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "s.md")}, "github")


def test_junit_is_written_wherever_it_runs(tmp_path):
    tell({}, "none", tmp_path / "j.xml")
    text = (tmp_path / "j.xml").read_text("utf-8")
    assert 'name="service_time_ms.p99"' in text
    assert 'name="not confirmed"' in text
    for number, document in enumerate(RUNS.values()):
        tell({}, "none", tmp_path / f"{number}.xml", document())
        assert (tmp_path / f"{number}.xml").read_text("utf-8").startswith("<?xml")


def test_a_file_that_cannot_be_is_refused_before_the_run(tmp_path):
    check_junit_path(None)
    check_junit_path(tmp_path / "j.xml")
    for path, why in ((tmp_path, "is a folder"), (tmp_path / "no" / "j.xml", "there is no folder")):
        with pytest.raises(UsageError, match=why):
            check_junit_path(path)
