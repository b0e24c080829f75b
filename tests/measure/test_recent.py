"""The last seconds are at hand as they are written, and the timeline is what it was."""

from dataclasses import asdict

from harness.measure.recent import SECONDS_KEPT, LimitNow, RecentSeconds
from harness.measure.timeline import Timeline
from harness.segment.limits import BRIEF


def head():
    return {"format": "timeline/1", "limits": [asdict(limit) for limit in BRIEF]}


def test_what_is_written_is_remembered_and_read_back_whole(tmp_path):
    seconds = RecentSeconds(tmp_path / "t")
    records = [
        head(),
        {
            "second": 0,
            "sent": 5,
            "by_status": {"200": 4, "429": 1},
            "throttled": 1,
            "limits": [[0, "web", 5, 0, 1]],
        },
        {"second": 2, "sent": 7, "by_status": {"200": 7}, "limits": [[0, "shop", 600, 1, 0]]},
        {"second": 0, "sent": 1, "by_status": {"none": 1}},
    ]
    for record in records:
        seconds.append(record)
    recent = seconds.recent()
    assert (recent.sent, recent.throttled) == ((6, 0, 7), (1, 0, 0))
    assert recent.statuses == {"200": 11, "429": 1, "none": 1}
    assert recent.limits == (
        LimitNow(BRIEF[0].name, "shop", "requests", 500, 1.0, 600),
        LimitNow(BRIEF[0].name, "web", "requests", 500, 1.0, 0),
    )
    seconds.close()
    assert list(Timeline(tmp_path / "t")) == records


def test_a_long_silence_is_a_minute_of_nothing(tmp_path):
    seconds = RecentSeconds(tmp_path / "t")
    for number in (0, 100_000):
        seconds.append({"second": number, "sent": 9})
    seconds.append({"second": 3, "sent": 1})
    sent = seconds.recent().sent
    assert (len(sent), sum(sent), sent[-1]) == (SECONDS_KEPT, 9, 9)
    seconds.close()
