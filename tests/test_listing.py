"""The page of `reports/` is kept true, nothing is written elsewhere, and no run fails for it."""

from harness.listing import list_run
from harness.report.document import write_json
from tests.report.runs import a_document


def run_in(folder):
    folder.mkdir(parents=True)
    write_json(folder / "run.json", a_document(items=3))
    return folder


def test_a_run_in_reports_is_listed_there_and_one_elsewhere_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list_run(run_in(tmp_path / "mine")) is None
    assert not list(tmp_path.rglob("index.html"))
    assert list_run(run_in(tmp_path / "reports" / "r1")) is None
    assert "r1" in (tmp_path / "reports" / "index.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = run_in(tmp_path / "reports" / "r1")
    (tmp_path / "reports" / "index.html").mkdir()
    assert "is not listed" in str(list_run(folder))
