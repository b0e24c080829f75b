"""The summary: folding records, merging seconds, and reading a run that died."""

import pytest

from harness.measure.counters import Counters, Use
from harness.measure.delivery_map import DeliveryMap
from harness.measure.histogram import Histogram
from harness.measure.summary import Figures, figures, fold
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import State
from harness.units import NS_PER_S


def a_timeline(folder, records):
    path = folder / "timeline.ndjson"
    writer = TimelineWriter(path)
    for record in records:
        writer.append(record)
    writer.close()
    return Timeline(path)


def sent(second, number, **more):
    return {"second": second, "sent": number, "by_status": {"200": number}} | more


def test_seconds_beyond_the_bound_are_merged_and_lose_nothing(tmp_path):
    timeline = a_timeline(tmp_path, [sent(second, 2) for second in range(25)])
    summary = fold(timeline, None, points_most=10)
    assert [point.at_s for point in summary.points] == [0, 3, 6, 9, 12, 15, 18, 21, 24]
    assert {point.width_s for point in summary.points} == {3}
    assert sum(point.sent for point in summary.points) == summary.totals.sent == 50
    assert summary.points[0].statuses == {"200": 6}


def test_two_records_of_one_second_are_added_up(tmp_path):
    summary = fold(a_timeline(tmp_path, [sent(1, 2), sent(2, 1), sent(1, 5)]), None)
    assert [(point.at_s, point.sent) for point in summary.points] == [(1, 7), (2, 1)]


def test_a_run_that_died_is_read_from_its_map(tmp_path):
    timeline = a_timeline(tmp_path, [sent(0, 1, states={"messages.selected": 1})])
    with (tmp_path / "timeline.ndjson").open("ab") as file:
        file.write(b"12345678 {")
    delivery_map = DeliveryMap.create(tmp_path / "delivery.map", run_id="r", fingerprint={})
    delivery_map.set_state(0, State.ACCEPTED)
    delivery_map.set_state(1, State.IN_FLIGHT)
    delivery_map.set_state(2, State.WAITING)
    summary = fold(timeline, delivery_map)
    delivery_map.close()
    assert not summary.closed
    assert summary.left_out_bytes == 10
    assert (summary.messages.accepted, summary.messages.pending, summary.messages.cancelled) == (1, 1, 1)
    assert summary.disagreements == ()


def test_an_empty_run_has_no_figures(tmp_path):
    summary = fold(a_timeline(tmp_path, []), None)
    assert summary.rates.offered is summary.rates.achieved is summary.rates.peak_1s is None
    assert summary.durations["response"] == Figures()
    assert summary.points == ()


def test_figures_are_in_ms_and_count_what_is_below_zero():
    histogram = Histogram()
    for value_ns in (1_000_000, 3_000_000, -1):
        histogram.record(value_ns)
    told = figures(histogram)
    assert (told.mean, told.max, told.count, told.below_zero) == (2.0, 3.0, 2, 1)
    assert told.p50 == pytest.approx(1.0, rel=0.01)


def test_counters_survive_their_written_form_and_add_up():
    one = Counters()
    one.sent, one.in_flight, one.unwaited = 3, 5, 2
    one.by_status["200"] += 3
    one.response.record(7)
    one.use(0, "shop", Use(4, NS_PER_S, 1))
    both = Counters()
    both.add(one.to_json())
    both.add(one.to_json())
    assert (both.sent, both.in_flight, both.by_status["200"], both.response.count) == (6, 5, 6, 2)
    assert both.limits == {(0, "shop"): Use(4, 2 * NS_PER_S, 2)}
    assert both.lane_wait.count == both.user_wait.count == 4
    assert both.lane_wait.max_ns == 0


def test_nothing_counted_is_nothing_written():
    assert Counters().to_json() == {}
