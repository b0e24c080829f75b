"""The table of plays: what the mock does, how much a program sends, what it takes."""

from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Final

from harness.throttle.clients.play import NEVER, NOTHING, REFUSED, SHUTDOWN, Moment, Play, Staged, as_ever
from harness.units import NS_PER_MS, NS_PER_S

LONG_S: Final = 310.0  # five minutes of a capped wait, and then some

_EARLIER_NS: Final = 50 * NS_PER_MS  # a pause ends a moment before the instant that was told
_OUTAGE_S: Final = 6.0
_ANSWER_MS: Final = 300
_LIMIT_PER_S: Final = 5


def once(status: int, **more: Any) -> Play:
    """One answer of this kind, then all is well."""
    fault = {"status": status, "first": 1, **more}
    return Play(str(status), f"one answer {status}, then all is well", as_ever(fault))


def always(status: int, name: str = "", **more: Any) -> Play:
    """Every answer is of this kind."""
    return Play(
        name or f"{status}-always",
        f"every answer is {status}",
        as_ever({"status": status, **more}),
        settled=REFUSED,
        cost_s=3.0,
    )


def broken(outcome: str, *, cost_s: float = 2.0, events: int = 12, **more: Any) -> Play:
    """One request is met by this, then all is well."""
    fault = {"outcome": outcome, "first": 1, **more}
    return Play(outcome, f"one answer is lost: {outcome}", as_ever(fault), events, cost_s=cost_s)


def told(name: str, *waits: object, cost_s: float, status: int = 429, each: int = 1, **more: Any) -> Play:
    """Answers with these `Retry-After`, one after the other, each so often; to one message."""
    faults = [
        {"status": status, "retry_after": wait, "first": each, "skip": each * place}
        for place, wait in enumerate(waits)
    ]
    words = ", then ".join(map(str, waits))
    about = f"{status} with Retry-After: {words}"
    return Play(name, about, as_ever(*faults), **{"events": 1, "cost_s": cost_s, **more})


def pause(
    name: str, about: str, *, status: int = 429, times: int = 1, longer_s: int = 0, **more: Any
) -> Play:
    """Answers that ask for the pause that the user chose."""

    def stage(moment: Moment) -> Staged:
        wait = moment.pause_s + longer_s
        return Staged(({"status": status, "retry_after": wait, "first": times},))

    return Play(name, about, stage, **{"cost_s": 3.0, **more})


