"""A replay inside a build server, through the real command."""

import xml.etree.ElementTree as ET

from tests.e2e.bench import harness, replay, steady, write_lines


def test_a_run_leaves_a_test_case_for_each_check_and_tells_github(tmp_path):
    recording = write_lines(tmp_path / "r.ndjson", steady(40, gap_s=0.002))
    summary, junit, folder = tmp_path / "summary.md", tmp_path / "junit.xml", tmp_path / "run"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    expectation = "messages.accepted == 41"
    done = replay(recording, "--junit", str(junit), "--expect", expectation, "--json", folder=folder, env=env)
    assert done.code == 3
    assert f"::error title=harness replay%3A {expectation}::Expected" in done.err
    assert "::error" not in done.out
    assert summary.read_text("utf-8").startswith(f"## ❌ Fail: Expected {expectation}, but it was 40.")
    first = ET.parse(junit).getroot()
    assert first.attrib["failures"] == "1"
    again = harness("report", str(folder), "--junit", str(tmp_path / "again.xml"), folder=folder).check(0)
    assert "::error" not in again.err
    assert (tmp_path / "again.xml").read_bytes() == junit.read_bytes()


def test_where_no_junit_file_can_be_nothing_is_sent(tmp_path):
    recording = write_lines(tmp_path / "r.ndjson", steady(1, gap_s=1))
    done = replay(recording, "--junit", str(tmp_path / "no" / "j.xml"), folder=tmp_path / "run")
    assert done.code == 2
    assert "there is no folder" in done.err
    assert not (tmp_path / "run").exists()
