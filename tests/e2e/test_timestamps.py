"""The mock's corrected timestamps are the promised ones: at any speed, alone, in batches, after a retry."""

import statistics
from datetime import datetime, timedelta

import pytest

from tests.e2e.bench import replay, write_lines
from tests.proxy import FaultingProxy, Rule, Status, every

FIRST = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
GRAIN_S = 0.002  # ISO milliseconds, rounded down twice: in `timestamp` and in `sentAt`


def archived(count: int, gap_s: float, lateness_s: float) -> list[dict]:
    lines = []
    for i in range(count):
        received = FIRST + timedelta(seconds=i * gap_s)
        lines.append(
            {
                "type": "track",
                "event": "E",
                "userId": f"u{i % 5}",
                "timestamp": iso(received - timedelta(seconds=lateness_s)),
                "receivedAt": iso(received),
                "sentAt": iso(received - timedelta(seconds=0.2)),
                "projectId": "web",
                "writeKey": "archived-key-archived-key",
            }
        )
    return lines


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("speed", "gap_s", "batch", "faults"),
    [
        (1, 0.02, "none", False),
        (3, 0.05, "none", False),
        (20_000, 300, "none", False),
        (3, 0.05, "8", False),
        (20_000, 300, "recorded", False),
        (3, 0.05, "none", True),
        (3, 0.05, "8", True),
    ],
)
def test_a_timestamp_is_the_start_plus_the_due_offset_less_the_recorded_lateness(
    tmp_path, start_mock, speed, gap_s, batch, faults
):
    mock = start_mock()
    folder = tmp_path / "run"
    lateness_s = 1.25
    recording = write_lines(tmp_path / "r.ndjson", archived(60, gap_s, lateness_s))
    plan = [Rule(Status(500), every(7 if batch == "none" else 3))] if faults else []
    with FaultingProxy(mock.port, plan) as proxy:
        done = replay(
            recording, "--speed", str(speed), "--batch", batch, "--target", proxy.url, folder=folder
        ).check(0)
    started = datetime.fromisoformat(done.run["started_at"])
    arrivals = [line for line in mock.ids(done.run["run_id"] + ".") if line["class"] == "stored"]
    assert len(arrivals) == 60
    if faults:
        assert done.run["requests"]["retried"] > 0
    off = []
    for line in arrivals:
        index = int(line["id"].rpartition(".")[2], 36)
        promised = started + timedelta(seconds=index * gap_s / speed - lateness_s)
        off.append((datetime.fromisoformat(line["timestamp"]) - promised).total_seconds())
    assert_on_time(off, done)


def test_kept_timestamps_are_the_recorded_ones(tmp_path, start_mock):
    mock = start_mock()
    lines = archived(20, 0.01, 3.0)
    done = replay(
        write_lines(tmp_path / "r.ndjson", lines),
        *("--timestamps", "keep", "--target", mock.url),
        folder=tmp_path / "run",
    ).check(0)
    off = []
    for line in mock.ids(done.run["run_id"] + "."):
        index = int(line["id"].rpartition(".")[2], 36)
        recorded = datetime.fromisoformat(lines[index]["timestamp"])
        off.append((datetime.fromisoformat(line["timestamp"]) - recorded).total_seconds())
    assert_on_time(off, done)


def assert_on_time(off, done) -> None:
    """The receiver adds the time from our `sentAt` to its `receivedAt`; everything else must be exact.

    A busy machine may stop us between that clock and the first byte: seldom, and for less than a second.
    """
    way_s = 0.001 + done.run["service_time_ms"]["max"] / 1_000
    assert min(off) >= -GRAIN_S
    assert statistics.median(off) <= way_s + GRAIN_S
    assert max(off) <= way_s + 1.0
