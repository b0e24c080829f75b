"""The table of cases: what a good client does, how it is tried, how much it matters under each profile."""

from typing import Final

from harness.throttle.clients import plays
from harness.throttle.clients.case import INFO, MUST, SHOULD, Case
from harness.throttle.clients.retrying import sends_again, sends_once
from harness.throttle.clients.waiting import does_not_loop, pauses_all, waits_as_asked

_MUST: Final = (MUST, MUST, MUST)
_AGAIN: Final = (
    "Keep the messages of a request that was answered so, and send them again later with the same messageId."
)
_NEVER: Final = (
    "Give up a request that was answered so: the same bytes get the same answer. Report its messages as lost."
)
_WAIT: Final = (
    "Read Retry-After of the answer and let nothing of this request leave before it is over; take the time "
    "from a monotonic clock and round up."
)

CASES: Final[tuple[Case, ...]] = (
    Case("A1", "429 with Retry-After is tried again", plays.PAUSE, sends_again, _MUST, _AGAIN),
    Case("A2", "429 without Retry-After is tried again", plays.once(429), sends_again, _MUST, _AGAIN),
    *(
        Case(f"A3.{status}", f"{status} is tried again", plays.once(status), sends_again, _MUST, _AGAIN)
        for status in (500, 502, 503, 504)
    ),
    *(
        Case(f"A7.{status}", f"{status} is not tried again", plays.always(status), sends_once, _MUST, _NEVER)
        for status in (400, 401, 403, 404, 413, 422)
    ),
    Case("B1", "a wait in seconds is kept", plays.PAUSE, waits_as_asked, (MUST, MUST, SHOULD), _WAIT),
    Case(
        "B2.imf",
        "a wait until a date is kept",
        plays.date_play("imf", plays.imf_date),
        waits_as_asked,
        (SHOULD, MUST, INFO),
        _WAIT,
    ),
    Case(
        "B10",
        "a pause holds for all of a write key",
        plays.PAUSE_OF_MANY,
        pauses_all,
        (SHOULD, SHOULD, INFO),
        "Let a Retry-After pause the sender, not one request: the limit counts all of a source's requests.",
    ),
)
_ = does_not_loop
