"""Charts: paths that stay on their field, round ticks, and what is marked on them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report import charts
from harness.report.charts import HIGH, WIDE
from tests.report.runs import a_document
from tests.report.test_document import RUNS


def named(document):
    return {chart.name: chart for chart in charts.charts(document)}


def kinds(chart):
    return [shape.kind for shape in chart.shapes]


def test_a_run_without_a_send_has_no_charts():
    assert charts.charts(RUNS["nothing"]()) == ()
    assert charts.charts(RUNS["running"]()) == ()


@pytest.mark.parametrize("name", ["one item", "clean", "throttled", "closed loop"])
def test_every_shape_stays_on_its_field_and_every_chart_is_described(name):
    for chart in charts.charts(RUNS[name]()):
        assert chart.description.endswith(".")
        assert chart.y_ticks
        assert chart.x_ticks
        assert all(0 <= tick.at <= 100 for tick in (*chart.x_ticks, *chart.y_ticks))
        for shape in chart.shapes:
            assert all(0 <= float(x) <= WIDE for x in re.findall(r"[MH](-?[\d.]+)", shape.path))
            assert all(0 <= float(y) <= HIGH for y in re.findall(r"V(-?[\d.]+)", shape.path))


def test_the_limit_is_drawn_and_only_seconds_over_it_are_shaded():
    over, under = named(a_document(items=900, rate_per_s=800)), named(a_document())
    assert {"limit", "over", "offered", "sent"} <= set(kinds(over["rate"]))
    assert "over" not in kinds(under["rate"])
    assert "limit" in kinds(under["rate"])
    assert "over the limit for" in over["rate"].description


def test_a_limit_for_each_of_several_sources_is_drawn_for_all_of_them():
    keys = [key.label for key in named(a_document(sources=("a", "b")))["rate"].keys]
    assert "limit, 2 sources x 500/s" in keys


def test_throttled_answers_are_laid_over_the_stack():
    chart = named(RUNS["throttled"]())["statuses"]
    assert kinds(chart)[-2:] == ["status-429-area", "status-429"]
    assert "status-2xx" in kinds(chart)


def test_a_closed_loop_has_neither_an_offered_rate_nor_response_times():
    drawn = named(RUNS["closed loop"]())
    assert "offered" not in kinds(drawn["rate"])
    assert kinds(drawn["latency"]) == ["service-p50", "service-p99"]


def test_a_missing_value_leaves_a_gap():
    assert charts._line([1.0, None, 1.0], 1.0) == "M0.0 0.0H333.3M666.7 0.0H1000.0"


@given(st.floats(0.001, 1e9))
def test_the_top_of_a_scale_is_round_and_close(most):
    top = charts._nice_top(most)
    assert most < top <= most * 2.2
    labels = [tick.label for tick in charts._linear_ticks(top)]
    assert 3 <= len(labels) <= 8
    assert len(set(labels)) == len(labels)
