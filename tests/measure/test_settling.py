"""The settling time: cut out of what is judged, and still in the run."""

import pytest

from harness.measure.delivery_map import DeliveryMap
from harness.measure.settling import SettledPart, SettlingTally, fold_settled
from harness.measure.summary import fold
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import Answer, Decision, Limit, Outcome, Settlement, State, Waits
from harness.units import NS_PER_MS, NS_PER_S
from tests.measure.sends import START_NS, WALL_NS, a_request, an_arrival

LIMIT = Limit("tracking", "9 requests/s", 9, NS_PER_S, "requests", "source", "a test")


@pytest.fixture
def told(tmp_path):
    """`(tally, send, path)` of a run that settles for 1.25 s."""
    path = tmp_path / "timeline.ndjson"
    delivery_map = DeliveryMap.create(tmp_path / "delivery.map", run_id="r1", fingerprint={})
    tally = SettlingTally(
        1250 * NS_PER_MS, delivery_map=delivery_map, timeline=TimelineWriter(path), limits=[LIMIT]
    )
    count = 0

    def send(at_ms, *, took_ms=1, status=200):
        nonlocal count
        arrival = an_arrival(count, due_ns=at_ms * NS_PER_MS)
        count += 1
        sent_ns, done_ns = START_NS + at_ms * NS_PER_MS, START_NS + (at_ms + took_ms) * NS_PER_MS
        state = State.ACCEPTED if status == 200 else State.ABANDONED
        tally.selected([arrival.item])
        tally.released([arrival])
        tally.sending(a_request([arrival]), sent_ns)
        tally.first_sent([Waits()], sent_ns)
        decision = Decision(Outcome.ACCEPTED if status == 200 else Outcome.ABANDONED)
        tally.answered(a_request([arrival]), Answer(sent_ns, done_ns, status), decision)
        tally.settled([Settlement(arrival, state, Waits(), sent_ns, done_ns, 1, status)])

    yield tally, send, path
    delivery_map.close()


def test_only_what_came_after_is_judged_and_the_whole_still_adds_up(told):
    tally, send, path = told
    tally.started(START_NS, WALL_NS)
    send(100, took_ms=900, status=503)
    send(1_100, took_ms=90)
    tally.flush(START_NS + 1_200 * NS_PER_MS)  # too early
    send(1_240, took_ms=50)
    tally.flush(START_NS + 1_300 * NS_PER_MS)  # the cut, in the middle of a second
    for at_ms in range(1_400, 2_400, 100):
        send(at_ms, took_ms=2)
    tally.flush(START_NS + 2_500 * NS_PER_MS)
    tally.close(START_NS + 2_600 * NS_PER_MS)

    settled, whole = fold_settled(SettledPart(path)), fold(Timeline(path), None)
    assert (settled.totals.sent, whole.totals.sent) == (10, 13)
    assert dict(settled.totals.first_by_status) == {"200": 10}
    assert dict(whole.totals.first_by_status) == {"503": 1, "200": 12}
    assert settled.durations["response"].max == pytest.approx(2, rel=0.01)
    assert whole.durations["response"].max == pytest.approx(90, rel=0.01)
    assert settled.messages.accepted == settled.messages.selected == 10
    assert whole.messages.abandoned == 1
    # 10 sends in the 1.0 s from the cut at 1.3 s to the last at 2.3 s.
    assert settled.totals.last_sent_ns == NS_PER_S
    assert settled.rates.achieved == settled.rates.offered == 10
    assert settled.closed
    assert [use.label for use in settled.limits] == ["shop"]


def test_a_run_that_ends_while_it_settles_has_nothing_to_judge(told):
    tally, send, path = told
    tally.flush(START_NS - NS_PER_S)  # before the start there is nothing to cut
    tally.started(START_NS, WALL_NS)
    send(100)
    tally.close(START_NS + NS_PER_S)
    assert fold_settled(SettledPart(path)).totals.sent == 0
    assert fold(Timeline(path), None).totals.sent == 1


def test_a_cut_comes_once(told):
    tally, _, path = told
    tally.started(START_NS, WALL_NS)
    for second in (2, 3, 4):
        tally.flush(START_NS + second * NS_PER_S)
    tally.close(START_NS + 5 * NS_PER_S)
    assert sum("settled_after_ns" in record for record in Timeline(path)) == 1
