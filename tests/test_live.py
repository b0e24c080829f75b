"""What is looked at while a run goes on, in pieces, on what was heard so far."""

import pytest

from harness.live import ABORTED, live_of
from harness.measure.counters import Counters
from harness.plan import make_plan
from harness.units import NS_PER_MS, NS_PER_S


def a_second(number, *, answers=50, took_ms=5, throttled=0):
    second = Counters()
    second.sent = answers + throttled
    second.accepted, second.throttled = answers, throttled
    second.last_sent_ns = (number + 1) * NS_PER_S
    second.by_status["200"] = second.first_by_status["200"] = answers
    for _ in range(answers):
        second.service_2xx.record(took_ms * NS_PER_MS)
    return {"second": number} | second.to_json()


def looking(live, elapsed_s):
    stops, pieces = [], []
    live.look(elapsed_s * NS_PER_S, stops.append, pieces.append)
    for piece in pieces:
        piece()
    return stops


def a_live(**given):
    live = live_of(make_plan("r.ndjson", given), "run-1", "http://127.0.0.1:1")
    assert live is not None
    live.running.hear({"format": "timeline/1", "closed_loop": False})
    return live


def test_a_plan_that_asks_for_nothing_has_nobody_looking():
    assert live_of(make_plan("r.ndjson", {"expect": ["throttle.throttled == 0"]}), "r", "http://x") is None


def test_a_count_that_is_lost_stops_the_run_once_and_not_before_the_grace_is_over():
    live = a_live(expect=["throttle.throttled == 0"], abort_on_fail=True, abort_grace="3s")
    live.running.hear(a_second(0, throttled=1))
    assert looking(live, 1) == []
    live.running.hear(a_second(1))
    assert looking(live, 3) == [ABORTED]
    assert live.aborted.startswith("Expected throttle.throttled == 0, but it was 1 after 3 s")
    live.running.hear(a_second(2))
    assert looking(live, 4) == []


def test_what_was_not_heard_is_not_looked_at_twice():
    live = a_live(expect=["throttle.throttled == 0"], abort_on_fail=True, abort_grace="0s")
    pieces = []
    live.running.hear(a_second(0))
    for _ in range(5):
        live.look(NS_PER_S, pytest.fail, pieces.append)
    assert len(pieces) == 1  # the judgement alone: no histogram is asked for


def test_a_percentile_is_judged_once_it_rests_on_enough():
    live = a_live(expect=["p99 of service_time_ms < 4ms"], abort_on_fail=True, abort_grace="0s")
    live.running.hear(a_second(0))
    assert looking(live, 1) == []  # of 50 answers a p99 is the maximum
    live.running.hear(a_second(1))
    assert looking(live, 2) == [ABORTED]
    assert "after 2 s" in live.aborted


def test_the_page_has_what_was_heard():
    live = a_live(metrics_port="0")
    live.running.hear(a_second(0, took_ms=5))
    looking(live, 1)
    assert b"\nharness_requests_sent_total 50\n" in live.page
    assert b'\nharness_service_time_seconds{quantile="0.99"} 0.005\n' in live.page
    assert live.aborted is None
