"""The page for Prometheus: its form, and the same numbers as `run.json`."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.measure.counters import HISTOGRAMS
from harness.measure.recent import LimitNow
from harness.measure.summary import Summary
from harness.report.document import build_document
from harness.report.prometheus import SERVED, prometheus_text
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS


def read(page):
    """What Prometheus' own library reads, by family and label values; fails where the form is broken."""
    families = list(text_string_to_metric_families(page))
    assert len({family.name for family in families}) == len(families)
    assert {family.type for family in families} <= {"counter", "gauge", "summary"}
    assert all(family.documentation for family in families)
    samples = [sample for family in families for sample in family.samples]
    # The library forgives a line that it does not understand where it can; nothing may need that.
    assert len(samples) == sum(not line.startswith("#") for line in page.splitlines())
    for family in families:
        if family.type == "counter":
            assert all(sample.name == f"{family.name}_total" for sample in family.samples)
    read = {(sample.name, *(sample.labels.values() or [None])): sample.value for sample in samples}
    assert len(read) == len(samples)
    return read


@pytest.mark.parametrize("name", RUNS)
def test_every_number_is_the_documents(name):
    document = RUNS[name]()
    samples = read(prometheus_text(document))
    requests = document["requests"]
    assert samples["harness_requests_sent_total", None] == requests["sent"]
    answered = {
        labels[0]: n
        for (family, *labels), n in samples.items()
        if family == "harness_requests_answered_total"
    }
    assert answered == requests["by_status"]
    ended = {label: n for (name, label, *_), n in samples.items() if name == "harness_messages_ended_total"}
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
    hostile = 'a"} 1\nb\\'
    limit = LimitNow("profile", hostile, "a source", "requests", 100, 1.0, 28)
    samples = read(prometheus_text(build_document(facts(run_id=hostile)), [limit]))
    assert samples["harness_run_info", hostile] == 1
    assert samples["harness_limit_used", "profile", hostile] == 28
    assert not any("a source" in key for key in samples)


def test_each_limit_is_served_as_used_and_allowed():
    limits = [
        LimitNow("tracking", "Tracking 500 requests/s per source", "", "requests", 500, 1.0, 412),
        LimitNow("config", "Config 100 requests/min per token", "", "requests", 100, 60.0, 0),
    ]
    samples = read(prometheus_text(a_document(items=4), limits))
    for limit in limits:
        assert samples["harness_limit_used", limit.api, limit.name] == limit.used
        assert samples["harness_limit_allowed", limit.api, limit.name] == limit.most


def test_the_histograms_that_are_served_are_real():
    assert set(SERVED) <= set(HISTOGRAMS)
    assert set(SERVED) <= set(Summary().durations)
