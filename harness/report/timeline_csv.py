"""Write the timeline of a document as CSV, one row a point, for spreadsheets and scripts.

`at_s` is where the point begins, in seconds after the start, and `width_s` how long it is. The other columns
are those of `timeline` in `run.json`: counts are of the point, not rates; `_ms` are milliseconds, empty where
nothing was measured; `over_s` is for how much of the point any limit was exceeded. `status_2xx` to
`status_none` count answers, `status_429` apart from `status_4xx`. What is told by API and by limit is left to
`run.json`: its columns are other ones in each run.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness.errors import UsageError
from harness.report.document import TIMELINE_STATUSES, ReportError, write_whole

COLUMNS: Final = (
    "offered",
    "offered_messages",
    "offered_peak_1s",
    "sent",
    "sent_peak_1s",
    "sent_in_any_1s",
    "first_sent",
    "sent_messages",
    "accepted",
    "accepted_messages",
    "throttled",
    "throttled_peak_1s",
    "retry_after_asked",
    "retry_after_honoured",
    "retry_after_violated",
    "in_flight",
    "over_s",
    "schedule_lag_p99_ms",
    "schedule_lag_max_ms",
    "lane_wait_p99_ms",
    "limit_wait_p99_ms",
    "batch_wait_p99_ms",
    "user_wait_p99_ms",
    "service_p50_ms",
    "service_p99_ms",
    "service_max_ms",
    "response_p50_ms",
    "response_p99_ms",
    "response_max_ms",
)


def timeline_csv(document: Mapping[str, Any]) -> str:
    """The timeline with its head; lines end with a newline alone."""
    timeline = document["timeline"]
    width_s, points = timeline["width_s"], timeline["points"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["at_s", "width_s", *COLUMNS, *(f"status_{name}" for name in TIMELINE_STATUSES)])
    nothing: list[int | None] = [None] * points
    # A column that this run has not is empty; a status that nobody answered is a nought.
    columns = [timeline.get(name, nothing) for name in COLUMNS]
    columns += [timeline["statuses"].get(name, [0] * points) for name in TIMELINE_STATUSES]
    for place in range(points):
        writer.writerow([place * width_s, width_s, *(column[place] for column in columns)])
    return out.getvalue()


def check_csv_path(path: Path | None) -> None:
    """Refuse a file that could not be written, before a run is made for it. Raises UsageError."""
    if path is None:
        return
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"--csv {path}: cannot be written there; name a file in a folder that exists")


def write_csv(path: Path, document: Mapping[str, Any]) -> None:
    """Write it in one piece. Raises ReportError."""
    try:
        write_whole(path, timeline_csv(document).encode())
    except ReportError as error:
        raise ReportError(str(error).replace("the report", "the timeline")) from error
