"""A run told apart: billed people and calls, errors with their kinds, pauses, and limits over time."""

import pytest

from harness.measure.counters import Counters, PauseSeen
from harness.measure.summary import Summary
from harness.report.breakdown import PAUSES_MOST, breakdown, pauses
from harness.units import NS_PER_S
from tests.report.pages import contents_of
from tests.report.runs import a_document, run_summary


def test_each_accepted_message_is_a_call_and_without_a_look_people_are_not_known():
    billed = breakdown(run_summary(items=50, rate_per_s=50), None)["billed"]
    assert (billed["api_calls"], billed["mtus"], billed["mtus_complete"]) == (50, None, False)
    looked = breakdown(run_summary(items=50, rate_per_s=50), contents_of(["A"] * 50))["billed"]
    assert (looked["mtus"], looked["users"], looked["mtus_complete"]) == (50, 50, True)


def test_errors_are_all_that_is_no_2xx_with_when_and_how_they_came():
    document = a_document(items=900, rate_per_s=400, limit_per_s=300)
    statuses = document["requests"]["by_status"]
    groups = {group["status"]: group for group in document["errors"]}
    assert {status: group["requests"] for status, group in groups.items()} == {
        status: number for status, number in statuses.items() if status != "200"
    }
    assert groups["none"]["kinds"] == {"connection closed before an answer": statuses["none"]}
    throttled = [second for second, number in enumerate(document["timeline"]["statuses"]["429"]) if number]
    assert (groups["429"]["first_at_s"], groups["429"]["last_at_s"]) == (throttled[0], throttled[-1])
    assert list(groups) == sorted(groups, key=lambda status: -groups[status]["requests"])


def test_pauses_are_told_in_their_order_and_bounded():
    totals = Counters()
    totals.pauses = [
        PauseSeen("tracking", "web", second * NS_PER_S, NS_PER_S, None, 1, True)
        for second in range(300, 0, -1)
    ]
    told = pauses(Summary(totals=totals))
    assert (len(told["pauses"]), told["pauses_in_all"]) == (PAUSES_MOST, 300)
    assert told["pauses"][0] == {
        "api": "tracking", "source": "web", "at_s": 1.0, "asked_s": 1.0, "waited_s": None, "answers": 1,
        "kept": True,
    }  # fmt: skip


def test_the_fullest_window_of_each_point_never_exceeds_that_of_the_run():
    document = a_document(items=900, rate_per_s=800, sources=("a", "b"))
    for place, use in enumerate(document["throttle"]["limits"]):
        column = document["timeline"]["limits"][str(place)]
        assert max(column["peak"]) == use["peak_in_window"]
        assert sum(column["over_s"]) == pytest.approx(use["seconds_over"], abs=0.002)  # each is rounded
    assert sum(document["timeline"]["by_api"]["tracking"]) == document["requests"]["sent"]
