"""Read recorded instants quickly: most are `2026-01-02T03:04:05.678Z`, and most share their minute."""

from typing import Final

from harness.units import NS_PER_MS, NS_PER_S, NS_PER_US, parse_instant_ns

LAST_OFFSET_S: Final = 1e9  # some 30 years; what stands beyond is no offset

_TO_MINUTE: Final = len("2026-01-02T03:04:")
_TO_SECOND: Final = len("2026-01-02T03:04:05.")
_MICROS: Final = len("678901Z")
_SECONDS_NS: Final = {f"{second:02d}.": second * NS_PER_S for second in range(60)}
_MILLIS_NS: Final = {f"{milli:03d}Z": milli * NS_PER_MS for milli in range(1_000)}
_REMEMBERED: Final = 1_024

_minutes_ns: dict[str, int] = {}


def instant_ns(text: str) -> int:
    """An ISO-8601 instant as ns since 1970, as `units.parse_instant_ns`, which this agrees with.

    Raises:
        ValueError: it is none.
    """
    # Look-ups, which also check every digit: a fifth of the time that parsing takes.
    minute_ns = _minutes_ns.get(text[:_TO_MINUTE])
    second_ns = _SECONDS_NS.get(text[_TO_MINUTE:_TO_SECOND])
    if minute_ns is not None and second_ns is not None:
        rest = text[_TO_SECOND:]
        milli_ns = _MILLIS_NS.get(rest)
        if milli_ns is not None:
            return minute_ns + second_ns + milli_ns
        if len(rest) == _MICROS and rest[-1] == "Z" and rest[:-1].isdigit() and rest.isascii():
            return minute_ns + second_ns + int(rest[:-1]) * NS_PER_US
    return _parse_and_remember(text)


def offset_ns(seconds: float) -> int:
    """Seconds since a recording's start as ns.

    Raises:
        ValueError: negative, or too large to be one.
    """
    if not 0 <= seconds <= LAST_OFFSET_S:
        raise ValueError(f"{seconds:g} s is no offset")
    return round(seconds * NS_PER_S)


def _parse_and_remember(text: str) -> int:
    at_ns = parse_instant_ns(text)
    second_ns = _SECONDS_NS.get(text[_TO_MINUTE:_TO_SECOND])
    rest = text[_TO_SECOND:]
    if second_ns is not None and rest[-1:] == "Z" and rest[:-1].isdigit():
        if len(_minutes_ns) >= _REMEMBERED:
            _minutes_ns.clear()
        _minutes_ns[text[:_TO_MINUTE]] = at_ns - at_ns % (60 * NS_PER_S)
    return at_ns
