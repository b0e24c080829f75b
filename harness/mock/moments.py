"""Read the clocks that a client sends, whatever it sends, and correct a message's own by them."""

import re
from functools import lru_cache
from typing import Any, Final

from harness.segment.timestamps import corrected_ns
from harness.units import NS_PER_MS, parse_instant_ns

_YEAR_1_NS: Final = parse_instant_ns("0001-01-01T00:00:00Z")
_YEAR_9999_NS: Final = parse_instant_ns("9999-12-31T23:59:59Z")

# The form that Segment's libraries write is read in two halves: messages share their second, and there are
# a thousand fractions. 0.3 us instead of the 1.8 of a whole parse.
_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_SECOND_CHARACTERS: Final = 19
_FRACTION_NS: Final = {f".{millisecond:03d}Z": millisecond * NS_PER_MS for millisecond in range(1_000)}


def instant_ns(value: Any) -> int | None:
    """An ISO-8601 text as ns since 1970; None when it is absent or something else."""
    if not isinstance(value, str):
        return None
    fraction_ns = _FRACTION_NS.get(value[_SECOND_CHARACTERS:])
    if fraction_ns is None:
        return _parsed(value)
    second_ns = _second_ns(value[:_SECOND_CHARACTERS])
    return _parsed(value) if second_ns is None else second_ns + fraction_ns


@lru_cache(maxsize=1_024)
def _second_ns(text: str) -> int | None:
    return _parsed(text) if _SECOND.fullmatch(text) else None


@lru_cache(maxsize=256)  # a whole batch shares its sentAt
def _parsed(text: str) -> int | None:
    try:
        return parse_instant_ns(text)
    except ValueError:
        return None


def stored_timestamp_ns(original: Any, sent: Any, received_ns: int) -> tuple[int, bool]:
    """The corrected timestamp, and whether a clock that was sent could not be used.

    An unusable clock counts as absent; so does one that would move the message out of the years 1 to 9999.
    """
    original_ns = None if original is None else instant_ns(original)
    sent_ns = None if sent is None else instant_ns(sent)
    unusable = (original is not None and original_ns is None) or (sent is not None and sent_ns is None)
    timestamp_ns = corrected_ns(received_ns=received_ns, sent_ns=sent_ns, original_ns=original_ns)
    if not _YEAR_1_NS <= timestamp_ns <= _YEAR_9999_NS:
        return received_ns, True
    return timestamp_ns, unusable
