"""Points of a long run: means over their width, and the most that any single second had."""

from harness.measure.points import LimitFill, SecondPeaks
from harness.measure.summary import fold
from harness.measure.timeline import FORMAT, Timeline, TimelineWriter

LIMIT = {
    "api": "tracking", "name": "L", "count": 500, "window_ns": 10**9, "unit": "requests", "scope": "source",
    "origin": "o", "endpoint": "",
}  # fmt: skip


def test_a_second_written_in_two_records_is_one_second():
    peaks = SecondPeaks(4)
    for record in (
        {"second": 1, "sent": 3},
        {"second": 2, "sent": 4},
        {"second": 1, "sent": 2, "throttled": 1},
    ):
        peaks.add(record)
    assert peaks.most(0, 2) == {"offered_peak_1s": 0, "sent_peak_1s": 5, "throttled_peak_1s": 1}
    assert peaks.most(2, 4)["sent_peak_1s"] == 4


def test_a_burst_of_one_second_is_not_lost_in_a_wide_point(tmp_path):
    writer = TimelineWriter(tmp_path / "t")
    writer.append({"format": FORMAT, "run_id": "r", "closed_loop": False, "limits": [LIMIT]})
    for second in range(20):
        burst = second == 13
        writer.append({
            "second": second,
            "sent": 900 if burst else 10,
            "sent_in_1s": 950 if burst else 12,
            "by_api": {"tracking": 900 if burst else 10},
            "by_status": {"429": 400} if burst else {"200": 10},
            "throttled": 400 if burst else 0,
            "limits": [[0, "web", 950 if burst else 12, 7 * 10**8 if burst else 0, 0]],
        })  # fmt: skip
    writer.close()
    summary = fold(Timeline(tmp_path / "t"), None, points_most=2)
    first, second = summary.points
    assert (first.width_s, second.at_s) == (10, 10)
    assert (first.sent_peak_1s, second.sent_peak_1s, second.sent_in_any_1s) == (10, 900, 950)
    assert (second.sent, second.throttled_peak_1s) == (990, 400)
    assert second.limits[summary.limit_scopes[0]] == LimitFill(950, 0.7)
    assert summary.status_spans == {"200": (0, 19), "429": (13, 13)}
