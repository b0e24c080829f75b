import csv
import io
import re
from pathlib import Path

import pytest

import harness.report.timeline_csv as room
from harness.errors import UsageError
from harness.report.document import TIMELINE_STATUSES, ReportError
from harness.report.timeline_csv import COLUMNS, check_csv_path, timeline_csv, write_csv
from tests.report.test_document import RUNS


def rows(document):
    return list(csv.DictReader(io.StringIO(timeline_csv(document))))


@pytest.mark.parametrize("name", RUNS)
def test_every_point_is_a_row_and_every_column_of_the_document_is_there(name):
    document = RUNS[name]()
    found, timeline = rows(document), document["timeline"]
    assert len(found) == timeline["points"]
    assert {*COLUMNS, "width_s", "points", "statuses", "by_api", "offered_by_api", "limits"} == {
        *timeline
    } | ({*COLUMNS} if not timeline["points"] else set())
    for column in COLUMNS:
        read = [None if row[column] == "" else float(row[column]) for row in found]
        assert read == timeline.get(column, [])
    for status in TIMELINE_STATUSES:
        assert sum(int(row[f"status_{status}"]) for row in found) == sum(timeline["statuses"].get(status, []))
    assert [int(row["at_s"]) for row in found] == [place * timeline["width_s"] for place in range(len(found))]


def test_a_run_that_measured_less_leaves_columns_empty():
    document = RUNS["clean"]()
    del document["timeline"]["service_p99_ms"]
    document["timeline"]["in_flight"] = [None] * document["timeline"]["points"]
    assert {row["service_p99_ms"] + row["in_flight"] for row in rows(document)} == {""}


def test_the_columns_stand_in_the_pages():
    page = (Path(room.__file__).parents[2] / "docs" / "pipelines.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", page))
    assert {"at_s", "width_s", *COLUMNS, *(f"status_{name}" for name in ("2xx", "429", "none"))} <= named


def test_a_file_that_cannot_be_written_is_refused_before_the_run(tmp_path):
    check_csv_path(None)
    check_csv_path(tmp_path / "t.csv")
    for path in (tmp_path, tmp_path / "none" / "t.csv"):
        with pytest.raises(UsageError, match="--csv"):
            check_csv_path(path)
        with pytest.raises(ReportError, match="timeline"):
            write_csv(path, RUNS["clean"]())
