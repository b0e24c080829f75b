from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import units

S = units.NS_PER_S


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("10s", 10 * S),
        ("10", 10 * S),
        ("1.5s", 3 * S // 2),
        ("200ms", S // 5),
        ("5m", 300 * S),
        ("1h30m", 5_400 * S),
        ("2d", 172_800 * S),
        ("50us", 50_000),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, duration_ns):
    assert units.parse_duration_ns(text) == duration_ns


@pytest.mark.parametrize("text", ["", " ", "s", "10x", "-1s", "1s2", "1s junk", "ten"])
def test_what_is_no_duration_is_refused(text):
    if text == "1s2":
        assert units.parse_duration_ns(text) == 3 * S  # a bare number is seconds, also behind others
        return
    with pytest.raises(ValueError, match="no duration"):
        units.parse_duration_ns(text)


@pytest.mark.parametrize(
    ("text", "rate_per_s"),
    [("500/s", 500.0), ("500", 500.0), ("100/min", 100 / 60), ("3600/h", 1.0), ("0.5/s", 0.5)],
)
def test_a_rate_is_per_second(text, rate_per_s):
    assert units.parse_rate_per_s(text) == pytest.approx(rate_per_s)


@pytest.mark.parametrize("text", ["", "0/s", "-5/s", "5/fortnight", "nan", "inf/s", "x"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="no rate"):
        units.parse_rate_per_s(text)


@pytest.mark.parametrize(("text", "limit"), [("500/s", (500, S)), ("100/min", (100, 60 * S)), ("7", (7, S))])
def test_a_limit_is_a_count_and_a_window(text, limit):
    assert units.parse_limit(text) == limit


@pytest.mark.parametrize("text", ["0/s", "1.5/s", "none", "5/x", ""])
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(ValueError, match="no limit"):
        units.parse_limit(text)


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("64MiB", 64 << 20), ("500KB", 500_000), ("12", 12), ("1.5 kib", 1_536)]
)
def test_a_size_is_bytes(text, size_bytes):
    assert units.parse_size_bytes(text) == size_bytes


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_an_instant_is_written_as_it_was_read_rounded_down_to_its_grain(moment):
    moment = moment.replace(tzinfo=UTC)
    wall_ns = units.parse_instant_ns(moment.isoformat())
    assert (
        units.format_instant_us(wall_ns)
        == moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"
    )
    assert units.format_instant_ms(wall_ns + 999) == units.format_instant_us(wall_ns)[:-4] + "Z"


def test_instants_of_changing_seconds_are_written_right_whatever_was_asked_before():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for step in (0, 1, 2, 1, 50, 0, 3, 4, 5, 6, 7, 8, 9, 10, 1):
        moment = start + timedelta(seconds=step)
        wall_ns = units.parse_instant_ns(moment.isoformat())
        assert units.format_instant_ms(wall_ns) == moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (350_000_000, "350 ms"),
        (12_400_000_000, "12.4 s"),
        (200 * S, "3 min 20 s"),
        (7_500 * S, "2 h 5 min"),
        (60 * S, "1 min"),
        (2_416_000 * S, "27 d 23 h"),
    ],
)
def test_a_length_of_time_is_said_as_a_person_says_it(duration_ns, text):
    assert units.format_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(812, "812 B"), (1_220_757, "1.22 MB"), (3_000_000_000, "3 GB")]
)
def test_a_size_is_said_in_decimal_units(size_bytes, text):
    assert units.format_size(size_bytes) == text


@pytest.mark.parametrize(
    "text", ["0s", "200ms", "1.5s", "65s", "119s", "2m", "150s", "5m", "1h", "1h30m", "26h"]
)
def test_a_length_is_written_as_an_option_takes_it(text):
    assert units.format_option_duration(units.parse_duration_ns(text) / units.NS_PER_S) == text
