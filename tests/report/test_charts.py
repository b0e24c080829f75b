"""Charts: what is drawn of a run and what is not, exact shades, and a table that says the same."""

from itertools import pairwise
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.charts import charts
from harness.report.plot import Chart, Series, shades, share_of
from harness.report.rate_charts import in_window
from tests.report.runs import a_document
from tests.report.test_document import RUNS


def named(document):
    return {chart.name: chart for found in charts(document).values() for chart in found}


def labels(chart):
    return [series.label for series in chart.series]


def values(chart, label):
    return next(series.values for series in chart.series if series.label == label)


def test_a_run_without_a_send_has_no_charts():
    assert charts(RUNS["nothing"]()) == {}
    assert charts(RUNS["running"]()) == {}


@pytest.mark.parametrize("name", ["one item", "clean", "throttled", "closed loop"])
def test_every_chart_is_described_and_has_columns_of_equal_length(name):
    document = RUNS[name]()
    for chart in named(document).values():
        assert chart.description.endswith(".")
        assert len({len(series.values) for series in chart.series}) == 1
        if chart.axis == "time":
            assert chart.points == document["timeline"]["points"]
        head, rows = chart.table()
        assert 1 <= len(rows) <= 22
        assert {len(row) for row in rows} == {len(head)}


def test_the_limit_is_drawn_and_only_seconds_over_it_are_shaded():
    document = a_document(items=900, rate_per_s=800)
    over, under = named(document)["rate-tracking-requests"], named(a_document())["rate-tracking-requests"]
    assert [line.value for line in over.lines] == [line.value for line in under.lines] == [500]
    shaded = [second for second, over_s in enumerate(document["timeline"]["over_s"]) if over_s]
    assert shaded
    assert [second for one in over.shaded for second in range(int(one.start), int(one.end))] == shaded
    assert under.shaded == ()
    assert "over the limit for" in over.description
    assert "never over its limit" in under.description


def test_the_fullest_window_is_what_the_limit_is_compared_with():
    document = a_document(items=900, rate_per_s=800)
    fullest = values(named(document)["rate-tracking-requests"], "fullest window")
    assert max(fullest) == document["throttle"]["limits"][0]["peak_in_window"] > 500


def test_of_several_sources_the_fullest_is_compared_with_the_limit_of_one():
    document = a_document(sources=("a", "b"), items=300)
    chart = named(document)["rate-tracking-requests"]
    assert [line.label for line in chart.lines] == ["limit 500/s, for each of 2 sources"]
    peaks = [use["peak_in_window"] for use in document["throttle"]["limits"]]
    assert max(values(chart, "fullest window of any source")) == max(peaks) < sum(peaks)


def test_throttled_answers_are_laid_over_the_stack_and_nowhere_else():
    document = RUNS["throttled"]()
    chart = named(document)["statuses"]
    assert [series.stacked for series in chart.series][-1] is False
    drawn = chart.series[-1].values
    assert [value or 0 for value in drawn] == document["timeline"]["statuses"]["429"]
    assert None in drawn


def test_retries_are_what_was_sent_again():
    document = RUNS["throttled"]()
    assert sum(values(named(document)["retries"], "sent again")) == document["requests"]["retried"]
    assert "retries" not in named(RUNS["clean"]())


def test_a_closed_loop_has_neither_an_offered_rate_nor_response_times():
    drawn = named(RUNS["closed loop"]())
    assert "offered" not in labels(drawn["rate-tracking-requests"])
    assert "response-time" not in drawn
    assert labels(drawn["curve"]) == ["service time"]


def test_the_curve_says_what_the_figures_say():
    document = a_document(items=2_000, rate_per_s=400)
    chart = named(document)["curve"]
    service = dict(zip(chart.xs, values(chart, "service time"), strict=True))
    # The place at one nine is p90, at two p99; the last is the maximum.
    assert service[1.0] == document["service_time_ms"]["p90"]
    assert service[2.0] == document["service_time_ms"]["p99"]
    assert list(service.values())[-1] == document["service_time_ms"]["max"]
    assert list(service.values()) == sorted(service.values())


def test_service_and_response_time_share_a_scale():
    drawn = named(RUNS["throttled"]())
    assert drawn["service-time"].across == drawn["response-time"].across


def test_a_wider_point_keeps_its_busiest_second():
    document = a_document(items=300)
    timeline = document["timeline"]
    timeline["width_s"] = 10
    chart = named(document)["rate-tracking-requests"]
    assert "Each point is 10 s" in chart.note
    assert values(chart, "sent, busiest second") == timeline["sent_peak_1s"]
    assert values(chart, "sent") == [sent / 10 for sent in timeline["sent"]]


def test_the_table_says_the_mean_and_the_most_of_each_stretch():
    chart = Chart(
        name="c",
        title="C",
        unit="u",
        description="d.",
        series=(
            Series(label="a", values=[1, 3] * 20, colour="sent"),
            Series(label="b", values=[None] * 40, colour="lag"),
        ),
        width_s=2,
    )
    head, rows = chart.table()
    assert head == ["time", "a", "b"]
    assert rows[0] == ["0 s to 4 s", "2.00 (most 3.00)", "–"]
    assert len(rows) == 20


@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), max_size=40), st.integers(1, 20))
def test_shades_are_as_dark_as_the_share_of_each_point(shares, width_s):
    found = shades(shares, width_s)
    covered = {
        place: one.share
        for one in found
        for place in range(int(one.start) // width_s, int(one.end) // width_s)
    }
    assert covered == {place: share for place, share in enumerate(shares) if share}
    assert all(one.end < other.start or one.share != other.share for one, other in pairwise(found))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 5), st.integers(1, 6))
def test_a_window_holds_what_its_last_points_had(values, width_s, points):
    window_s = float(points * width_s)
    assert in_window(values, width_s, window_s) == [
        sum(values[max(0, place + 1 - points) : place + 1]) for place in range(len(values))
    ]


def test_a_limit_of_another_window_has_a_chart_in_that_window():
    document = a_document(items=300)
    limit = document["throttle"]["limits"][0]
    limit |= {"count": 100, "window_s": 60.0, "name": "100 requests/min"}
    chart = named(document)["rate-tracking-requests-60"]
    assert chart.unit == "requests in 60 s"
    assert [line.value for line in chart.lines] == [100]
    assert values(chart, "sent")[-1] == sum(document["timeline"]["sent"])
    assert values(chart, "fullest window") == document["timeline"]["limits"]["0"]["peak"]
    assert "rate-tracking-requests" not in named(document)


def test_each_api_has_what_was_due_of_it():
    document = a_document(items=300)
    timeline = document["timeline"]
    timeline["by_api"] = {"tracking": timeline["sent"], "config": [1] * timeline["points"]}
    timeline["offered_by_api"] = {"tracking": timeline["offered"], "config": [2] * timeline["points"]}
    assert values(named(document)["rate-config-requests"], "offered") == [2] * timeline["points"]


@given(st.integers(1, 8))
def test_a_share_is_said_with_as_many_nines(nines):
    said = share_of(nines)
    assert said.count("9") == nines
    assert log10(1 - float(said.rstrip(" %")) / 100) == pytest.approx(-nines, rel=1e-3)
