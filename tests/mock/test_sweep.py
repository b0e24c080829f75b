"""The short way and the long way make the same of every call."""

import json
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.mock import intake
from harness.mock.journal import FILE_NAME
from tests.mock.boxed import KEY, OTHER_KEY, Client, box_of, limit_of, track

IDS = st.sampled_from(["m1", "m2", "m3", "m4", "m5", "m6", "],[", 'a"b', "é", "", None, 7])
CLOCKS = st.sampled_from([None, "2023-11-14T21:00:00.250Z", "2023-11-14T21:00:00+02:00", "noon", 5, ""])
SOUND = st.builds(
    lambda message_id, timestamp, sent: track(message_id, timestamp=timestamp, sentAt=sent),
    IDS,
    CLOCKS,
    st.none() | CLOCKS,
)
ODD = st.sampled_from(
    [
        5,
        None,
        {},
        {"type": "track"},
        {"type": "x", "messageId": "m1"},
        track("m2", event=3),
        track("m3", userId=""),
    ]
)
MESSAGES = SOUND | SOUND | SOUND | ODD
CALLS = st.lists(
    st.tuples(
        st.sampled_from([KEY, OTHER_KEY]),
        st.one_of(
            MESSAGES.map(lambda message: ("/v1/track", message)),
            st.tuples(st.lists(MESSAGES, max_size=4), CLOCKS).map(
                lambda both: ("/v1/batch", {"batch": both[0], "sentAt": both[1]})
            ),
        ),
    ),
    max_size=10,
)


def account(calls: list[tuple[str, tuple[str, Any]]], directory: Any, limit: Any) -> list[object]:
    clock = ManualClock()
    client = Client(box_of(directory=directory, clock=clock, limit=limit))
    answers = []
    for key, (path, body) in calls:
        clock.advance(70_000_000)
        answers.append(client.call("POST", path, json.dumps(body).encode(), key=key).status)
    box = client.box
    told = [answers, box.ledger.counts(), list(box.recent.ring), (directory / FILE_NAME).read_bytes()]
    box.ledger.close()
    return told


@given(CALLS, st.sampled_from([None, limit_of(3)]))
@settings(max_examples=200, deadline=None)
def test_both_ways_answer_count_keep_and_write_down_the_same(tmp_path_factory, calls, limit):
    short = account(calls, tmp_path_factory.mktemp("short"), limit)
    with patch.object(intake, "sweep", lambda *_: False):
        assert account(calls, tmp_path_factory.mktemp("long"), limit) == short


def test_the_short_way_corrects_a_batch_by_its_envelope_as_the_long_way_does(tmp_path):
    messages = [track("m1", timestamp="2023-11-14T21:00:00.250Z"), track("m2", sentAt="noon")]
    calls = [(KEY, ("/v1/batch", {"batch": messages, "sentAt": "2023-11-14T21:00:01.000Z"}))]
    short = account(calls, tmp_path / "short", None)
    with patch.object(intake, "sweep", lambda *_: False):
        assert account(calls, tmp_path / "long", None) == short


def test_a_sound_call_goes_the_short_way_and_another_leaves_no_trace_there():
    client = Client(box_of())
    with patch.object(intake, "admit") as long_way:
        client.call("POST", "/v1/batch", {"batch": [track("m1"), track("m2")]})
        client.call("POST", "/v1/track", track("m3"))
        assert not long_way.called
        before = client.box.ledger.counts(), len(client.box.recent.ring)
        client.call("POST", "/v1/batch", {"batch": [track("m4"), track("m5"), track("m1")]})
        client.call("POST", "/v1/batch", {"batch": [track("m6"), track("m6")]})
        client.call("POST", "/v1/batch", {"batch": [track("m7"), {"type": "x"}]})
        assert long_way.call_count == 3
        assert (client.box.ledger.counts(), len(client.box.recent.ring)) == before
    assert all(client.box.ledger.first_sight(f"m{number}") for number in (4, 5, 6, 7))
