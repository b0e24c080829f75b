"""The tally: what the engine tells, as map, timeline, trace and snapshot."""

import time

import orjson
import pytest

from harness.measure.delivery_map import DeliveryMap
from harness.measure.summary import fold
from harness.measure.tally import SOURCES_MOST, RunTally
from harness.measure.timeline import Timeline, TimelineWriter
from harness.measure.trace import TraceWriter
from harness.model import (
    MAYBE_RECEIVED,
    SENT_AGAIN,
    THROTTLED,
    Answer,
    Decision,
    Failure,
    Limit,
    Outcome,
    Settlement,
    State,
    Waits,
)
from harness.units import NS_PER_MS, NS_PER_S
from tests.measure.sends import START_NS, WALL_NS, a_request, an_arrival, an_item

ACCEPT = Decision(Outcome.ACCEPTED)
LIMITS = (
    Limit("tracking", "2 requests/s", 2, NS_PER_S, "requests", "source", "a test"),
    Limit("tracking", "3 messages/s", 3, NS_PER_S, "messages", "workspace", "a test"),
    Limit("profile", "1 request/s", 1, NS_PER_S, "requests", "space", "a test"),
)


class Told:
    """A tally with its files, and a way to tell it whole sends."""

    def __init__(self, folder, **options):
        self.path = folder / "timeline.ndjson"
        self.map = DeliveryMap.create(folder / "delivery.map", run_id="r1", fingerprint={})
        self.tally = RunTally(
            delivery_map=self.map, timeline=TimelineWriter(self.path), limits=LIMITS, **options
        )

    def start(self):
        self.tally.started(START_NS, WALL_NS)
        return self

    def send(
        self, arrivals, at_ns, *, took_ns=NS_PER_MS, status=200, decision=ACCEPT, attempt=1, failure=None
    ):
        request = a_request(arrivals, attempt)
        self.tally.sending(request, START_NS + at_ns)
        answer = Answer(START_NS + at_ns, START_NS + at_ns + took_ns, status, failure)
        self.tally.answered(request, answer, decision)

    def settle(self, arrival, state, done_ns, *, status=200, attempts=1, waits=None):
        sent_ns = START_NS + arrival.due_ns
        self.tally.settled([Settlement(arrival, state, waits, sent_ns, START_NS + done_ns, attempts, status)])

    def summary(self, after_ns, **options):
        self.tally.close(START_NS + after_ns)
        return fold(Timeline(self.path), self.map, **options)


@pytest.fixture
def told(tmp_path):
    made = Told(tmp_path).start()
    yield made
    made.map.close()


def test_the_map_says_in_flight_before_a_byte_leaves(told):
    arrival = an_arrival(4)
    told.tally.selected([arrival.item])
    assert told.map.state(4) is State.WAITING
    told.tally.sending(a_request([arrival]), START_NS)
    assert told.map.state(4) is State.IN_FLIGHT


def test_each_attempt_leaves_its_flags(told):
    again = Decision(Outcome.RETRY, NS_PER_S, counted=True)
    arrival = an_arrival(0)
    told.send([arrival], 0, status=429, decision=again)
    assert told.map.state(0) is State.WAITING_AGAIN
    assert told.map.flags(0) == THROTTLED
    told.send([arrival], NS_PER_S, status=503, decision=again, attempt=2)
    assert told.map.flags(0) == THROTTLED | SENT_AGAIN | MAYBE_RECEIVED
    told.send([arrival], 2 * NS_PER_S, attempt=3)
    told.settle(arrival, State.ACCEPTED, 2 * NS_PER_S)
    assert told.map.byte(0) == State.ACCEPTED | THROTTLED | SENT_AGAIN | MAYBE_RECEIVED


@pytest.mark.parametrize(
    ("status", "failure", "flag"),
    [
        (400, None, 0),
        (500, None, MAYBE_RECEIVED),
        (None, Failure.CONNECT, 0),
        (None, Failure.TIMEOUT, MAYBE_RECEIVED),
    ],
)
def test_only_an_unclear_end_leaves_the_mark_of_one(told, status, failure, flag):
    told.send([an_arrival(0)], 0, status=status, failure=failure, decision=Decision(Outcome.ABANDONED))
    assert told.map.flags(0) == flag


