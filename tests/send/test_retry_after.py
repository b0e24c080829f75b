"""Claims about reading Retry-After."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.send.retry_after import asked_wait_ns
from harness.units import NS_PER_S

NOW = datetime(2026, 11, 6, 8, 49, 30, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * NS_PER_S


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("0.000000001", 1e-9),
        ("9999999999", 9_999_999_999),
        ("Fri, 06 Nov 2026 08:49:37 GMT", 7),
        ("fri, 06 nov 2026 08:49:37 gmt", 7),
        ("Friday, 06-Nov-26 08:49:37 GMT", 7),
        ("Fri Nov  6 08:49:37 2026", 7),
        ("Fri Nov 16 08:49:30 2026", 10 * 86_400),
        ("Fri, 06 Nov 2026 08:49:60 GMT", 30),  # a leap second
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0),  # 1994, not 2094: more than 50 years ahead
    ],
)
def test_seconds_and_all_three_forms_of_a_date_are_read(header, wait_s):
    assert asked_wait_ns(header, NOW_NS) == round(wait_s * NS_PER_S)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "-1",
        "+1",
        "soon",
        "1 s",
        "1e3",
        "0x10",
        "nan",
        "inf",
        "1,5",
        "٣",
        "9" * 11,
        "Fri, 31 Feb 2026 08:49:37 GMT",
        "Fri, 06 Foo 2026 08:49:37 GMT",
        "Fri, 06 Nov 2026 24:49:37 GMT",
        "Fri, 06 Nov 2026 08:49:61 GMT",
        "Fri, 06 Nov 2026 08:49:37",
        "Fri, 00 Nov 2026 08:49:37 GMT",
        "Fri, 06 Nov 0000 08:49:37 GMT",
        "2026-11-06T08:49:37Z",
    ],
)
def test_what_is_neither_says_nothing(header):
    assert asked_wait_ns(header, NOW_NS) is None


@given(st.text(max_size=60))
def test_no_header_is_a_crash_or_a_negative_wait(text):
    wait_ns = asked_wait_ns(text, NOW_NS)
    assert wait_ns is None or wait_ns >= 0


@given(st.integers(0, 10**10 - 1))
def test_whole_seconds_are_exact(seconds):
    assert asked_wait_ns(str(seconds), NOW_NS) == seconds * NS_PER_S


@given(st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)), st.integers(0, 2))  # noqa: DTZ001 - made aware below
def test_dates_agree_with_the_standard_library(instant, form):
    instant = instant.replace(microsecond=0, tzinfo=UTC)
    texts = (
        format_datetime(instant, usegmt=True),
        instant.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        instant.ctime(),
    )
    # two digits of a year name only the nearest one
    assume(form != 1 or NOW - timedelta(days=49 * 365) < instant < NOW + timedelta(days=49 * 365))
    expected_s = max(timedelta(0), instant - NOW) // timedelta(seconds=1)
    assert asked_wait_ns(texts[form], NOW_NS) == expected_s * NS_PER_S