def date(name: str, write: Callable[[int], str], **more: Any) -> Play:
    """429 until a whole second, which `Retry-After` names as a date."""

    def stage(moment: Moment) -> Staged:
        until_ns = moment.second_ahead_ns(1.5)
        fault = {
            "status": 429,
            "retry_after": write(until_ns // NS_PER_S),
            "until_s": (until_ns - moment.wall_ns - _EARLIER_NS) / NS_PER_S,
        }
        return Staged((fault,), until_ns=until_ns)

    about = "429 until an instant, which Retry-After names as a date"
    return Play(name, about, stage, **{"cost_s": 5.0, **more})


def imf(second: int) -> str:
    """`Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(second, usegmt=True)


def rfc850(second: int) -> str:
    """`Sunday, 06-Nov-94 08:49:37 GMT`."""
    day, number, month, year, clock, _ = imf(second).replace(",", "").split()
    return f"{_DAYS[day]}, {number}-{month}-{year[2:]} {clock} GMT"


def asctime(second: int) -> str:
    """`Sun Nov  6 08:49:37 1994`."""
    day, number, month, year, clock, _ = imf(second).replace(",", "").split()
    return f"{day} {month} {int(number):2d} {clock} {year}"


_DAYS: Final = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}


def _past(moment: Moment) -> Staged:
    when = imf(moment.wall_ns // NS_PER_S - 60)
    return Staged(({"status": 429, "retry_after": when, "first": 4},))


def _skewed(moment: Moment) -> Staged:
    """A server whose clock is an hour behind: by its own `Date` the wait is two seconds."""
    now = moment.wall_ns // NS_PER_S - 3_600
    fault = {"status": 429, "retry_after": imf(now + 2), "headers": {"Date": imf(now)}, "first": 4}
    return Staged((fault,))


def _outage(moment: Moment) -> Staged:
    lasts_ns = moment.lead_ns + round(_OUTAGE_S * NS_PER_S)
    fault = {"status": 500, "until_s": lasts_ns / NS_PER_S}
    return Staged((fault,), until_ns=moment.wall_ns + lasts_ns)


def hinted(name: str, hint_s: float, headers: dict[str, str]) -> Play:
    """429 without `Retry-After`, and with another header that says how long to wait."""
    fault = {"status": 429, "headers": headers, "first": 1}
    return Play(
        name,
        f"429 with {', '.join(headers)} alone",
        lambda _moment: Staged((fault,), facts={"hint_s": hint_s}),
        cost_s=3.0,
    )


PLAIN: Final = Play("plain", "nothing is in its way", cost_s=1.0)
EMPTY: Final = Play("nothing", "there is nothing to send", events=0, cost_s=1.0, settled=NOTHING)
PAUSE: Final = pause("pause", "one answer 429 that asks for a pause")
PAUSE_OF_MANY: Final = pause(
    "pause-of-many", "one answer 429 that asks for a pause, amid many messages", events=250
)
WAITS: Final = told("waits", 1, each=11, cost_s=18.0)
LYING: Final = told("lying", 1, each=5, cost_s=7.0)
SHORTER: Final = told("shorter", 5, 1, cost_s=7.0)
LONGER: Final = told("longer", 1, 3, cost_s=5.0)
BESIDE: Final = Play(
    "beside",
    "429 with Retry-After: 3 beside headers that name a second",
    as_ever({
        "status": 429,
        "retry_after": 3,
        "headers": {"X-RateLimit-Reset": "1", "RateLimit": '"default";r=0;t=1'},
        "first": 1,
    }),
    cost_s=4.0,
)  # fmt: skip
PAST: Final = Play("past-date", "429 with a date a minute ago, four times", _past, events=1, cost_s=8.0)
SKEWED: Final = Play("skewed-date", "429 with dates of a clock an hour behind", _skewed, events=1, cost_s=8.0)
FOUR: Final = Play(
    "four-500",
    "four answers 500, then all is well",
    as_ever({"status": 500, "first": 4}),
    events=1,
    copies=3,
    cost_s=9.0,
)
NINE: Final = Play(
    "nine-500",
    "nine answers 500, then all is well",
    as_ever({"status": 500, "first": 9}),
    events=1,
    cost_s=330.0,
    is_full=True,
)
FOREVER: Final = Play(
    "forever-500",
    "every answer is 500",
    as_ever({"status": 500}),
    events=1,
    cost_s=480.0,
    settled=NEVER,
    is_full=True,
)
TWICE: Final = Play(
    "two-500", "two answers 500, then all is well", as_ever({"status": 500, "first": 2}), events=1, cost_s=3.0
)
ANEW: Final = Play(
    "anew",
    "three answers 500, a success, and later one answer 500 more",
    as_ever({"status": 500, "first": 3}, {"status": 500, "skip": 5, "first": 1}),
    events=60,
    every_ms=80,
    cost_s=8.0,
)
OUTAGE: Final = Play("outage", "500 for six seconds", _outage, events=60, every_ms=80, cost_s=12.0)
HERD: Final = pause(
    "herd", "one answer 429 that asks for a pause, to each of six copies", longer_s=2, copies=6, cost_s=6.0
)
STAMPEDE: Final = date("stampede", imf, copies=6, cost_s=6.0)
CYCLES: Final = pause(
    "cycles", "five pauses, for each of six copies", times=5, longer_s=1, copies=6, cost_s=24.0, is_full=True
)
MIXED: Final = Play(
    "mixed",
    "429, 503, a reset and 500, one after the other",
    as_ever(
        {"status": 429, "retry_after": 1, "first": 1},
        {"status": 503, "skip": 1, "first": 1},
        {"outcome": "reset-before-head", "skip": 2, "first": 1},
        {"status": 500, "skip": 4, "first": 1},
    ),
    events=60,
    cost_s=8.0,
)
COMMITTED: Final = Play(
    "committed",
    "one request is stored, and its answer never comes",
    as_ever({"outcome": "reset-before-head", "when": "after", "first": 1}),
    settled=NEVER,
)
FLOOD: Final = Play(
    "flood",
    "twenty and forty thousand messages while everything is throttled",
    as_ever({"status": 429, "retry_after": 60}),
    events=20_000,
    copies=2,
    doubles=True,
    held_up_s=6.0,
    cost_s=30.0,
    settled=SHUTDOWN,
    is_full=True,
)
TOLD_TO_END: Final = Play(
    "told-to-end",
    "everything is throttled for a minute, and the program is told to end",
    as_ever({"status": 429, "retry_after": 60}),
    held_up_s=1.0,
    cost_s=22.0,
    settled=SHUTDOWN,
    is_full=True,
)
TOO_BIG: Final = Play(
    "too-big", "messages above 32 KB", events=5, pad_bytes=40_000, settled=NEVER, cost_s=3.0
)
BIG: Final = pause(
    "big", "one answer 429 amid 1.2 MB of large messages", events=60, pad_bytes=20_000, cost_s=5.0
)
STARVING: Final = told("starving", 1, events=80, every_ms=80, cost_s=9.0)
SLOW: Final = Play(
    "slow-answers",
    "each answer takes a while",
    lambda _moment: Staged(({"latency": {"ms": _ANSWER_MS}},), facts={"answer_s": _ANSWER_MS / 1_000}),
    events=250,
    cost_s=6.0,
)
STEADY: Final = Play(
    "steady",
    f"a limit of {_LIMIT_PER_S} requests a second",
    lambda _moment: Staged((), facts={"limit_per_s": _LIMIT_PER_S}),
    events=1_000,
    cost_s=30.0,
    limit_per_s=_LIMIT_PER_S,
    is_full=True,
)
CLOSED: Final = Play("closed-port", "nothing listens for the first seconds", cost_s=8.0, starts_refused=2.0)
