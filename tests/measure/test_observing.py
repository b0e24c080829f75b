"""What a receiver's calls come to: ends, retries and their waits, order, limits; and that the sums hold."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measure.expected_values import ExpectedValues
from harness.measure.observing import SAMPLES_MOST, Judges, Observation
from harness.measure.summary import fold
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import Limit
from harness.seen import SeenCall, SeenMessage
from harness.units import NS_PER_MS, NS_PER_S

START_NS = 1_800_000_000 * NS_PER_S
LIMIT = Limit("tracking", "3 a second", 3, NS_PER_S, "requests", "source", "test")
JUDGES = Judges(
    lambda status: status is None or status in {429, 503},
    lambda header, _wall_ns: None if header is None else int(header) * NS_PER_S,
)


def message(identity, class_="stored", *, known=False, person=1, stamp_ms=None, value=None):
    stored = class_ == "stored"
    return SeenMessage(
        identity, f"m{identity}", "track", class_, None, known, stored, (person,), stamp_ms, 100, value
    )


def call(
    at_ms, *messages, status=200, retry_after=None, tries=None, api="tracking", source="…x9Qd", size=500
):
    return SeenCall(
        START_NS + round(at_ms * NS_PER_MS),
        api,
        "POST",
        "/v1/batch",
        status,
        retry_after,
        tries,
        size,
        source,
        messages,
    )


def observed(*calls, sender_ended=True, expected=None, limits=(LIMIT,), end_ms=60_000):
    with TemporaryDirectory() as room:
        path = Path(room, "timeline.ndjson")
        observation = Observation(
            TimelineWriter(path), run_id="r1", limits=limits, judges=JUDGES, expected=expected
        )
        for one in calls:
            observation.take(one)
        figures = observation.close(START_NS + end_ms * NS_PER_MS, sender_ended=sender_ended)
        return figures, fold(Timeline(path), None)


def test_a_message_turned_away_and_back_is_accepted_once_and_its_wait_is_told():
    seen, summary = observed(
        call(0, message(1, "throttled"), status=429, retry_after="1"), call(1_200, message(1), tries=1)
    )
    assert (summary.messages.selected, summary.messages.accepted) == (1, 1)
    assert (seen.retries.requests, seen.retries.unmarked, seen.retries.tries_most) == (1, 0, 1)
    assert seen.retries.wait_ms.max == 1_200
    totals = summary.totals
    assert (totals.retry_after_asked, totals.retry_after_honoured, totals.retry_after_violated) == (1, 1, 0)
    assert (totals.sent, totals.first_sent) == (2, 1)
    assert (dict(totals.by_status), dict(totals.first_by_status)) == ({"429": 1, "200": 1}, {"429": 1})


@pytest.mark.parametrize(("waited_ms", "violated"), [(990, 1), (996, 0), (1_000, 0)])
def test_a_retry_is_too_early_when_it_comes_before_what_was_asked_less_what_timers_differ(
    waited_ms, violated
):
    _, summary = observed(
        call(0, message(1, "throttled"), status=429, retry_after="1"), call(waited_ms, message(1))
    )
    assert summary.totals.retry_after_violated == violated


def test_a_batch_is_as_early_as_the_youngest_of_what_it_gathers():
    seen, summary = observed(
        call(0, message(1, "throttled"), status=429, retry_after="1"),
        call(900, message(2, "throttled"), status=429, retry_after="1"),
        call(1_500, message(1), message(2), message(3)),
    )
    assert (summary.totals.retry_after_violated, summary.totals.retry_after_honoured) == (1, 0)
    assert (seen.retries.requests, seen.retries.messages, seen.retries.unmarked) == (1, 2, 1)
    assert seen.retries.wait_ms.max == 600


@pytest.mark.parametrize(
    ("sender_ended", "status", "end"),
    [
        (True, 503, "abandoned"),
        (False, 503, "pending"),
        (True, None, "abandoned"),
        (True, 400, "rejected"),
        (False, 400, "rejected"),
    ],
)
def test_what_never_comes_again_ends_by_its_last_status(sender_ended, status, end):
    _, summary = observed(call(0, message(1, "refused"), status=status), sender_ended=sender_ended)
    assert getattr(summary.messages, end) == 1
    assert summary.messages.disagreements("messages") == []


def test_a_duplicate_is_explained_by_a_failure_before_it_and_else_named():
    faulted = message(1, "faulted")._replace(stored=True)
    seen, summary = observed(
        call(0, faulted, status=503),
        call(10, message(1, "duplicates", known=True)),
        call(20, message(2)),
        call(30, message(2, "duplicates", known=True)),
    )
    assert (seen.duplicates, seen.duplicates_explained) == (2, 1)
    assert seen.samples == {"duplicates": ("m2",)}
    assert seen.retries.again_though_accepted == 1
    assert (seen.unique, summary.messages.accepted, summary.messages.selected) == (2, 2, 2)
    assert seen.stored_unconfirmed == 0


def test_what_is_here_though_its_sender_was_never_told_is_counted():
    seen, _ = observed(call(0, message(1, "faulted")._replace(stored=True), status=503))
    assert seen.stored_unconfirmed == 1


def test_order_is_by_each_persons_own_timestamps_and_a_retry_explains():
    seen, _ = observed(
        call(0, message(1, stamp_ms=100), message(2, stamp_ms=50, person=2)),
        call(1, message(3, stamp_ms=90), message(4, stamp_ms=100)),
        call(2, message(5, "throttled", stamp_ms=101), status=429),
        call(3, message(6, stamp_ms=102)),
        call(4, message(5, stamp_ms=101)),
        call(5, message(7)),
    )
    assert (seen.out_of_order, seen.out_of_order_explained) == (2, 1)
    assert seen.samples["out_of_order"] == ("m3",)
    assert (seen.order_judged, seen.people) == (6, 2)


def test_the_limit_is_held_against_every_window_and_each_key_has_its_own():
    calls = [call(900 + 50 * n, message(n)) for n in range(5)]
    _, summary = observed(*calls, call(1_100, message(9), source="…z7Y"))
    by_label = {use.label: use for use in summary.limits}
    assert (by_label["…x9Qd"].peak_in_window, by_label["…z7Y"].peak_in_window) == (5, 1)
    # Over from the fourth call until the second one is a second old.
    assert by_label["…x9Qd"].seconds_over == 0.9


def test_a_clock_that_goes_back_is_counted_and_spoils_nothing():
    seen, summary = observed(call(1_000, message(1)), call(200, message(2)))
    assert seen.clock_steps == 1
    assert summary.messages.accepted == 2
    assert summary.totals.last_sent_ns == 0


def test_expected_values_are_missing_unexpected_repeated_or_not_judged():
    expected = ExpectedValues([11, 12, 13, 13])
    seen, _ = observed(
        call(0, message(1, value=11), message(2, value=12), message(3, value=12), message(4, value=99)),
        call(1, message(5), message(6, "refused", value=13), status=400),
        expected=expected,
    )
    figures = expected.figures("k")
    assert (figures.expected, figures.listed_again, figures.received) == (3, 1, 2)
    assert (figures.missing, figures.unexpected, figures.repeated, figures.without_value) == (1, 1, 1, 1)
    assert seen.samples["unexpected"] == ("m4",)
    assert [expected.is_missing(value) for value in (11, 13, 77)] == [False, True, False]


def test_samples_are_few_and_calls_elsewhere_count_alone():
    repeats = [call(n, message(1, "duplicates", known=True)) for n in range(2 * SAMPLES_MOST)]
    seen, summary = observed(*repeats, call(99, api="none", status=404))
    assert len(seen.samples["duplicates"]) == SAMPLES_MOST
    assert seen.calls_elsewhere == 1
    assert summary.totals.sent == 2 * SAMPLES_MOST


def test_other_apis_are_counted_apart():
    _, summary = observed(
        call(0, message(1)),
        call(1, api="profile", status=200)._replace(method="GET"),
        call(2, api="config", status=429),
    )
    assert {api: figures.requests for api, figures in summary.by_api.items()} == {
        "tracking": 1,
        "profile": 1,
        "config": 1,
    }
    assert summary.by_api["config"].throttled == 1
    assert summary.totals.throttled == 1


def test_a_long_silence_costs_no_record_a_second():
    with TemporaryDirectory() as room:
        path = Path(room, "timeline.ndjson")
        observation = Observation(TimelineWriter(path), run_id="r1", limits=(LIMIT,), judges=JUDGES)
        for at_ms in (0, 86_400_000):
            observation.take(call(at_ms, message(at_ms)))
        observation.close(START_NS + 90_000_000 * NS_PER_MS, sender_ended=True)
        assert len(list(Timeline(path))) == 4  # head, two seconds, end


STEPS = st.lists(
    st.tuples(
        st.integers(0, 400),  # ms since the last call
        st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
        st.sampled_from([200, 200, 429, 503, 400, None]),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(STEPS, st.booleans())
def test_every_message_has_one_end_and_statuses_add_up_whatever_comes(steps, sender_ended):
    stored: set[int] = set()
    calls, last = [], {}
    at_ms = 0
    for gap_ms, identities, status in steps:
        at_ms += gap_ms
        messages = []
        for identity in identities:
            known = identity in stored
            if status == 200:
                class_ = "duplicates" if known else "stored"
                stored.add(identity)
            else:
                class_ = "throttled" if status == 429 else "refused"
            messages.append(message(identity, class_, known=known))
            if last.get(identity) != "accepted":
                last[identity] = {200: "accepted", 400: "rejected"}.get(
                    status, "abandoned" if sender_ended else "pending"
                )
        calls.append(call(at_ms, *messages, status=status))
    seen, summary = observed(*calls, sender_ended=sender_ended)
    ends = {end: list(last.values()).count(end) for end in ("accepted", "rejected", "abandoned", "pending")}
    assert {end: getattr(summary.messages, end) for end in ends} == ends
    assert summary.messages.selected == len(last)
    assert sum(summary.totals.by_status.values()) == summary.totals.sent == len(calls)
    assert seen.unique == len(stored)
    per_second = itertools.groupby(calls, lambda one: (one.at_ns - calls[0].at_ns) // NS_PER_S)
    assert [point.sent for point in summary.points if point.sent] == [
        len(list(group)) for _, group in per_second
    ]
