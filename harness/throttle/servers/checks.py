"""List what is asked of a rate limit: each check with the scene it looks at, its judge and its advice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from harness.model import Limit
from harness.throttle.servers import judges, told
from harness.throttle.servers.judges import Judge

_ANY: Final = ("tracking", "profile", "config")


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """A row: what is claimed of the server, and who judges it by which scene."""

    id: str
    claim: str
    scene: str
    judge: Judge
    advice: str
    goes_over: bool = True  # beyond 80 % of the limit
    apis: Sequence[str] = _ANY
    needs_other: bool = False  # a second key, space or token
    needs_ledger: bool = False
    fits: Callable[[Limit], str | None] = lambda _: None  # why it does not apply to a limit


def _own_scopes(limit: Limit) -> str | None:
    return "All keys of a workspace share this limit." if limit.scope == "workspace" else None


def _two_or_more(limit: Limit) -> str | None:
    return "A limit of one leaves nothing to see." if limit.count < 2 else None


_COUNT_EXACTLY: Final = "Count and admit in one step, in a store that all instances share."
_TELL_THE_TRUTH: Final = "Announce, in whole seconds rounded up, when the next request will be admitted."

CHECKS: Final = (
    ServerCheck(
        "under",
        "80 % of the limit, evenly spread, is admitted",
        "under",
        judges.admits_under,
        "The limit in force is lower than documented, or others use it up too: look at its settings.",
        goes_over=False,
        fits=_two_or_more,
    ),
    ServerCheck(
        "at",
        "as much as the limit, evenly spread, is admitted",
        "at",
        judges.admits_at,
        "See whether it refuses from the limit on instead of beyond it, or counts what others send.",
    ),
    ServerCheck(
        "burst",
        "as much as the limit, at one moment, is admitted",
        "burst",
        judges.admits_burst,
        "A client may send a window's worth at once: allow such a burst, or document a smaller one.",
    ),
    ServerCheck(
        "over",
        "what is beyond the limit is refused with 429",
        "over",
        judges.refuses_over,
        "See that the limit is in force, and that it counts from one and not from nought.",
    ),
    ServerCheck(
        "windows",
        "each window of a long load admits as many as the limit, and no more",
        "load",
        judges.keeps_in_windows,
        "Give back what was used one window after it was used: not sooner, not later.",
    ),
    ServerCheck(
        "edge",
        "across the edge of a window no more than the limit is admitted",
        "edge",
        judges.keeps_at_edge,
        "Windows with fixed edges admit twice the limit across one; if that is meant, say --counting fixed.",
    ),
    ServerCheck(
        "at-once",
        "64 callers at one instant get exactly what is left",
        "at once",
        judges.admits_exactly,
        _COUNT_EXACTLY,
    ),
    ServerCheck(
        "announces",
        "each refusal says how long to wait",
        "over",
        told.announces,
        "Send Retry-After with each 429, in whole seconds; where it is documented X-RateLimit-Reset too.",
    ),
    ServerCheck("admits-then", "at Retry-After it admits", "reopening", told.admits_then, _TELL_THE_TRUTH),
    ServerCheck(
        "not-before",
        "a second before Retry-After it refuses",
        "reopening",
        told.refuses_before,
        _TELL_THE_TRUTH,
    ),
    ServerCheck(
        "remaining",
        "what it says remains is what remains",
        "burst",
        told.counts_down,
        "Write the header from the same count that admits, after this request was counted.",
    ),
    ServerCheck(
        "recovers",
        "a window after it was used up, all of the limit is there again",
        "recovery",
        judges.recovers,
        "See what still counts after a window: refused requests, or a penalty that is not announced.",
    ),
    ServerCheck(
        "free",
        "what is refused uses up nothing",
        "free",
        judges.refuses_for_free,
        "Count admitted requests alone: else a client that retries is shut out for as long as it tries.",
    ),
    ServerCheck(
        "isolation",
        "another key is not held up",
        "isolation",
        judges.isolates,
        "Count for each key, space or token apart, as the limit is documented.",
        needs_other=True,
        fits=_own_scopes,
    ),
    ServerCheck(
        "unit",
        "it counts requests, or messages, as documented",
        "unit",
        judges.counts_unit,
        "Count what the documentation speaks of; a batch is one request and as many messages as it holds.",
        apis=("tracking",),
        fits=_two_or_more,
    ),
    ServerCheck(
        "size",
        "a large request costs no more than a small one",
        "size",
        judges.ignores_size,
        "Count what the documentation speaks of, not bytes.",
        apis=("tracking",),
        fits=_two_or_more,
    ),
    ServerCheck(
        "leaves-nothing",
        "a refused message is not stored, an admitted one is",
        "over",
        judges.leaves_nothing,
        "Decide before storing: a client sends a refused message again, and then it is there twice.",
        apis=("tracking",),
        needs_ledger=True,
    ),
)