def test_sums_requests_and_times_come_out_as_told(told):
    first, second, third = (an_arrival(index, due_ns=index * NS_PER_S) for index in range(3))
    told.tally.opened(START_NS - 5)
    for arrival in (first, second, third):
        told.tally.selected([arrival.item])
        told.tally.released([arrival])
        told.tally.first_sent([Waits(lane_ns=2_000_000, lag_ns=1_000)], START_NS + arrival.due_ns)
    told.tally.filtered(an_item(3, api="profile", kind="GET"), "only tracking is replayed")
    told.send([first, second], NS_PER_S, took_ns=3 * NS_PER_MS)
    told.settle(first, State.ACCEPTED, NS_PER_S + 3 * NS_PER_MS)
    told.settle(second, State.ACCEPTED, NS_PER_S + 3 * NS_PER_MS)
    told.send([third], 2 * NS_PER_S, status=400, decision=Decision(Outcome.REJECTED))
    told.settle(third, State.REJECTED, 2 * NS_PER_S + NS_PER_MS, status=400)
    summary = told.summary(3 * NS_PER_S, recorded=4)
    assert summary.disagreements == ()
    assert (summary.messages.selected, summary.messages.accepted, summary.messages.rejected) == (3, 2, 1)
    assert (summary.calls.recorded, summary.calls.filtered, summary.messages.filtered) == (1, 1, 0)
    assert dict(summary.totals.by_status) == {"200": 1, "400": 1}
    assert (summary.totals.sent, summary.totals.sent_messages, summary.totals.opened) == (2, 3, 1)
    assert summary.durations["service_2xx"].max == 3.0
    assert summary.durations["service_other"].count == 1
    assert summary.durations["response"].max == pytest.approx(1_003.0)
    assert summary.durations["lane_wait"].mean == 2.0
    assert summary.held_by_lane_share == 1.0
    assert summary.message_rates.offered == pytest.approx(1.5)
    assert summary.rates.offered == pytest.approx(1.0)
    assert summary.message_rates.goodput == pytest.approx(2 / 1.003, abs=0.001)
    assert [point.sent for point in summary.points] == [0, 1, 1, 0]
    assert [point.offered for point in summary.points] == [1, 1, 1, 0]


def test_limits_are_counted_by_scope_in_their_own_unit(told):
    for index in range(3):
        told.send([an_arrival(index)], index * 100 * NS_PER_MS)
    told.send(
        [an_arrival(3, source="web")], 300 * NS_PER_MS, status=429, decision=Decision(Outcome.ABANDONED)
    )
    uses = {(use.name, use.label): use for use in told.summary(3 * NS_PER_S).limits}
    assert set(uses) == {("2 requests/s", "shop"), ("2 requests/s", "web"), ("3 messages/s", "")}
    assert uses["2 requests/s", "shop"].peak_in_window == 3
    assert uses["2 requests/s", "shop"].seconds_over == pytest.approx(0.8)
    assert uses["2 requests/s", "shop"].throttled == 0
    assert uses["2 requests/s", "web"].seconds_over == 0
    assert uses["2 requests/s", "web"].throttled == 1
    assert uses["3 messages/s", ""].peak_in_window == 4
    assert uses["3 messages/s", ""].seconds_over == pytest.approx(0.7)


def test_a_send_into_an_asked_pause_is_a_violation_and_one_in_flight_is_not(told):
    asked = Decision(Outcome.RETRY, 2 * NS_PER_S, pauses_scope=True, asked_wait_ns=2 * NS_PER_S)
    in_flight = a_request([an_arrival(1)])
    told.tally.sending(in_flight, START_NS)
    told.send([an_arrival(0)], 1, status=429, decision=asked)
    told.tally.answered(in_flight, Answer(START_NS, START_NS + NS_PER_S, 200), ACCEPT)
    told.send([an_arrival(2, source="web")], NS_PER_S)
    told.send([an_arrival(0)], NS_PER_S, attempt=2)
    totals = told.summary(4 * NS_PER_S).totals
    assert (totals.retry_after_asked, totals.retry_after_honoured, totals.retry_after_violated) == (1, 0, 1)


