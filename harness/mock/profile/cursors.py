"""Cut lists into pages whose cursors stay right while profiles change.

A cursor names the first item of the next page by what orders the list: a trait by its name, an id or link by
when it joined, an event by its timestamp and message id. So each item that is there all the time is on
exactly one page, whatever comes, goes or merges between two calls. To clients all of them are opaque texts;
their forms follow the samples in the Profile API docs (read 2025-11).
"""

import base64
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, TypeVar

from harness.mock.profile.failures import FailedError, Failures
from harness.mock.profile.nouns import DIGITS, KSUID_CHARACTERS, Event, base_62

T = TypeVar("T")

_BETWEEN: Final = "::"
_NUMBERED: Final = re.compile(rf"(?:map|lnk)_([0-9A-Za-z]{{{KSUID_CHARACTERS}}})")
_NUMBER: Final = re.compile(r"-?\d{1,20}", re.ASCII)
_VALUE_OF: Final = {digit: value for value, digit in enumerate(DIGITS)}


def cut(items: Iterable[T], limit: int, cursor_of: Callable[[T], str]) -> tuple[list[T], str]:
    """The first items, and the cursor of the one that follows; "" when none does."""
    page = list(islice(items, limit + 1))
    return page[:limit], cursor_of(page[limit]) if len(page) > limit else ""


def numbered(prefix: str, order: int) -> str:
    """The cursor of an id (`map_`) or a link (`lnk_`)."""
    return prefix + base_62(order)


def number_in(cursor: str) -> int:
    """The order in such a cursor. Raises FailedError."""
    match = _NUMBERED.fullmatch(cursor)
    if match is None:
        raise FailedError(Failures.NEXT)
    number = 0
    for digit in match[1]:
        number = number * 62 + _VALUE_OF[digit]
    return number


def timed(event: Event) -> str:
    """The cursor of an event: its place in the order of `place_of`."""
    plain = _BETWEEN.join(map(str, place_of(event)))
    return base64.urlsafe_b64encode(plain.encode()).decode("ascii")


def place_of(event: Event) -> tuple[int, str, int]:
    """What orders events; no two have the same."""
    return event.timestamp_ns, event.message_id, event.order


def place_in(cursor: str) -> tuple[int, str, int]:
    """The place in such a cursor. Raises FailedError."""
    try:
        plain = base64.urlsafe_b64decode(cursor).decode()
    except ValueError as error:
        raise FailedError(Failures.NEXT) from error
    instant, _, rest = plain.partition(_BETWEEN)
    message_id, _, order = rest.rpartition(_BETWEEN)  # an id may hold anything
    if _NUMBER.fullmatch(instant) is None or _NUMBER.fullmatch(order) is None:
        raise FailedError(Failures.NEXT)
    return int(instant), message_id, int(order)
