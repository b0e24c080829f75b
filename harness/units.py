"""Read and write quantities as people say them: `2s`, `500/s`, `64MiB`, ISO-8601 instants."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

NS_PER_US: Final = 1_000
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000

_DURATION_NS: Final = {
    "ns": 1,
    "us": NS_PER_US,
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "min": 60 * NS_PER_S,
    "h": 3_600 * NS_PER_S,
    "d": 86_400 * NS_PER_S,
}
_PERIOD_S: Final = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3_600.0}
_SIZE_BYTES: Final = {
    "": 1,
    "b": 1,
    "kb": 1_000,
    "mb": 1_000_000,
    "gb": 1_000_000_000,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
_NUMBER_AND_UNIT: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]*)\s*")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration_ns(text: str) -> int:
    """`"1.5s"`, `"200ms"`, `"2m"`, `"1h30m"`; a bare number is seconds. Raises ValueError."""
    total_ns, end = 0.0, 0
    for match in _NUMBER_AND_UNIT.finditer(text):
        if match.start() != end:
            break
        unit = match[2].lower() or "s"
        if unit not in _DURATION_NS:
            break
        total_ns += float(match[1]) * _DURATION_NS[unit]
        end = match.end()
    if end != len(text) or not text.strip():
        raise ValueError(f"{text!r} is no duration; write it like 10s, 200ms, 5m or 1h30m")
    return round(total_ns)


def parse_rate_per_s(text: str) -> float:
    """`"500/s"`, `"100/min"`; a bare number is per second. Answers a rate per second. Raises ValueError."""
    count, slash, period = text.strip().partition("/")
    try:
        rate_per_s = float(count) / _PERIOD_S[period.strip().lower() if slash else "s"]
    except (ValueError, KeyError):
        rate_per_s = 0.0
    if not 0 < rate_per_s < float("inf"):
        raise ValueError(f"{text!r} is no rate; write it like 500/s or 100/min")
    return rate_per_s


def parse_limit(text: str) -> tuple[int, int]:
    """`"500/s"`, `"100/min"`: a count and its window in ns. Raises ValueError."""
    count, slash, period = text.strip().partition("/")
    window_s = _PERIOD_S.get(period.strip().lower()) if slash else 1.0
    if not count.strip().isdigit() or int(count) == 0 or window_s is None:
        raise ValueError(f"{text!r} is no limit; write it like 500/s or 100/min")
    return int(count), round(window_s * NS_PER_S)


def parse_size_bytes(text: str) -> int:
    """`"64MiB"`, `"500KB"`; a bare number is bytes. Raises ValueError."""
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match is None or match[2].lower() not in _SIZE_BYTES:
        raise ValueError(f"{text!r} is no size; write it like 500KB or 64MiB")
    return round(float(match[1]) * _SIZE_BYTES[match[2].lower()])


def parse_instant_ns(text: str) -> int:
    """An ISO-8601 instant as ns since 1970; without an offset it is UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - _EPOCH) // timedelta(microseconds=1) * NS_PER_US


def format_instant_ms(wall_ns: int) -> str:
    """`2026-01-02T03:04:05.678Z`: milliseconds, rounded down, as Segment's own libraries write it."""
    whole_s, rest_ns = divmod(wall_ns, NS_PER_S)
    return _seconds(whole_s) + _MILLIS[rest_ns // NS_PER_MS]


def format_instant_us(wall_ns: int) -> str:
    """`2026-01-02T03:04:05.678901Z`: microseconds, rounded down."""
    whole_s, rest_ns = divmod(wall_ns, NS_PER_S)
    return f"{_seconds(whole_s)}.{rest_ns // NS_PER_US:06d}Z"


def format_duration(duration_ns: int) -> str:
    """A length of time as a person says it: `350 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`, `27 d 23 h`."""
    if duration_ns < NS_PER_S:
        return f"{duration_ns / NS_PER_MS:.3g} ms"
    if duration_ns < 60 * NS_PER_S:
        return f"{duration_ns / NS_PER_S:.3g} s"
    whole_s = round(duration_ns / NS_PER_S)
    for unit_s, unit, part_s, part in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole_s >= unit_s:
            whole, rest_s = divmod(whole_s, unit_s)
            return f"{whole} {unit} {rest_s // part_s} {part}" if rest_s // part_s else f"{whole} {unit}"
    return f"{whole_s} s"


def format_option_duration(duration_s: float) -> str:
    """A length of time as an option takes it: `200ms`, `65s`, `5m`, `1h30m`."""
    if 0 < duration_s < 1:
        return f"{duration_s * 1_000:g}ms"
    if duration_s < 120 or duration_s % 60:
        return f"{duration_s:g}s"
    hours, minutes = divmod(round(duration_s / 60), 60)
    return f"{f'{hours}h' if hours else ''}{f'{minutes}m' if minutes or not hours else ''}"


def format_size(size_bytes: int) -> str:
    """`812 B`, `1.2 MB`, in decimal units as Segment documents its sizes."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1_000:
            return f"{size:.3g} {unit}"
        size /= 1_000
    return f"{size:.3g} GB"


def format_percent(share: float, decimals: int = 0) -> str:
    """`32 %` of a share of 0 to 1."""
    return f"{100 * share:,.{decimals}f} %"


_MILLIS: Final = tuple(f".{milli:03d}Z" for milli in range(1_000))
_SECONDS_KEPT: Final = 8
_seconds_known: dict[int, str] = {}


def _seconds(whole_s: int) -> str:
    # Formatted once a second instead of once a message; a few, since a message's clocks differ.
    text = _seconds_known.get(whole_s)
    if text is None:
        if len(_seconds_known) >= _SECONDS_KEPT:
            _seconds_known.clear()
        text = (_EPOCH + timedelta(seconds=whole_s)).isoformat(timespec="seconds")[:19]
        _seconds_known[whole_s] = text
    return text
