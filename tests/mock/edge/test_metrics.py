"""Telemetry of the browser library: counted, or refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.edge import metrics
from harness.mock.edge.metrics import Telemetry, metrics_of, take_telemetry
from tests.mock.edge.visits import json_of, status_of
from tests.segment.test_validity import JSON

POINT = {"type": "Counter", "metric": "analytics_js.invoke", "value": 1, "tags": {"library": "a"}}


def body_of(*points) -> bytes:
    return json.dumps({"series": list(points)}).encode()


def test_points_are_counted_by_metric():
    telemetry = Telemetry()
    for _ in range(2):
        reply = take_telemetry(telemetry, body_of(POINT, {**POINT, "metric": "analytics_js.error"}))
        assert (status_of(reply), json_of(reply)) == (200, {"success": True})
    assert take_telemetry(telemetry, body_of()) == reply
    assert telemetry.report() == {
        "points": 4,
        "metrics": {"analytics_js.error": 2, "analytics_js.invoke": 2},
        "unlisted": 0,
        "malformed": 0,
    }
    telemetry.reset()
    assert telemetry.report() == Telemetry().report()


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"[]",
        b"{}",
        b'{"series":{}}',
        b'{"series":[1]}',
        body_of({"value": 1}),
        body_of({**POINT, "metric": ""}),
        body_of({**POINT, "metric": "m" * 201}),
        body_of({**POINT, "value": "1"}),
        body_of({**POINT, "value": True}),
        body_of({**POINT, "tags": None}),
        body_of(*[POINT] * 1_001),
    ],
)
def test_what_is_no_telemetry_is_refused_and_counts_nothing(body):
    telemetry = Telemetry()
    reply = take_telemetry(telemetry, body)
    assert (status_of(reply), json_of(reply)["code"]) == (400, "invalid_request")
    assert (telemetry.points, telemetry.malformed) == (0, 1)


def test_metrics_beyond_the_most_are_summed(monkeypatch):
    monkeypatch.setattr(metrics, "MOST_METRICS", 1)
    telemetry = Telemetry()
    telemetry.count(["a", "b", "a", "c"])
    assert telemetry.report() == {"points": 4, "metrics": {"a": 2}, "unlisted": 2, "malformed": 0}


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries({"series": st.lists(JSON | st.fixed_dictionaries({"metric": JSON}))}))
def test_any_json_is_telemetry_or_malformed(document):
    body = json.dumps(document).encode()
    telemetry = Telemetry()
    if status_of(take_telemetry(telemetry, body)) == 200:
        assert metrics_of(body) == [point["metric"] for point in document["series"]]
    assert telemetry.malformed == (status_of(take_telemetry(telemetry, body)) == 400)
