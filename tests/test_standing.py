"""What the page and the tab in Locust's UI are told."""

import json

from harness.expectations import parse_expectation
from harness.measure.recent import LimitNow, Recent
from harness.model import Waiting
from harness.report.progress import Status
from harness.standing import ENDED, REFUSED, RUNNING, WORDS, Told, standing_of, tab_rows
from harness.throttle.expected import Outcome
from harness.units import NS_PER_S

LIMIT = LimitNow(
    "profile", "Profile 100 requests/s per space", "spa_1", "requests", 100, 1.0, 28, 2, (90, 120, 28)
)
RECENT = Recent((1, 2, 5), (0, 1, 0), {"200": 8, "429": 1}, (LIMIT,), ("limit_wait", 3 * NS_PER_S))
STATUS = Status(
    share=0.5,
    rate_per_s=412.0,
    accepted=12_000,
    throttled=3,
    lag_ms=1.2,
    left_ns=60 * NS_PER_S,
    elapsed_ns=10 * NS_PER_S,
    at_least=True,
    waiting=Waiting(ceiling=1_000, person=12),
    next_is="ceiling",
    next_in_ns=34 * NS_PER_S,
    in_flight=4,
    recent=RECENT,
)


def test_the_page_is_told_what_is_known_and_null_of_the_rest():
    told = json.loads(json.dumps(standing_of(STATUS, Told(state=RUNNING))))
    assert (told["rate_per_s"], told["in_flight"], told["left_s"], told["load"]) == (
        412.0,
        4,
        60.0,
        [1, 2, 5],
    )
    assert (told["at_least"], told["waiting_items"]) == (True, 1_012)
    assert told["next"] == "the ceiling opens in 34 s"
    assert told["longest_wait"] == {"for": "at the limit, last minute", "ms": 3_000}
    assert told["limits"][0]["past"] == [90, 120, 28]
    nothing = standing_of(None, Told(state=REFUSED, said="why"))
    assert set(nothing) == set(told)
    assert (nothing["accepted"], nothing["waiting_items"], nothing["limits"]) == (None, None, [])


def test_what_still_waits_counts_as_the_longest_wait():
    told = standing_of(STATUS._replace(oldest_ns=90 * NS_PER_S), Told(state=RUNNING))
    assert told["longest_wait"] == {"for": "and still waiting", "ms": 90_000}


def test_every_cause_of_waiting_has_its_words():
    assert set(WORDS) == set(Waiting._fields)


def test_an_expectation_has_its_figure_and_whether_it_holds_once_it_was_judged():
    expect = [
        parse_expectation("throttle.throttled == 0"),
        parse_expectation("p99 of service_time_ms < 50ms"),
    ]
    outcomes = [Outcome("throttle.throttled == 0", 3, "", False)]
    told = standing_of(STATUS, Told(state=ENDED, expect=expect, outcomes=outcomes))
    assert [(one["measured"], one["holds"]) for one in told["expected"]] == [("3", False), ("–", None)]


def test_a_hostile_label_is_cut_and_counted_and_what_looks_like_a_person_is_masked():
    labels = ["w" * 10_000, "ann@mail.example", "\x1b[2J<b>\u202e"]
    limits = tuple(LIMIT._replace(label=label) for label in labels)
    shown = [
        one["label"]
        for one in standing_of(STATUS._replace(recent=RECENT._replace(limits=limits)), Told())["limits"]
    ]
    assert shown[0].endswith("… (10,000 characters)")
    assert (shown[1], shown[2]) == ("(e-mail)", "·[2J<b>·")


def test_the_tab_has_a_row_a_limit_and_the_figures():
    rows = tab_rows(standing_of(STATUS, Told(state=RUNNING)))
    assert rows[0] == {"what": "state", "now": "running"}
    assert rows[1] == {
        "what": "Profile 100 requests/s per space (spa_1), 1 s",
        "now": 28,
        "allowed": 100,
        "over": "1 of 3 s",
        "throttled": 2,
    }
    figures = {row["what"]: row["now"] for row in rows[2:]}
    assert figures["time left"] == "at least 1 min left"
    assert (figures["items waiting"], figures["… for what"]) == ("1,012", "ceiling 1,000 · person 12")
    assert tab_rows(standing_of(None, Told(state=REFUSED, said="no"))) == [{"what": "state", "now": "no"}]
