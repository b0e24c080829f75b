"""The page of a search for capacity: what held, what did not, and each step with its own report."""

import pytest

from harness.report.plot import RATE, Shade
from harness.report.search_charts import by_rate, search_charts
from harness.report.search_html import search_html, write_search
from tests.report.pages import MARKUP

TIMES = {"p50": 0.4, "p90": 1.0, "p95": 2.0, "p99": 3.5, "p999": 9.0, "max": 9.0, "mean": 0.6, "count": 900}


def step(number, rate_per_s, verdict="held", *, confirms=False, **changed):
    return {
        "step": number, "folder": f"steps/{number:02}-{rate_per_s:g}", "rate_per_s": rate_per_s,
        "confirms": confirms, "length_s": 30.0, "items": 900, "sent_per_s": rate_per_s,
        "first_attempt_by_status": {"200": 900}, "errors": 0, "throttled": 0,
        "response_time_ms": TIMES, "service_time_ms": TIMES, "verdict": verdict,
        "reason": "" if verdict == "held" else "expected throttle.throttled == 0, but it was 1",
        "expectations": [], "trust_warnings": [],
    } | changed  # fmt: skip


def search(*steps, **changed):
    return {
        "format": "capacity/1", "run_id": "20260102-030405-abcde", "state": "finished", "exit_code": 0,
        "sentence": "Capacity: 100/s held; at 200/s the target's refusals stopped it: it was 1.",
        "stopped_by": "refusals", "capacity_per_s": 100.0, "held_per_s": 100.0, "confirmed": True,
        "failed_per_s": 200.0, "recording": "shop.ndjson", "target": "http://127.0.0.1:8765",
        "search": {
            "start_rate_per_s": 50.0, "max_rate_per_s": None, "step_s": 30.0, "settle_s": 5.0,
            "confirm_s": 60.0, "precision": 0.05, "expect": ["throttle.throttled == 0"],
        },
        "steps": list(steps), "plan": {}, "made_with": {"harness": "0.1.0"},
    } | changed  # fmt: skip


STEPS = (step(1, 50.0), step(2, 100.0), step(3, 200.0, "refusals"), step(4, 100.0, confirms=True))


def test_each_step_leads_to_its_own_report_and_says_what_it_came_to():
    page = search_html(search(*STEPS))
    assert '<span class="pass">Capacity:</span> 100/s held;' in page
    assert 'href="steps/03-200/report.html"' in page
    assert page.count('<span class="level pass">held</span>') == 3
    assert '<span class="level fail">refusals</span>: expected throttle.throttled == 0, but it was 1' in page
    assert "4, to confirm" in page


def test_of_steps_at_one_rate_the_last_is_drawn():
    assert [one["step"] for one in by_rate(STEPS)] == [1, 4, 3]


def test_what_did_not_hold_is_shaded_and_nothing_else():
    times, rates = search_charts(search(*STEPS))
    assert times.axis == rates.axis == RATE
    assert times.xs == (50.0, 100.0, 200.0)
    assert times.shaded == (Shade(200.0, 200.0),)
    held = search(*STEPS[:2], failed_per_s=None, stopped_by="max-rate")
    assert [chart.shaded for chart in search_charts(held)] == [(), ()]
    head, rows = rates.table()
    assert head == ["rate", "sent", "asked"]
    assert rows[0] == ["50.0/s", "50.0", "50.0"]


@pytest.mark.parametrize("steps", [(), STEPS[:1]])
def test_a_search_of_no_more_than_one_step_has_no_chart(steps):
    assert search_charts(search(*steps)) == []
    assert "<figure" not in search_html(search(*steps))


@pytest.mark.parametrize(
    ("exit_code", "level"), [(0, "pass"), (3, "fail"), (4, "inconclusive"), (130, "note"), (None, "note")]
)
def test_the_word_has_the_colour_of_its_exit_code(exit_code, level):
    assert f'<span class="{level}">' in search_html(search(*STEPS, exit_code=exit_code))


def test_a_search_that_found_nothing_says_so():
    lost = search(
        step(1, 50.0, "latency", sent_per_s=None, response_time_ms=dict.fromkeys(TIMES) | {"count": 0}),
        capacity_per_s=None, held_per_s=None, confirmed=False, failed_per_s=50.0, exit_code=3,
        sentence="Not even 50/s held: it was slow; --start-rate lower.",
    )  # fmt: skip
    page = search_html(lost)
    assert "no rate held" in page
    assert "Not even 50/s held:" in page


def test_names_and_reasons_are_text():
    page = search_html(
        search(step(1, 50.0, "errors", reason=MARKUP), recording=MARKUP, target=MARKUP, sentence=MARKUP)
    )
    assert "<script>window" not in page
    assert "<img" not in page


def test_the_page_is_written_for_its_owner_alone(tmp_path):
    path = write_search(tmp_path, search(*STEPS))
    assert path == tmp_path / "report.html"
    assert path.stat().st_mode & 0o777 == 0o600
