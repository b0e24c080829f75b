from harness.measure.counters import HISTOGRAMS
from harness.measure.delivery_map import DeliveryMap
from harness.measure.running import Running
from harness.measure.summary import fold
from harness.measure.tally import RunTally
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import Answer, Arrival, Decision, Outcome, Settlement, State, Waits
from harness.units import NS_PER_MS, NS_PER_S
from tests.measure.sends import START_NS, WALL_NS, a_request, an_item


def a_heard_run(tmp_path, histograms, count=250):
    """A run of some seconds whose records were heard, and what a fold of them says."""
    running = Running(histograms)
    path = tmp_path / "timeline.ndjson"
    delivery_map = DeliveryMap.create(tmp_path / "delivery.map", run_id="r1", fingerprint={})
    tally = RunTally(delivery_map=delivery_map, timeline=TimelineWriter(path, running.hear))
    tally.started(START_NS, WALL_NS)
    for index in range(count):
        arrival = Arrival(index * 20 * NS_PER_MS, an_item(index))
        now_ns = START_NS + arrival.due_ns
        tally.selected([arrival.item])
        tally.released([arrival])
        tally.sending(a_request([arrival]), now_ns)
        waits = Waits(lag_ns=index)
        tally.first_sent([waits], now_ns)
        done_ns = now_ns + NS_PER_MS * (1 + index % 7)
        tally.answered(a_request([arrival]), Answer(now_ns, done_ns, 200), Decision(Outcome.ACCEPTED))
        tally.settled([Settlement(arrival, State.ACCEPTED, waits, now_ns, done_ns, 1, 200)])
        if index % 50 == 0:
            tally.flush(done_ns)
            assert running.so_far().totals.sent <= index + 1
    tally.close(START_NS + count * 20 * NS_PER_MS + NS_PER_S)
    delivery_map.close()
    for histogram in running.histograms:
        running.take(histogram)
    return running.so_far(), fold(Timeline(path), None)


def test_what_was_heard_to_the_end_is_what_is_folded(tmp_path):
    heard, folded = a_heard_run(tmp_path, HISTOGRAMS)
    assert heard.totals.to_json() == folded.totals.to_json()
    assert heard.durations == folded.durations
    assert (heard.rates, heard.message_rates) == (folded.rates, folded.message_rates)
    assert (heard.messages, heard.calls) == (folded.messages, folded.calls)


def test_histograms_that_nobody_asks_for_are_left_out(tmp_path):
    heard, folded = a_heard_run(tmp_path, {"response"})
    assert heard.durations["response"] == folded.durations["response"]
    assert heard.durations["service_2xx"].count == 0
    assert heard.totals.sent == folded.totals.sent
