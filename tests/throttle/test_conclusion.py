"""What a search comes to: a sentence and an exit code for each way it can end."""

import pytest

from harness.measure.summary import LimitUse
from harness.throttle.conclusion import JudgedStep, as_tried, conclude_search
from harness.throttle.search import Bounds
from harness.throttle.step import StepJudgement

DOCUMENTED = (
    "At least 100/s: at 200/s a documented limit held (T 150/s), which is kept without --exceed-limits: "
    "because; the target may carry more."
)
BOUNDS = Bounds(100, 400, 0.05)


def judged(rate, kind="held", *, confirms=False, origin="docs"):
    limit = LimitUse("tracking", "T 150/s", "requests", "source", "", 150, 1.0, origin, 150, 0.0, 0)
    judgement = StepJudgement(
        kind, "" if kind == "held" else "because", (), limit if kind == "limit" else None
    )
    return JudgedStep(as_tried(rate, judgement, confirms=confirms), judgement)


def ends(*last, **more):
    return conclude_search(BOUNDS, [judged(100), *last], **more)


@pytest.mark.parametrize(
    ("kind", "capacity", "code", "says"),
    [
        ("latency", 100, 0, "Capacity: 100/s held; at 200/s the target's latency stopped it: because."),
        ("errors", 100, 0, "Capacity: 100/s held; at 200/s the target's errors stopped it: because."),
        ("refusals", 100, 0, "Capacity: 100/s held; at 200/s the target's refusals stopped it: because."),
        ("rate", 100, 0, "Capacity: 100/s held; at 200/s the target did not keep up: because."),
        ("account", 100, 0, "Capacity: 100/s held; at 200/s the target's own account stopped it: because."),
        (
            "generator",
            None,
            4,
            "At least 100/s: at 200/s the generator itself was too late to tell: because.",
        ),
        (
            "limit",
            None,
            0,
            DOCUMENTED,
        ),
        ("inconclusive", None, 4, "Inconclusive: at 200/s, because; so far 100/s held, not confirmed."),
        ("nothing sent", None, 5, "Inconclusive: at 200/s, because; so far 100/s held, not confirmed."),
        ("interrupted", None, 130, "Interrupted; so far 100/s held, not confirmed."),
    ],
)
def test_each_stop_has_its_sentence_and_its_exit_code(kind, capacity, code, says):
    word = ends(judged(200, kind))
    assert (word.sentence, word.capacity_per_s, word.exit_code, word.stopped_by) == (
        says,
        capacity,
        code,
        kind,
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [("latency", 3), ("errors", 3), ("refusals", 3), ("rate", 3), ("generator", 4), ("limit", 4)],
)
def test_a_first_rate_that_does_not_hold_is_no_capacity(kind, code):
    word = conclude_search(BOUNDS, [judged(100, kind)])
    assert word.sentence.startswith("Not even 100/s held: ")
    assert (word.capacity_per_s, word.held_per_s, word.exit_code) == (None, None, code)


def test_the_limit_that_a_user_set_is_never_called_a_capacity():
    word = ends(judged(200, "limit", origin="--limit"))
    assert "the limit you set held (T 150/s)" in word.sentence
    assert word.capacity_per_s is None


def test_without_a_failure_the_highest_rate_asked_for_is_what_stopped_it():
    word = ends(judged(400), judged(400, confirms=True))
    assert word.sentence == "At least 400/s: --max-rate is 400/s, and no rate failed."
    assert (word.stopped_by, word.confirmed, word.exit_code) == ("max-rate", True, 0)


def test_a_later_failure_at_a_lower_rate_is_the_one_that_counts():
    word = ends(judged(400, "generator"), judged(200, "latency"))
    assert (word.stopped_by, word.failed_per_s) == ("latency", 200)


def test_a_stop_between_two_steps_and_a_search_that_goes_on_say_what_is_known():
    between = ends(judged(200, "latency"), interrupted=True)
    assert between.sentence == "Interrupted; so far 100/s held, not confirmed, and 200/s failed."
    assert between.exit_code == 130
    assert conclude_search(BOUNDS, [], interrupted=True).sentence == "Interrupted; so far no rate held."
    running = ends(judged(200, "latency"), over=False)
    assert (running.stopped_by, running.sentence[:8]) == (None, "Running;")
