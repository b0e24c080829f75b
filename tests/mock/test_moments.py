"""Clocks that clients send, whatever they send."""

from hypothesis import given
from hypothesis import strategies as st

from harness.mock.moments import instant_ns, stored_timestamp_ns
from harness.units import format_instant_ms, parse_instant_ns

RECEIVED = parse_instant_ns("2026-03-01T12:00:00.500Z")


def test_a_clock_that_is_an_hour_slow_is_corrected():
    corrected, unusable = stored_timestamp_ns(
        "2026-03-01T11:00:00.100Z", "2026-03-01T11:00:00.300Z", RECEIVED
    )
    assert (format_instant_ms(corrected), unusable) == ("2026-03-01T12:00:00.300Z", False)


def test_unusable_clocks_are_told_and_count_as_absent():
    assert stored_timestamp_ns("yesterday", None, RECEIVED) == (RECEIVED, True)
    assert stored_timestamp_ns(1_700_000_000, None, RECEIVED) == (RECEIVED, True)
    assert stored_timestamp_ns(None, None, RECEIVED) == (RECEIVED, False)
    original = "2026-03-01T11:00:00Z"
    assert stored_timestamp_ns(original, "soon", RECEIVED) == (parse_instant_ns(original), True)


@given(original=st.datetimes().map(str) | st.text(max_size=30), sent=st.datetimes().map(str) | st.none())
def test_whatever_the_clocks_say_the_timestamp_can_be_written(original, sent):
    timestamp_ns, _ = stored_timestamp_ns(original, sent, RECEIVED)
    assert parse_instant_ns(format_instant_ms(timestamp_ns)) == timestamp_ns // 1_000_000 * 1_000_000


@given(
    st.sampled_from(["2026-03-01T10+01:00.250Z", "2026-02-30T10:00:00.250Z", "2026-W09-7T10:00:00.250Z"])
    | st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z")
    | st.from_regex(r"[0-9]{4}-?[0-9W]{2,3}-?[0-9]{1,2}[T ][0-9:]{4,9}[.,]?[0-9]{3}Z?", fullmatch=True)
    | st.text(alphabet="0123456789-:T. Z+٣", min_size=22, max_size=26)
)
def test_an_instant_in_the_usual_form_is_read_as_any_other(text):
    try:
        expected = parse_instant_ns(text)
    except ValueError:
        expected = None
    assert instant_ns(text) == expected
