"""Expectations through the real command: held, false, refused, without data, and drawn again."""

import json
import re

import pytest

from harness.redraw import redraw
from tests.e2e.bench import ROOT, harness, replay, steady, write_lines

SHOWN = re.findall(r"--expect '([^']+)'", (ROOT / "docs" / "expectations.md").read_text("utf-8"))
HELD = [
    *SHOWN,
    "rate of messages.accepted > 1/s",
    "selected_by{source=web} == 120",
    "max of service_time_ms < 9min",
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_lines(tmp_path_factory.mktemp("r") / "r.ndjson", steady(120, gap_s=0.002))


def expecting(*texts):
    return [part for text in texts for part in ("--expect", text)]


def test_what_holds_passes_and_is_shown_again_also_of_a_run_that_died(tmp_path, recording):
    folder = tmp_path / "run"
    done = replay(recording, *expecting(*HELD), folder=folder).check(0)
    asked = ["reconciliation.missing == 0", "share of requests{status=2xx} >= 99.9%", *HELD[2:4]]
    assert [one["expression"] for one in done.run["expectations"]][:4] == asked
    assert [one["holds"] for one in done.run["expectations"]] == [True] * len(HELD)
    assert "\nholds       reconciliation.missing == 0: 0\n" in done.out
    again = harness("report", str(folder), folder=folder).check(0)
    assert "\nholds       reconciliation.missing == 0: 0\n" in again.out
    assert "What was expected" in (folder / "report.html").read_text("utf-8")
    at_its_start = done.run | {"state": "running", "verdict": None, "expectations": []}
    (folder / "run.json").write_text(json.dumps(at_its_start), "utf-8")
    dead = {one["expression"]: one["holds"] for one in redraw(folder)["expectations"]}
    assert dead["selected_by{source=web} == 120"] is True
    assert dead["reconciliation.missing == 0"] is None


def test_what_is_false_fails_whatever_has_no_data(tmp_path, recording):
    args = expecting("messages.accepted > 500", "selected_by{source=wbe} > 0")
    done = replay(recording, *args, folder=tmp_path / "run").check(3)
    assert done.out.startswith("Fail: Expected messages.accepted > 500, but it was 120.\n")
    assert done.run["expectations"] == [
        {"expression": "messages.accepted > 500", "measured": 120, "unit": "", "holds": False},
        {"expression": "selected_by{source=wbe} > 0", "measured": None, "unit": "", "holds": None},
    ]


def test_what_has_no_data_is_inconclusive(tmp_path, recording):
    done = replay(recording, *expecting("p999 of service_time_ms < 9min"), folder=tmp_path / "run").check(4)
    assert "it rests on 120 durations and needs 1,000" in done.out


def test_what_cannot_be_read_is_refused_before_anything_is_sent(tmp_path, recording):
    folder = tmp_path / "run"
    done = replay(recording, *expecting("p99 of servce_time_ms < 1s"), folder=folder).check(2)
    sentence, shown, caret = done.err.splitlines()
    assert sentence.startswith(
        "harness: --expect: there is no metric 'servce_time_ms'; did you mean service_time_ms"
    )
    assert shown[caret.index("^") :].startswith("servce_time_ms")
    assert not folder.exists()
