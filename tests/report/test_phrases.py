"""Phrases: one way to say each figure."""

import pytest

from harness.report import phrases


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), (0, "0"), (0.0004, "0"), (0.042, "0.042"), (0.0996, "0.10"), (4.2149, "4.21"),
        (9.996, "10.0"), (42.12, "42.1"), (99.96, "100"), (421.4, "421"), (4210.4, "4,210"),
    ],
)  # fmt: skip
def test_three_figures_or_so(value, said):
    assert phrases.precise(value) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "–"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (1, 8, "12.5 %"),
        (1, 10**6, "0.1 %"),
        (10**6 - 1, 10**6, "99.9 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_when_it_is(part, whole, said):
    assert phrases.share(part, whole) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (90, "90 s"), (125, "2:05"), (3_725, "1:02:05"), (7_200, "2:00:00")]
)
def test_places_on_a_time_axis(seconds, said):
    assert phrases.clock(seconds) == said


def test_a_hostile_name_is_cut_and_tamed():
    assert phrases.cut("x" * 300) == "x" * 79 + "…"
    assert phrases.cut("a\x1b[2J\u202eb\n") == "a·[2J·b·"


def test_an_instant_is_told_in_utc():
    assert phrases.instant("2026-01-02T03:04:05.678901Z") == "2 Jan 2026, 03:04:05 UTC"
    assert phrases.instant(None) == "–"


@pytest.mark.parametrize(
    ("verdict", "said", "selected_accepted", "confirmed", "sentence"),
    [
        (None, None, (0, 0), False, "Running: no verdict yet."),
        ("fail", "1 item was rejected.", (9, 8), True, "Fail: 1 item was rejected."),
        ("pass", None, (0, 0), False, "Pass: there was nothing to do."),
        ("pass", None, (1, 1), False, "Pass: the message was accepted."),
        (
            "pass",
            None,
            (9, 9),
            True,
            "Pass: all 9 messages were accepted, and each was received once, in order.",
        ),
        ("pass", None, (9, 8), False, "Pass: 8 of 9 messages accepted."),
    ],
)
def test_the_verdict_is_one_sentence(verdict, said, selected_accepted, confirmed, sentence):
    messages = dict(zip(("selected", "accepted"), selected_accepted, strict=True))
    assert phrases.sentence(verdict, said, messages, confirmed=confirmed) == sentence
