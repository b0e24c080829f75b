"""The table of plays: what the mock does, how much a program sends, what it takes."""

from email.utils import formatdate
from typing import Any, Final

from harness.throttle.clients.play import REFUSED, Moment, Play, Staged, as_ever
from harness.units import NS_PER_MS, NS_PER_S

_EARLIER_NS: Final = 50 * NS_PER_MS  # a pause ends a moment before the instant that was told


def once(status: int, **more: Any) -> Play:
    """One answer of this kind, then all is well."""
    return Play(
        str(status), f"one answer {status}, then all is well", as_ever({"status": status, "first": 1, **more})
    )


def always(status: int, **more: Any) -> Play:
    """Every answer is of this kind."""
    return Play(
        f"{status}-always",
        f"every answer is {status}",
        as_ever({"status": status, **more}),
        settled=REFUSED,
        cost_s=3.0,
    )


def broken(outcome: str, *, cost_s: float = 2.0, **more: Any) -> Play:
    """One request is met by this, then all is well."""
    fault = {"outcome": outcome, "first": 1, **more}
    return Play(outcome, f"one answer is lost: {outcome}", as_ever(fault), cost_s=cost_s)


def told(name: str, *waits: object, status: int = 429, cost_s: float, first: int = 1) -> Play:
    """Answers with these `Retry-After`, one after the other, each `first` times."""
    faults = [
        {"status": status, "retry_after": wait, "first": first, "skip": first * place}
        for place, wait in enumerate(waits)
    ]
    words = ", then ".join(map(str, waits))
    return Play(name, f"{status} with Retry-After: {words}", as_ever(*faults), cost_s=cost_s)


def _pause(moment: Moment, status: int = 429) -> Staged:
    return Staged(({"status": status, "retry_after": moment.pause_s, "first": 1},))


def pause(status: int) -> Play:
    """One answer that asks for a pause."""
    return Play(
        f"{status}-pause",
        f"one answer {status} that asks for a pause",
        lambda moment: _pause(moment, status),
        cost_s=3.0,
    )


PLAIN: Final = Play("plain", "nothing is in its way", cost_s=1.0)
PAUSE: Final = pause(429)
PAUSE_OF_MANY: Final = Play(
    "pause-of-many", "one answer 429 that asks for a pause, amid many messages", _pause, 250, cost_s=3.0
)


def date_play(name: str, write: Any, *, ahead_s: float = 1.5) -> Play:
    """429 until a whole second, which `Retry-After` names as a date."""

    def stage(moment: Moment) -> Staged:
        until_ns = moment.second_ahead_ns(ahead_s)
        fault = {
            "status": 429,
            "retry_after": write(until_ns // NS_PER_S),
            "until_s": (until_ns - moment.wall_ns - _EARLIER_NS) / NS_PER_S,
        }
        return Staged((fault,), until_ns=until_ns)

    return Play(f"date-{name}", f"429 until an instant, which Retry-After names as {name}", stage, cost_s=5.0)


def imf_date(second: int) -> str:
    """`Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(second, usegmt=True)
