import pytest

from harness.throttle.comparison import (
    BETTER,
    DIFFERENT,
    NOT_COMPARABLE,
    NOT_MEASURED,
    TOO_NOISY,
    WITHIN_NOISE,
    WORSE,
    compare,
)
from tests.throttle.paired import a_run


def verdicts(comparison):
    return {change.figure: change.verdict for change in comparison.changes}


def changed(comparison, figure):
    return next(change for change in comparison.changes if change.figure == figure)


def test_equal_runs_rarely_differ_in_anything():
    runs = [a_run(seed, seconds=90, refused=0.03) for seed in range(50)]
    found = [compare(*pair) for pair in zip(runs[::2], runs[1::2], strict=True)]
    differing = [one for one in found if set(verdicts(one).values()) - {WITHIN_NOISE, TOO_NOISY}]
    assert len(differing) <= 3


def test_a_run_and_itself_differ_in_nothing():
    comparison = compare(a_run(1), a_run(1))
    assert set(verdicts(comparison).values()) == {WITHIN_NOISE}
    assert all(change.change == 0 for change in comparison.changes)


def test_a_fifth_slower_is_found_and_its_size_is_in_the_interval():
    found = held = 0
    for seed in range(12):
        runs = a_run(seed, seconds=240), a_run(1_000 + seed, seconds=240, slower=1.2)
        change = changed(compare(*runs), "p50 of service_time_ms")
        found += change.verdict == WORSE
        held += change.low <= 0.2 <= change.high
    assert found >= 10
    assert held >= 10


def test_faster_is_better_and_fewer_answers_are_worse():
    faster = verdicts(compare(a_run(1, seconds=300), a_run(2, seconds=300, slower=0.7)))
    assert faster["p50 of response_time_ms"] == BETTER
    fewer = compare(a_run(1), a_run(2, fewer=0.7))
    assert verdicts(fewer)["rate_per_s.goodput"] == WORSE
    assert verdicts(fewer)["rate_per_s.achieved"] == DIFFERENT
    assert changed(fewer, "rate_per_s.goodput").change == pytest.approx(-0.3, abs=0.05)


def test_a_share_is_compared_in_points_also_from_nothing():
    change = changed(compare(a_run(1), a_run(2, refused=0.1)), "answered 429")
    assert (change.before, change.verdict) == (0, WORSE)
    assert change.low < 9 < change.high
    assert change.change == change.after


def test_a_share_that_goes_to_nothing_is_better_as_one_that_comes_from_it_is_worse():
    change = changed(compare(a_run(1, refused=0.1), a_run(2)), "answered 429")
    assert (change.after, change.verdict) == (0, BETTER)
    assert change.low < -9 < change.high < 0


def test_a_load_that_is_uneven_in_itself_hides_no_change():
    """Drawn apart, the bursts of the recording alone would move the rate by some percent."""
    change = changed(compare(a_run(1), a_run(2)), "rate_per_s.goodput")
    assert change.high - change.low < 0.02


def test_a_run_that_lasts_longer_is_no_slower_for_it():
    longer = compare(a_run(1, seconds=120), a_run(2, seconds=150))
    assert changed(longer, "p50 of service_time_ms").verdict == WITHIN_NOISE


def test_what_only_one_of_them_measured_is_not_measured():
    blind = a_run(2) | {"service_time_ms": dict.fromkeys(("p50", "p95", "p99")), "response_time_ms": None}
    comparison = compare(a_run(1), blind)
    assert verdicts(comparison)["p99 of service_time_ms"] == NOT_MEASURED
    assert verdicts(comparison)["p50 of response_time_ms"] == NOT_MEASURED
    assert verdicts(comparison)["rate_per_s.goodput"] == WITHIN_NOISE
    counts = {count.figure: count for count in comparison.counts}
    assert counts["reconciliation.missing"].after is None
    assert counts["messages.accepted"].after == 1_470


