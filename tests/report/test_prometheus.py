"""The page for Prometheus: its form, and the same numbers as `run.json`."""

import re

import pytest

from harness.measure.counters import HISTOGRAMS
from harness.measure.summary import Summary
from harness.report.document import build_document
from harness.report.prometheus import SERVED, prometheus_text
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{([a-z_]+)="((?:[^"\\\n]|\\.)*)"\})? (-?[0-9.e+-]+)')


def read(page):
    """What Prometheus would read; fails where the form is broken."""
    samples, families = {}, {}
    for line in page.removesuffix("\n").split("\n"):
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE")
            if word == "TYPE":
                assert name not in families, f"{name} twice"
                families[name] = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, _, value, number = match.groups()
        base = re.sub(r"_(sum|count)$", "", name)
        assert name in families or families.get(base) == "summary", line
        assert (name, value) not in samples
        samples[name, value] = float(number)
    assert set(families.values()) <= {"counter", "gauge", "summary"}
    assert all(name.endswith("_total") for name, kind in families.items() if kind == "counter")
    return samples


@pytest.mark.parametrize("name", RUNS)
def test_every_number_is_the_documents(name):
    document = RUNS[name]()
    samples = read(prometheus_text(document))
    requests = document["requests"]
    assert samples["harness_requests_sent_total", None] == requests["sent"]
    answered = {
        status: n for (family, status), n in samples.items() if family == "harness_requests_answered_total"
    }
    assert answered == requests["by_status"]
    ended = {end: n for (family, end), n in samples.items() if family == "harness_messages_ended_total"}
    assert ended == {end: document["messages"][end] for end in ended}
    assert len(ended) == 5
    for family, key in (
        ("harness_service_time_seconds", "service_time_ms"),
        ("harness_response_time_seconds", "response_time_ms"),
        ("harness_schedule_lag_seconds", "schedule_lag_ms"),
    ):
        figures = document[key]
        if figures is None or not figures["count"]:
            assert (f"{family}_count", None) not in samples
            continue
        assert samples[f"{family}_count", None] == figures["count"]
        assert samples[family, "0.99"] == pytest.approx(figures["p99"] / 1_000)
        assert samples[f"{family}_sum", None] == pytest.approx(figures["mean"] * figures["count"] / 1_000)
    rate = document["rate_per_s"]["goodput"]
    assert samples.get(("harness_request_rate_goodput_per_second", None)) == (
        None if rate is None else pytest.approx(rate)
    )


def test_nothing_that_a_recording_names_is_served():
    page = prometheus_text(a_document(items=40, sources=("shop-of-a-person",)))
    assert "shop" not in page


def test_a_hostile_name_stays_in_its_quotes():
    page = prometheus_text(build_document(facts(run_id='a"} 1\nb\\')))
    assert read(page)["harness_run_info", 'a\\"} 1\\nb\\\\'] == 1


def test_the_histograms_that_are_served_are_real():
    assert set(SERVED) <= set(HISTOGRAMS)
    assert set(SERVED) <= set(Summary().durations)
