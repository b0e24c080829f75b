"""Recorded instants are read quickly, and as exactly as slowly."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.recording.instants import instant_ns, offset_ns
from harness.units import format_instant_ms, format_instant_us, parse_instant_ns

_MOMENTS = st.integers(0, 4_000_000_000_000)  # ms since 1970


def _slowly(text: str) -> int | None:
    try:
        return parse_instant_ns(text)
    except ValueError:
        return None


def _quickly(text: str) -> int | None:
    try:
        return instant_ns(text)
    except ValueError:
        return None


@given(_MOMENTS)
def test_milliseconds_read_back_exactly(at_ms):
    assert instant_ns(format_instant_ms(at_ms * 1_000_000)) == at_ms * 1_000_000


@given(_MOMENTS)
def test_microseconds_read_back_exactly(at_us):
    assert instant_ns(format_instant_us(at_us * 1_000)) == at_us * 1_000


@given(_MOMENTS, st.integers(0, 23), st.sampled_from(string.printable + "٣²"))
@example(1_659_304_800_025, 17, "6")
@example(1_659_304_800_025, 20, "٣")
@example(1_659_304_800_025, 23, "z")
def test_a_spoiled_instant_is_read_as_the_plain_way_reads_it(at_ms, position, character):
    text = format_instant_ms(at_ms * 1_000_000)
    instant_ns(text)  # its minute is known now
    spoiled = text[:position] + character + text[position + 1 :]
    assert _quickly(spoiled) == _slowly(spoiled)


@given(st.text(max_size=30))
def test_any_text_is_read_as_the_plain_way_reads_it(text):
    assert _quickly(text) == _slowly(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.6Z",
        "2026-01-02T03:04:05.678+02:00",
        "2026-01-02T03:04:05.678-00:30",
        "2026-01-02T03:04:05.678901234Z",
        "2026-01-02",
        "2026-01-02 03:04:05.678Z",
        "1969-12-31T23:59:59.999Z",
    ],
)
def test_other_forms_of_iso_8601_are_instants_too(text):
    assert instant_ns(text) == parse_instant_ns(text)


def test_more_minutes_than_are_remembered_read_the_same():
    for minute in range(3_000):
        at_ns = minute * 60_000_000_000 + 7_000_000
        assert instant_ns(format_instant_ms(at_ns)) == at_ns


def test_offsets_are_seconds():
    assert offset_ns(12.345) == 12_345_000_000
    assert offset_ns(0) == 0


@pytest.mark.parametrize("seconds", [-1, -0.001, 1.7e9, 1e300, float("inf")])
def test_what_can_be_no_offset_is_refused(seconds):
    with pytest.raises(ValueError, match="is no offset"):
        offset_ns(seconds)
