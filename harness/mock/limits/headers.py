"""What headers say about a limit: the documented sets by name, and the wrong ones met in the field."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from harness.units import NS_PER_MS, NS_PER_S

Headers = tuple[tuple[str, str], ...]


class Standing(NamedTuple):
    """How a caller stands after one request; what headers are written from."""

    name: str  # the rule's
    quota: int  # units a window
    window_ns: int
    unit: str  # requests, messages
    refused: bool
    wait_ns: int  # of a refused one, until it would be taken; else 0
    used: int  # units; of a refused one, what it would have come to
    remaining: int
    more_ns: int  # until more remains
    free_ns: int  # until nothing is used
    wall_ns: int  # now, since 1970


class HeaderSet(NamedTuple):
    """What is added to an answer that was let through, and to a 429; None adds nothing, at no cost."""

    on_success: Callable[[Standing], Headers] | None
    on_refusal: Callable[[Standing], Headers] | None
    says: str  # for people


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WHOLE_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH_YEARS_S: Final = 253_402_300_799  # the last second of year 9999
_PAST_S: Final = 60
_HUGE_S: Final = 365 * 86_400
_UNSAFE: Final = re.compile(r"[^ -~]")


def whole_seconds(wait_ns: int) -> int:
    """A wait in whole seconds, rounded up so that it is true of `Retry-After`: at least 1."""
    return max(1, -(-wait_ns // NS_PER_S))


def header_of(headers: Headers, name: str) -> str | None:
    """The first header of this name, in any case; None where there is none."""
    return next((value for found, value in headers if found.lower() == name.lower()), None)


def imf_date(at: datetime) -> str:
    """`Tue, 31 Dec 2024 23:59:59 GMT`: the date of HTTP, and of RFC 5322 in UTC, whatever the locale."""
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02d} {month} {at.year:04d} {at:%H:%M:%S} GMT"


def _rfc850_date(at: datetime) -> str:
    day, month = _WHOLE_DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02d}-{month}-{at.year % 100:02d} {at:%H:%M:%S} GMT"


def _asctime_date(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} {at.year:04d}"


def _in(standing: Standing, wait_ns: int) -> datetime:
    """The instant `wait_ns` from now, rounded up to a whole second so that it is never too early."""
    at_s = -(-(standing.wall_ns + wait_ns) // NS_PER_S)
    return datetime.fromtimestamp(min(max(0, at_s), _EPOCH_YEARS_S), UTC)


def _retry_after(value: object) -> Headers:
    return (("Retry-After", str(value)),)


def _true_wait(standing: Standing) -> Headers:
    return _retry_after(whole_seconds(standing.wait_ns))


def _segment(standing: Standing) -> Headers:
    seconds = str(whole_seconds(standing.wait_ns))
    return (("Retry-After", seconds), ("X-RateLimit-Reset", seconds))


def _public_api(standing: Standing) -> Headers:
    return (
        ("X-RateLimit-Consumed", str(standing.used)),
        ("X-RateLimit-Remaining", str(0 if standing.refused else standing.remaining)),
        ("X-RateLimit-Reset", imf_date(_in(standing, standing.free_ns))),
    )


def _ietf(standing: Standing) -> Headers:
    # RFC 9651 strings are printable ASCII; a name may be anything printable.
    name = _UNSAFE.sub("_", standing.name).replace("\\", "\\\\").replace('"', '\\"')
    window_s, rest_ns = divmod(standing.window_ns, NS_PER_S)
    window = "" if rest_ns else f";w={window_s}"  # the draft has whole seconds, and lets it be left out
    more = f";t={whole_seconds(standing.more_ns)}" if standing.more_ns else ""
    return (
        ("RateLimit-Policy", f'"{name}";q={standing.quota}{window};qu="{standing.unit}"'),
        ("RateLimit", f'"{name}";r={standing.remaining}{more}'),
    )


def _legacy(standing: Standing) -> Headers:
    return (
        ("RateLimit-Limit", str(standing.quota)),
        ("RateLimit-Remaining", str(standing.remaining)),
        ("RateLimit-Reset", str(_delta_s(standing))),
    )


def _epoch_legacy(standing: Standing) -> Headers:
    return (
        ("X-RateLimit-Limit", str(standing.quota)),
        ("X-RateLimit-Remaining", str(standing.remaining)),
        ("X-RateLimit-Reset", str(_epoch_s(standing, standing.free_ns))),
    )


def _delta_s(standing: Standing) -> int:
    return whole_seconds(standing.free_ns) if standing.free_ns else 0


def _epoch_s(standing: Standing, wait_ns: int) -> int:
    return -(-(standing.wall_ns + wait_ns) // NS_PER_S)


def _with_true_wait(always: Callable[[Standing], Headers], says: str) -> HeaderSet:
    return HeaderSet(always, lambda standing: (*always(standing), *_true_wait(standing)), says)


def _on_429(value: Callable[[Standing], object], says: str) -> HeaderSet:
    return HeaderSet(None, lambda standing: _retry_after(value(standing)), "on 429, Retry-After is " + says)


# Sources: HTTP API docs 2025-11 (segment); docs.segmentapis.com "Rate Limits" and the SDK's docs of
# 2026-08-03 (public-api); draft-ietf-httpapi-ratelimit-headers after -09, and up to -06 (ietf, legacy);
# the rest are faults reported of gateways and clients, and the other date forms of RFC 9110.
HEADER_SETS: Final[dict[str, HeaderSet]] = {
    "segment": HeaderSet(None, _segment, "on 429, Retry-After and X-RateLimit-Reset: whole seconds to wait"),
    "public-api": _with_true_wait(
        _public_api, "always X-RateLimit-Consumed, -Remaining and -Reset (a date); on 429 also Retry-After"
    ),
    "none": HeaderSet(None, None, "nothing, as documented of the Profile API"),
    "ietf": _with_true_wait(_ietf, "always RateLimit-Policy and RateLimit; on 429 also Retry-After"),
    "legacy": _with_true_wait(
        _legacy, "always RateLimit-Limit, -Remaining and -Reset (seconds to wait); on 429 also Retry-After"
    ),
    "legacy-epoch": _with_true_wait(
        _epoch_legacy, "always X-RateLimit-Limit, -Remaining and -Reset (epoch seconds); on 429 Retry-After"
    ),
    "http-date": _on_429(lambda s: imf_date(_in(s, s.wait_ns)), "the true instant as a date"),
    "rfc850-date": _on_429(lambda s: _rfc850_date(_in(s, s.wait_ns)), "the true instant as an RFC 850 date"),
    "asctime-date": _on_429(lambda s: _asctime_date(_in(s, s.wait_ns)), "the true instant as asctime has it"),
    "absent": HeaderSet(None, None, "nothing, where a client expects Retry-After"),
    "epoch": _on_429(lambda s: _epoch_s(s, s.wait_ns), "the true instant in seconds since 1970"),
    "milliseconds": _on_429(lambda s: max(1, -(-s.wait_ns // NS_PER_MS)), "the true wait in milliseconds"),
    "float": _on_429(lambda s: f"{whole_seconds(s.wait_ns)}.0", "the true wait with a decimal point"),
    "past-date": _on_429(lambda s: imf_date(_in(s, -_PAST_S * NS_PER_S)), "a date one minute ago"),
    "lying": _on_429(
        lambda s: whole_seconds(s.wait_ns) // 2, "half the true whole seconds, rounded down: 0 for 1"
    ),
    "zero": _on_429(lambda _: 0, "0"),
    "negative": _on_429(lambda s: -whole_seconds(s.wait_ns), "the true wait below zero"),
    "huge": _on_429(lambda _: _HUGE_S, "a year in seconds"),
    "garbage": _on_429(lambda _: "soon", "a word"),
}