def test_a_503_that_asked_its_request_to_wait_is_counted_and_held_against_the_retry(told):
    asked = Decision(Outcome.RETRY, 2 * NS_PER_S, asked_wait_ns=2 * NS_PER_S)
    told.send([an_arrival(0)], 1, status=503, decision=asked)
    told.send([an_arrival(1)], 2, status=503, decision=asked)
    told.send([an_arrival(2)], 3)
    told.send([an_arrival(0)], NS_PER_S, attempt=2)
    told.send([an_arrival(1)], 3 * NS_PER_S, attempt=2)
    totals = told.summary(4 * NS_PER_S).totals
    assert (totals.retry_after_asked, totals.retry_after_honoured, totals.retry_after_violated) == (2, 1, 1)
    assert totals.pauses == []


def test_what_becomes_due_is_told_apart_by_api(told):
    told.tally.released([an_arrival(0, api="profile"), an_arrival(1), an_arrival(2, api="profile")])
    (point,) = [point for point in told.summary(NS_PER_S).points if point.offered]
    assert (point.offered, dict(point.offered_by_api)) == (3, {"tracking": 1, "profile": 2})


def test_what_is_told_late_counts_in_its_own_second(told):
    told.tally.flush(START_NS + 5 * NS_PER_S)
    told.tally.released([an_arrival(0, due_ns=NS_PER_S)])
    told.tally.flush(START_NS + 6 * NS_PER_S)
    told.tally.released([an_arrival(1, due_ns=NS_PER_S + 1)])
    offered = {point.at_s: point.offered for point in told.summary(7 * NS_PER_S).points}
    assert offered[1] == 2
    assert sum(offered.values()) == 2


def test_flushing_often_or_once_gives_the_same_summary(tmp_path):
    summaries = []
    for name, flushes in (("often", True), ("once", False)):
        (tmp_path / name).mkdir()
        told = Told(tmp_path / name).start()
        for index in range(40):
            at_ns = index * 130 * NS_PER_MS
            arrival = an_arrival(index, due_ns=at_ns)
            told.tally.selected([arrival.item])
            told.tally.released([arrival])
            told.send([arrival], at_ns)
            told.settle(arrival, State.ACCEPTED, at_ns + NS_PER_MS)
            if flushes:
                told.tally.flush(START_NS + at_ns)
        summary = told.summary(6 * NS_PER_S)
        summaries.append((summary.points, summary.limits, summary.rates, summary.durations, summary.messages))
        told.map.close()
    assert summaries[0] == summaries[1]


def test_in_a_closed_loop_nothing_is_due(tmp_path):
    told = Told(tmp_path, closed_loop=True).start()
    arrival = an_arrival(0)
    told.tally.released([arrival])
    told.send([arrival], NS_PER_S)
    told.settle(arrival, State.ACCEPTED, NS_PER_S)
    summary = told.summary(2 * NS_PER_S)
    assert summary.closed_loop
    assert summary.rates.offered is None
    assert summary.rates.achieved == 1.0
    assert summary.durations["response"].count == 0
    told.map.close()


def test_a_run_that_never_started_still_closes_truly(tmp_path):
    told = Told(tmp_path)
    told.tally.selected([an_item(0)])
    told.tally.opened(77)
    summary = told.summary(0)
    assert summary.closed
    assert (summary.messages.selected, summary.messages.cancelled, summary.totals.opened) == (1, 1, 1)
    told.map.close()


def test_a_snapshot_speaks_of_the_last_whole_second(told):
    for index in range(10):
        arrival = an_arrival(index, due_ns=index * 200 * NS_PER_MS)
        told.tally.released([arrival])
        told.send([arrival], arrival.due_ns)
        told.tally.first_sent([Waits(lag_ns=2 * NS_PER_MS)], START_NS + arrival.due_ns)
        told.settle(arrival, State.ACCEPTED, arrival.due_ns + 1)
    told.tally.sending(a_request([an_arrival(11)]), START_NS + 1_900 * NS_PER_MS)
    snapshot = told.tally.snapshot()
    assert (snapshot.offered, snapshot.sent, snapshot.accepted, snapshot.settled) == (10, 11, 10, 10)
    assert (snapshot.in_flight, snapshot.sent_per_s) == (1, 5.0)
    assert snapshot.lag_p99_ms == pytest.approx(2.0, rel=0.01)


