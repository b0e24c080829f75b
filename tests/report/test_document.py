"""The document: the promised form, for every run, and written in one piece."""

from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

import harness.report
from harness.measure.points import Point
from harness.report.document import (
    ReportError,
    build_document,
    facts_of,
    read_json,
    timeline_columns,
    write_json,
)
from harness.report.html import html_report
from tests.report.runs import a_document, facts

SCHEMA = orjson.loads((Path(harness.report.__path__[0]) / "run.schema.json").read_bytes())
PROMISED = {
    "format",
    "run_id",
    "state",
    "verdict",
    "recording",
    "recording_complete",
    "target",
    "plan",
    "legs",
    "started_at",
    "duration_s",
    "messages",
    "calls",
    "requests",
    "rate_per_s",
    "message_rate_per_s",
    "service_time_ms",
    "service_time_ms_by_outcome",
    "response_time_ms",
    "schedule_lag_ms",
    "lane_wait_ms",
    "limit_wait_ms",
    "batch_wait_ms",
    "user_wait_ms",
    "throttle",
    "reconciliation",
    "expectations",
    "findings",
    "trust_warnings",
}

EXPECTED = ("messages.accepted == 300", "p99 of service_time_ms < 1us", "p999 of service_time_ms < 1s")

RUNS = {
    "running": lambda: build_document(facts(state="running", started_wall_ns=None, duration_ns=0)),
    "nothing": lambda: a_document(items=0, reconciled=False),
    "one item": lambda: a_document(items=1, rate_per_s=1, reconciled=False),
    "clean": a_document,
    "throttled": lambda: a_document(items=900, rate_per_s=400, limit_per_s=300),
    "closed loop": lambda: a_document(items=100, closed_loop=True),
    "expected": lambda: a_document(expect=EXPECTED),
}


@pytest.mark.parametrize("name", RUNS)
def test_every_run_has_the_promised_form(name):
    document = RUNS[name]()
    Draft202012Validator(SCHEMA).validate(orjson.loads(orjson.dumps(document)))
    assert set(document) >= PROMISED
    assert set(document) == set(SCHEMA["properties"])


def test_the_schema_itself_is_valid_and_notices_a_missing_key():
    Draft202012Validator.check_schema(SCHEMA)
    document = a_document(items=3)
    del document["messages"]["pending"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(document))


def test_a_running_document_has_no_verdict_and_the_whole_plan():
    document = RUNS["running"]()
    assert (document["state"], document["verdict"], document["exit_code"]) == ("running", None, None)
    assert document["sentence"] == "Running: no verdict yet."
    assert document["plan"]["order"] == "person"


def test_in_a_closed_loop_offered_response_and_waits_are_null():
    document = RUNS["closed loop"]()
    waits = (
        "response_time_ms",
        "schedule_lag_ms",
        "lane_wait_ms",
        "limit_wait_ms",
        "batch_wait_ms",
        "user_wait_ms",
    )
    assert [document[key] for key in waits] == [None] * 6
    assert document["rate_per_s"]["offered"] is None
    assert document["rate_per_s"]["achieved"] > 0


def test_the_figures_of_a_throttled_run_agree_with_each_other():
    document = RUNS["throttled"]()
    requests, throttle = document["requests"], document["throttle"]
    assert sum(requests["by_status"].values()) == requests["sent"]
    assert sum(requests["first_attempt_by_status"].values()) == requests["sent"] - requests["retried"] == 900
    assert (
        throttle["throttled"] == requests["by_status"]["429"] == sum(document["timeline"]["statuses"]["429"])
    )
    assert sum(document["timeline"]["sent"]) == requests["sent"]
    assert document["service_time_ms"]["count"] == requests["by_status"]["200"]
    assert document["sums_hold"]


def test_the_sentence_tells_what_decided_and_each_expectation_is_there_with_its_figure():
    document = a_document(expect=EXPECTED)
    assert document["verdict"] == "inconclusive"
    assert document["sentence"].startswith("Inconclusive: Expected p999 of service_time_ms < 1000ms")
    assert [(one["expression"], one["holds"]) for one in document["expectations"]] == [
        ("messages.accepted == 300", True),
        ("p99 of service_time_ms < 0.001ms", False),
        ("p999 of service_time_ms < 1000ms", None),
    ]
    assert document["expectations"][1]["measured"] == document["service_time_ms"]["p99"]
    assert [finding["level"] for finding in document["findings"]] == ["note", "fail", "inconclusive"]


@pytest.mark.parametrize("name", RUNS)
def test_a_report_can_be_drawn_again_from_the_file_alone(tmp_path, name):
    document = RUNS[name]()
    write_json(tmp_path / "run.json", document)
    read = read_json(tmp_path / "run.json")
    assert html_report(read) == html_report(document)
    again = build_document(facts_of(read))
    kept = ("plan", "recording", "target", "started_at", "duration_s", "engine", "command", "mock", "legs")
    assert {key: again[key] for key in kept} == {key: document[key] for key in kept}


def test_seconds_without_an_event_are_zeros_and_columns_are_equally_long():
    def point(at_s, sent):
        return Point(at_s, 2, 1, sent, sent, sent, sent, 0, 1, 0.0, {"200": sent}, 0.1, 1.0, 2.0, None, None)

    columns = timeline_columns([point(0, 3), point(6, 4)])
    assert (columns["width_s"], columns["points"]) == (2, 4)
    assert columns["sent"] == [3, 0, 0, 4]
    assert columns["service_p50_ms"] == [1.0, None, None, 1.0]
    assert columns["statuses"] == {"2xx": [3, 0, 0, 4]}
    lengths = {len(column) for column in columns.values() if isinstance(column, list)}
    assert lengths == {4}


def test_the_file_is_replaced_in_one_piece_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "run.json"
    write_json(path, RUNS["running"]())
    write_json(path, a_document(items=2))
    assert read_json(path)["state"] == "finished"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_report_that_cannot_be_written_or_read_is_one_sentence(tmp_path):
    with pytest.raises(ReportError, match="cannot write the report"):
        write_json(tmp_path / "none" / "run.json", {})
    with pytest.raises(ReportError, match="name the folder of a run"):
        read_json(tmp_path / "run.json")
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ReportError, match=r"is no run\.json"):
        read_json(tmp_path / "run.json")
    (tmp_path / "run.json").write_text('{"format": "run/9"}')
    with pytest.raises(ReportError, match="is not of format run/1"):
        read_json(tmp_path / "run.json")
