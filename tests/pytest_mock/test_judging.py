"""What the proofs of the plugin conclude from what reached the mock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.pytest_mock.judging import others, over, pause_ns, too_early, undelivered
from harness.pytest_mock.sightings import SeenArrival, SeenRequest

S = 1_000_000_000
MS = 1_000_000
AT = 784_111_777 * S  # Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples


def seen(at_s: float, status: int | None = 200, retry_after: str | None = None, *ids: str) -> SeenRequest:
    return SeenRequest(round(at_s * S), "POST", "/v1/track", status, retry_after, len(ids) or 1, ids)


def early(*requests: SeenRequest, in_flight: int = 0, slack_ns: int = 0) -> list[int]:
    return [one.place for one in too_early(requests, in_flight, slack_ns)]


@pytest.mark.parametrize(
    ("status", "value", "seconds"),
    [
        (429, "2", 2),
        (503, " 7 ", 7),
        (408, "0", 0),
        (429, "Sun, 06 Nov 1994 08:49:47 GMT", 10),
        (429, "Sunday, 06-Nov-94 08:49:47 GMT", 10),
        (429, "Sun Nov  6 08:49:47 1994", 10),
        (429, "Sun, 06 Nov 1994 08:49:27 GMT", 0),
        (429, "31536000", 300),
        (429, "9" * 400, 300),
        (429, "-1", None),
        (429, "2.0", None),
        (429, "soon", None),
        (429, None, None),
        (400, "2", None),
        (501, "2", None),
        (200, "2", None),
        (None, "2", None),
    ],
)
def test_a_pause_is_what_a_client_has_to_understand(status, value, seconds):
    request = SeenRequest(AT, "POST", "/v1/track", status, value, 1, ())
    assert pause_ns(request) == (None if seconds is None else seconds * S)


def test_a_pause_ends_at_its_very_instant():
    asked = seen(0, 429, "2", "m1")
    assert early(asked, seen(2, 200, None, "m1")) == []
    assert early(asked, SeenRequest(2 * S - 1, "POST", "/", 200, None, 1, ("m1",))) == [1]
    assert early(asked, seen(1.99, 200, None, "m1"), slack_ns=10 * MS) == []


def test_any_request_breaks_a_pause_whatever_it_carries():
    assert early(seen(0, 429, "2", "m1"), seen(0.5, 200, None, "m2"), seen(1.9), seen(2)) == [1, 2]


def test_what_was_on_its_way_is_excused_in_each_pause_but_never_the_same_message():
    asked, other = seen(0, 429, "2", "m1"), seen(0.001, 429, "2", "m2")
    assert early(asked, other, seen(2.1), in_flight=1) == []
    assert early(asked, other, seen(0.002), seen(2.1), in_flight=1) == [2]
    assert early(asked, seen(0.001, 200, None, "m1"), in_flight=5) == [1]
    again = [seen(3, 429, "2", "m3"), seen(3.001, 429, "2", "m4")]
    assert early(asked, other, *again, in_flight=1) == []


def test_the_latest_answer_says_how_long():
    assert early(seen(0, 429, "9"), seen(1, 429, "1"), seen(2.5)) == [1]
    assert early(seen(0, 429, "1"), seen(0.5, 429, "9"), seen(2.5)) == [1, 2]


def test_no_answer_with_a_pause_breaks_none():
    assert early(seen(0, 429), seen(0), seen(0, 400, "9"), seen(0)) == []


requests = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), max_size=30).map(
    lambda pairs: [
        SeenRequest(at * MS, "POST", "/", 200, None, messages, ()) for at, messages in sorted(pairs)
    ]
)


@settings(max_examples=100)
@given(requests, st.integers(1, 6), st.integers(1, 20), st.booleans())
def test_the_fullest_window_is_the_fullest_of_all_windows(found, count, window_ms, messages):
    in_window = [
        sum((r.messages if messages else 1) for r in found[place:] if r.at_ns - first.at_ns < window_ms * MS)
        for place, first in enumerate(found)
    ]
    worst = over(found, count, window_ms * MS, messages=messages)
    fullest = max(in_window, default=0)
    assert (worst is not None) == (fullest > count)
    if worst is not None:
        assert worst.held == fullest
        assert found[worst.last].at_ns - found[worst.first].at_ns < window_ms * MS


def test_windows_are_half_open_and_may_be_shortened():
    pace = [seen(number / 5) for number in range(20)]
    assert over(pace, 5, S, messages=False) is None
    jittered = [seen(0.001), *pace[1:]]
    assert over(jittered, 5, S, messages=False) is not None
    assert over(jittered, 5, S, messages=False, slack_ns=MS) is None


def arrived(*arrivals: tuple[str, int | None]) -> list[SeenArrival]:
    return [SeenArrival("m", class_, None, status) for class_, status in arrivals]


@pytest.mark.parametrize(
    "arrivals",
    [
        [("stored", 200)],
        [("throttled", 429), ("throttled", 429), ("stored", 200)],
        [("faulted", 503), ("duplicates", 200)],  # stored, and the client told otherwise
        [("faulted", None), ("duplicates", 200)],
        [("faulted", 500), ("stored", 200)],
        [("faulted", 503)],
    ],
)
def test_delivered_once_is_stored_and_not_sent_again_with_that_knowledge(arrivals):
    assert undelivered(["m"], arrived(*arrivals), set()) == []


@pytest.mark.parametrize(
    ("arrivals", "never_stored", "why"),
    [
        ([], {"m"}, "never arrived"),
        ([("throttled", 429)], {"m"}, "never stored: throttled (429)"),
        ([("throttled", 429)], set(), "never stored: throttled (429)"),  # stored under another key
        ([("faulted", 503)], {"m"}, "never stored: faulted (503)"),
        ([("discarded", 200)], {"m"}, "never stored: discarded (200)"),
        ([("stored", 200), ("duplicates", 200)], set(), "sent again after a 200"),
        ([("faulted", 503), ("duplicates", 200), ("duplicates", 200)], set(), "sent again after a 200"),
        ([("duplicates", 200)], set(), "under another write key"),
    ],
)
def test_what_is_not_delivered_once_says_why(arrivals, never_stored, why):
    (found,) = undelivered(["m"], arrived(*arrivals), never_stored)
    assert found.id == "m"
    assert why in found.why


def test_an_id_that_is_named_twice_was_given_to_two_messages():
    (found,) = undelivered(["m", "m"], arrived(("stored", 200)), set())
    assert "named 2 times" in found.why


def test_others_are_what_was_stored_beside_the_named():
    found = [SeenArrival(i, c, None, 200) for i, c in (("a", "stored"), ("b", "stored"), ("c", "refused"))]
    assert others(["a"], found) == ["b"]
