"""Runs laid over each other: one line a run, told apart without colour, on one axis whatever their length."""

import pytest

from harness.report.comparison_charts import RUNS_DRAWN_MOST, DrawnRun, comparison_charts
from tests.throttle.paired import a_run


def drawn(*runs):
    named = [DrawnRun(f"r{number}", run) for number, run in enumerate(runs)]
    return {chart.name: chart for found in comparison_charts(named).values() for chart in found}


def values(chart, name):
    return next(series.values for series in chart.series if series.label == name)


def test_each_run_is_a_line_that_differs_without_its_colour():
    runs = [a_run(seed, seconds=20) for seed in range(RUNS_DRAWN_MOST + 2)]
    charts = drawn(*runs)
    assert set(charts) >= {"sent-rate", "service-p50", "service-p99", "response-p99", "service-curve"}
    for chart in charts.values():
        assert [series.label for series in chart.series] == ["r0", "r1", "r2", "r3", "r4"]
        assert len({(series.dash, series.thick) for series in chart.series}) == RUNS_DRAWN_MOST
        assert len({series.colour for series in chart.series}) == RUNS_DRAWN_MOST


def test_all_charts_over_time_are_as_long_as_the_longest_run():
    charts = drawn(a_run(1, seconds=20), a_run(2, seconds=33))
    over_time = [chart for chart in charts.values() if chart.axis == "time"]
    assert {chart.points for chart in over_time} == {33}
    assert values(charts["sent-rate"], "r0")[20:] == [None] * 13
    assert len({chart.across for chart in over_time if chart.logarithmic}) == 1


def test_429s_are_drawn_where_any_run_has_them_and_zeros_of_the_others():
    assert "throttled" not in drawn(a_run(1, seconds=20), a_run(2, seconds=20))
    fine, throttled = a_run(1, seconds=20), a_run(2, seconds=20, refused=0.3)
    del fine["timeline"]["statuses"]["429"]
    chart = drawn(fine, throttled)["throttled"]
    assert values(chart, "r0") == [0] * 20
    assert sum(values(chart, "r1")) == throttled["throttle"]["throttled"]


def test_runs_of_other_points_are_laid_on_the_wider_ones_and_it_is_said():
    fine, wide = a_run(1, seconds=30), a_run(2, seconds=30)
    timeline = wide["timeline"]
    timeline |= {"width_s": 10, "points": 3}
    for name in ("sent", "service_p50_ms", "service_p99_ms", "response_p99_ms"):
        timeline[name] = [max(timeline[name][at : at + 10]) for at in (0, 10, 20)]
    charts = drawn(fine, wide)
    sent = charts["sent-rate"]
    assert (sent.width_s, sent.points) == (10, 3)
    assert sum(values(sent, "r0")) * 10 == sum(fine["timeline"]["sent"])
    assert "Each point is 10 s" in sent.note
    assert values(charts["service-p99"], "r0")[0] == max(fine["timeline"]["service_p99_ms"][:10])


def test_what_a_run_did_not_measure_is_not_drawn_of_it():
    blind = a_run(2, seconds=20, curves=None)
    blind["timeline"] |= dict.fromkeys(("service_p50_ms", "service_p99_ms", "response_p99_ms"))
    charts = drawn(a_run(1, seconds=20), blind)
    assert [series.label for series in charts["service-p50"].series] == ["r0"]
    assert [series.label for series in charts["service-curve"].series] == ["r0"]
    assert drawn(a_run(1, seconds=0), a_run(2, seconds=0)) == {}


@pytest.mark.parametrize("kind", ["service", "response"])
def test_a_curve_has_the_figures_of_its_run(kind):
    runs = a_run(1), a_run(2, slower=2)
    chart = drawn(*runs)[f"{kind}-curve"]
    for name, run in zip(("r0", "r1"), runs, strict=True):
        at = dict(zip(chart.xs, values(chart, name), strict=True))
        assert at[2.0] == pytest.approx(run[f"{kind}_time_ms"]["p99"], rel=0.01)
        assert list(at.values())[-1] == pytest.approx(run[f"{kind}_time_ms"]["max"], rel=0.01)