def test_sources_beyond_the_bound_are_counted_together(told):
    for index in range(SOURCES_MOST + 5):
        told.tally.selected([an_item(index, source=f"s{index}")])
    by_source = told.summary(NS_PER_S).totals.by_source
    assert by_source["(others)"] == 5
    assert len(by_source) == SOURCES_MOST + 1


def test_the_trace_has_a_line_for_each_item_with_the_agreed_keys(tmp_path):
    trace = TraceWriter(tmp_path / "trace.ndjson", lambda item: f"r1.{item.index}")
    told = Told(tmp_path, trace=trace).start()
    sent, dropped = an_arrival(0, due_ns=1_500), an_arrival(1)
    told.settle(sent, State.ACCEPTED, 9_000, waits=Waits(1, 2, 3, 4, 5))
    told.tally.settled([Settlement(dropped, State.DROPPED, None, None, START_NS + 7, 0, None)])
    told.tally.close(START_NS + NS_PER_S)
    lines = [orjson.loads(line) for line in (tmp_path / "trace.ndjson").read_bytes().splitlines()]
    assert lines[0] == {
        "index": 0,
        "message_id": "r1.0",
        "due_at": "2026-01-02T03:04:05.678902Z",
        "due_ns": 1_500,
        "lane_wait_ns": 1,
        "limit_wait_ns": 2,
        "batch_wait_ns": 3,
        "user_wait_ns": 4,
        "sent_ns": 1_500,
        "done_ns": 9_000,
        "attempts": 1,
        "status": 200,
    }
    assert (lines[1]["sent_ns"], lines[1]["lane_wait_ns"], lines[1]["status"]) == (None, None, None)
    told.map.close()


def test_telling_all_of_an_item_costs_little(told):
    arrivals = [an_arrival(index, due_ns=index * 100_000) for index in range(6_000)]
    requests = [a_request([arrival]) for arrival in arrivals]
    waits, tally = Waits(lag_ns=900), told.tally

    def tell(arrival, request):
        now_ns = START_NS + arrival.due_ns
        tally.selected([arrival.item])
        tally.released([arrival])
        tally.sending(request, now_ns)
        tally.first_sent([waits], now_ns)
        tally.answered(request, Answer(now_ns, now_ns + 5_000, 200), ACCEPT)
        tally.settled([Settlement(arrival, State.ACCEPTED, waits, now_ns, now_ns + 5_000, 1, 200)])

    def took_ns(work):
        began_ns = time.process_time_ns()
        work()
        return time.process_time_ns() - began_ns

    def count_up():
        counts = {}
        for number in range(20_000):
            counts[number & 63] = counts.get(number & 63, 0) + 1

    # Against plain counting on the same machine at the same time: it is about 60 such steps.
    told_ns, counted_ns = [], []
    for part in range(0, 6_000, 1_000):
        pairs = list(zip(arrivals[part : part + 1_000], requests[part : part + 1_000], strict=True))
        told_ns.append(took_ns(lambda pairs=pairs: [tell(*pair) for pair in pairs]) / 1_000)
        counted_ns.append(took_ns(count_up) / 20_000)
    assert min(told_ns) < 250 * max(counted_ns)


def test_memory_of_the_tally_does_not_grow_with_items(told):
    for index in range(3_000):
        arrival = an_arrival(index, due_ns=index * 10 * NS_PER_MS)
        told.tally.selected([arrival.item])
        told.send([arrival], arrival.due_ns)
        told.settle(arrival, State.ACCEPTED, arrival.due_ns + 1)
        told.tally.flush(START_NS + arrival.due_ns)
    tally = told.tally
    assert len(tally._seconds) == 1
    assert len(tally._requests_in_1s._sends) <= 100
