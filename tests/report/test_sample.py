"""The sample report in `reports/sample` is what this harness draws of the run beside it."""

import os
from pathlib import Path

from harness.report.document import read_json
from harness.report.html import html_report

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def test_the_sample_is_what_its_run_is_drawn_as():
    drawn = html_report(read_json(SAMPLE / "run.json"))
    if os.environ.get("ACCEPT_GOLDEN") == "1":
        (SAMPLE / "report.html").write_text(drawn)
    # Compared by hand: a difference of pages is too long to be read.
    same = drawn == (SAMPLE / "report.html").read_text()
    assert same, "see README.md here for how to accept a change that is meant"


def test_the_sample_shows_what_a_report_is_for():
    document = read_json(SAMPLE / "run.json")
    assert document["throttle"]["throttled"] > 0
    assert document["throttle"]["retry_after_honoured"] > 0
    assert document["reconciliation"]["missing"] == 0
    assert len(document["by_api"]) == 3
    assert document["expectations"]
