"""The last seconds are at hand as they are written, and the timeline is what it was."""

from dataclasses import asdict

import pytest

from harness.measure.recent import LIMITS_SHOWN, SCOPES_KEPT, SECONDS_KEPT, LimitNow, RecentSeconds
from harness.measure.timeline import Timeline
from harness.segment.limits import BRIEF


@pytest.fixture
def seconds(tmp_path):
    made = RecentSeconds(tmp_path / "t")
    made.append({"format": "timeline/1", "limits": [asdict(limit) for limit in BRIEF]})
    yield made
    made.close()


def test_what_is_written_is_remembered_and_read_back_whole(tmp_path):
    seconds = RecentSeconds(tmp_path / "t")
    records = [
        {"format": "timeline/1", "limits": [asdict(limit) for limit in BRIEF]},
        {
            "second": 0,
            "sent": 5,
            "by_status": {"200": 4, "429": 1},
            "throttled": 1,
            "limits": [[0, "web", 5, 0, 1]],
        },
        {"second": 2, "sent": 7, "by_status": {"200": 7}, "limits": [[0, "shop", 600, 1, 0]]},
        {"second": 0, "sent": 1, "by_status": {"none": 1}, "limits": [[0, "web", 6, 0, 2]]},
    ]
    for record in records:
        seconds.append(record)
    recent = seconds.recent()
    assert (recent.sent, recent.throttled) == ((6, 0, 7), (1, 0, 0))
    assert recent.statuses == {"200": 11, "429": 1, "none": 1}
    tracking = ("tracking", BRIEF[0].name)
    assert recent.limits == (
        LimitNow(*tracking, "shop", "requests", 500, 1.0, 600, past=(0, 0, 600)),
        LimitNow(*tracking, "web", "requests", 500, 1.0, 0, throttled=3, past=(6, 0, 0)),
    )
    seconds.close()
    assert list(Timeline(tmp_path / "t")) == records


def test_a_long_silence_is_a_minute_of_nothing(seconds):
    for number in (0, 100_000):
        seconds.append({"second": number, "sent": 9})
    seconds.append({"second": 3, "sent": 1})
    sent = seconds.recent().sent
    assert (len(sent), sum(sent), sent[-1]) == (SECONDS_KEPT, 9, 9)


def test_the_fullest_limit_is_first_whatever_its_window_and_what_left_the_minute_is_forgotten(seconds):
    seconds.append({"second": 0, "sent": 1, "limits": [[1, "old", 99, 0, 0]]})
    for number in range(1, 70):
        seconds.append({"second": number, "limits": [[0, "web", 400, 0, 0], [2, "", 90, 0, 0]]})
    recent = seconds.recent()
    assert [(limit.api, limit.used) for limit in recent.limits] == [("config", 90), ("tracking", 400)]
    assert all(len(limit.past) == len(recent.sent) == SECONDS_KEPT for limit in recent.limits)


def test_memory_has_a_bound_however_many_sources_there_are(seconds):
    for number in range(3):
        limits = [[0, f"source-{i}", i, 0, 0] for i in range(1, 1_000)]
        seconds.append({"second": number, "limits": limits})
    assert [len(second.used) for second in seconds._seconds] == [SCOPES_KEPT] * 3
    recent = seconds.recent()
    assert len(recent.limits) == LIMITS_SHOWN
    assert all(limit.used >= 975 for limit in recent.limits)  # in tenths of the limit: the fullest


def test_two_that_are_about_as_full_keep_their_places(seconds):
    for number, (web, shop) in enumerate([(431, 440), (440, 431), (435, 436)]):
        seconds.append({"second": number, "limits": [[0, "web", web, 0, 0], [0, "shop", shop, 0, 0]]})
        assert [limit.label for limit in seconds.recent().limits] == ["shop", "web"]


def test_each_limit_is_told_once_by_its_fullest_scope_and_without_its_name(seconds):
    seconds.append({"second": 0, "limits": [[0, "web", 3, 0, 0], [0, "shop", 7, 0, 0], [2, "", 90, 0, 0]]})
    told = [(limit.api, limit.label, limit.used) for limit in seconds.recent().by_limit]
    assert told == [("tracking", "", 7), ("profile", "", 0), ("config", "", 90)]
    for number in (1, 2):
        seconds.append({"second": number, "sent": 0})
    assert seconds.recent().by_limit[0].used == 0


def test_what_was_asked_twice_between_two_records_is_worked_out_once(seconds):
    seconds.append({"second": 0, "sent": 1})
    assert seconds.recent() is seconds.recent()
    seconds.append({"second": 1, "sent": 2})
    assert seconds.recent().sent == (1, 2)