def test_a_run_seen_from_the_receiver_is_compared_by_what_it_has():
    seen = [a_run(1), a_run(2)]
    blind = seen[1]
    blind["timeline"] = {
        **dict.fromkeys(("sent", "accepted", "accepted_messages"), [None] * 120),
        "width_s": 1,
        "points": 120,
        "statuses": {"2xx": [None] * 120},
    }
    blind |= {"above": None, "distributions": None, "messages": None, "rate_per_s": None}
    blind |= {"response_time_ms": None, "throttle": None, "mock": None}
    comparison = compare(*seen)
    assert verdicts(comparison)["rate_per_s.goodput"] == NOT_MEASURED
    assert verdicts(comparison)["answered 429"] == NOT_MEASURED
    assert verdicts(comparison)["p50 of service_time_ms"] == NOT_COMPARABLE
    assert {count.after for count in comparison.counts if count.figure.startswith("messages.")} == {None}


def test_too_little_above_a_percentile_is_too_noisy_to_tell():
    change = changed(
        compare(a_run(1, seconds=60, per_s=3), a_run(2, seconds=60, per_s=3)), "p99 of service_time_ms"
    )
    assert (change.verdict, change.low, change.high) == (TOO_NOISY, None, None)
    assert change.change is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seconds": 59}, "this run lasted 59 s"),
        ({"state": "interrupted"}, "this run was interrupted"),
        ({"state": "dead"}, "this run died before its end"),
        ({"state": "???"}, "this run ended as ???"),
        (
            {"duration_s": 75.0, "seconds": 50},
            "this run lasted 1 min 15 s, and nothing happened after its first 50 s",
        ),
        ({"state": "running"}, "this run is still running"),
        ({"recording": {"fingerprint": {"files": [{"size_bytes": 8}]}}}, "the recordings differ"),
        (
            {"recording": {"name": "-", "fingerprint": {"files": []}}},
            "the recording of one run cannot be recognised",
        ),
        ({"plan": {"speed": 2.0, "seed": 2}}, "the plans differ: --speed 1, then 2"),
        ({"made_with": {"machine": "another box", "cores": 2}}, "the machines differ: a box with 2 cores"),
        (
            {"trust_warnings": [{"level": "inconclusive", "evidence": "It was late."}]},
            "this run cannot be believed: It was late.",
        ),
    ],
)
def test_what_is_not_comparable_says_why_and_shows_its_figures(changes, reason):
    comparison = compare(a_run(1), a_run(2, slower=1.5, **changes))
    assert comparison.reasons
    assert comparison.reasons[0].startswith(reason)
    told = [change for change in comparison.changes if change.before and change.after]
    assert {change.verdict for change in told} == {NOT_COMPARABLE}
    assert all(change.low is None for change in comparison.changes)
    assert changed(comparison, "p50 of service_time_ms").change > 0.2


def test_what_may_be_just_what_is_compared_is_said_and_no_obstacle():
    comparison = compare(
        a_run(1), a_run(2, target="http://127.0.0.1:9999", plan={"speed": 1.0, "seed": 5, "run_dir": "x"})
    )
    assert comparison.reasons == ()
    assert comparison.notes == ("the target was http://127.0.0.1:8765, then http://127.0.0.1:9999",)
    seeded = {"speed": 1.0, "arrivals": "poisson"}
    chance = compare(a_run(1, plan=seeded | {"seed": 1}), a_run(2, plan=seeded | {"seed": 2}))
    assert chance.reasons == ("the plans differ: --seed 1, then 2",)


def test_a_run_lasted_what_its_page_says_and_not_its_seconds_begun():
    short = compare(a_run(1), a_run(2, seconds=21, duration_s=20.2))
    assert short.reasons[0].startswith("this run lasted 20.2 s; it takes 60 s")


def test_a_run_stopped_by_its_duration_came_to_its_end():
    ended = {"state": "stopped", "stopped_by": "duration"}
    assert compare(a_run(1, **ended), a_run(2, **ended)).reasons == ()


def test_no_answers_at_all_are_no_figures():
    comparison = compare(a_run(2, seconds=0), a_run(1))
    assert comparison.reasons[0].startswith("the baseline lasted 0 ms")
    assert verdicts(comparison)["p99 of service_time_ms"] == NOT_MEASURED
