"""Read a Retry-After header: seconds, or an HTTP date in any of its three forms (RFC 9110, 5.6.7, 10.2.3)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from harness.units import NS_PER_S

# RFC 9110 allows whole seconds; some servers send 1.5. Ten digits are 300 years, more is no wait.
_SECONDS: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,9})[0-9]*)?")

_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DATES: Final = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"[a-z]{{3}}, (?P<day>\d\d) (?P<month>[a-z]{{3}}) (?P<year>\d{{4}}) {_TIME} GMT",  # IMF-fixdate
        rf"[a-z]{{6,9}}, (?P<day>\d\d)-(?P<month>[a-z]{{3}})-(?P<year>\d\d) {_TIME} GMT",  # RFC 850
        rf"[a-z]{{3}} (?P<month>[a-z]{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",  # asctime
    )
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def asked_wait_ns(header: str | None, wall_ns: int) -> int | None:
    """How long the header asks to wait, in ns, uncapped; 0 for a date gone by; None when it says nothing.

    `wall_ns` is now, since 1970. What is no header of this kind (a negative number, garbage) says nothing.
    """
    if header is None:
        return None
    text = header.strip()
    seconds = _SECONDS.fullmatch(text)
    if seconds is not None:
        return int(seconds[1]) * NS_PER_S + int((seconds[2] or "").ljust(9, "0"))
    instant_ns = _date_ns(text, wall_ns)
    return None if instant_ns is None else max(0, instant_ns - wall_ns)


def _date_ns(text: str, wall_ns: int) -> int | None:
    match = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _whole_year(year, wall_ns)
    second = int(match["second"])
    leap = second == 60  # RFC 9110 allows a leap second, datetime does not
    try:
        instant = datetime(
            year,
            _MONTHS.index(match["month"].lower()) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            59 if leap else second,
            tzinfo=UTC,
        )
    except ValueError:  # the 31st of February: garbage
        return None
    return ((instant - _EPOCH) // timedelta(seconds=1) + leap) * NS_PER_S


def _whole_year(two_digits: int, wall_ns: int) -> int:
    # RFC 9110, 5.6.7: a year more than 50 years ahead is the last past one with these digits.
    this_year = (_EPOCH + timedelta(seconds=wall_ns // NS_PER_S)).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year
