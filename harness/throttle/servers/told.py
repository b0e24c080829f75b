"""Judge what a server says of its limit: that it says when to come back, and that this is true."""

import re
from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, WARN, many
from harness.throttle.servers.exchange import Exchange, Seen
from harness.throttle.servers.judges import (
    NOT_APPLICABLE,
    NOTHING_REFUSED,
    RUN_AGAIN,
    Judged,
    odd_answers,
    unclear_answers,
)
from harness.throttle.servers.scenes import EARLIER_NS
from harness.throttle.servers.stage import WAIT_MOST_NS
from harness.throttle.verdict import PASS
from harness.units import NS_PER_S, format_duration

# HTTP API docs, "Rate limits", 2025-11; docs of the Public API's SDK, 2026-08. Of the Profile API none.
_DOCUMENTED: Final = ("tracking", "config")
_DIGITS: Final = re.compile(r"[0-9]+")
_REMAINING: Final = ("x-ratelimit-remaining", "ratelimit-remaining")
_IETF: Final = re.compile(r";\s*r=([0-9]+)")  # draft-ietf-httpapi-ratelimit-headers after -09


def announces(seen: Seen) -> Judged:
    """Each refusal says how long to wait, in a form that clients read."""
    refused = [each for each in seen.all if each.refused]
    if not refused:
        return NOTHING_REFUSED
    silent = [each for each in refused if "retry-after" not in each.headers]
    if seen.limit.api not in _DOCUMENTED and len(silent) == len(refused):
        return Judged(NOT_APPLICABLE, "No Retry-After is documented for this API, and none came.")
    if silent:
        return Judged(FAIL, f"{len(silent):,} of {many(len(refused), 'refusal')} without Retry-After.")
    for each in refused:
        said = each.headers["retry-after"]
        if each.wait_ns is None:
            return Judged(FAIL, f"Retry-After: {said[:40]!r} is neither seconds nor a date.")
        if each.wait_ns == 0:
            return Judged(FAIL, f"Retry-After: {said[:40]!r} asks for no wait at all.")
        if each.wait_ns > WAIT_MOST_NS:
            return Judged(
                FAIL,
                f"Retry-After: {said[:40]!r} is a wait of {format_duration(each.wait_ns)}, and the window is "
                f"{format_duration(seen.limit.window_ns)}: is it an instant, or milliseconds?",
            )
    said = refused[0].headers["retry-after"]
    beside = _reset_beside(seen, refused)
    if beside is not None:
        return beside
    if not _DIGITS.fullmatch(said):
        return Judged(WARN, f"Retry-After: {said[:40]!r} can be read, but whole seconds are documented.")
    return Judged(PASS, f"{many(len(refused), 'refusal')}, each with Retry-After: {said}.")


def admits_then(seen: Seen) -> Judged:
    """At the instant that Retry-After names it admits."""
    unclear = _announced(seen)
    if unclear is not None:
        return unclear
    wait = format_duration(_refusal(seen).wait_ns or 0)
    then = seen.of("then")
    if any(each.refused for each in then):
        return Judged(FAIL, f"Retry-After asked for {wait}, and after that it refused again.")
    return Judged(PASS, f"It admitted when the {wait} of its Retry-After were over.")


def refuses_before(seen: Seen) -> Judged:
    """A second before that instant it still refuses: nobody waits in vain."""
    unclear = _announced(seen)
    if unclear is not None:
        return unclear
    refusal, before = _refusal(seen), seen.of("a second before")
    wait_ns = refusal.wait_ns or 0
    early = [each for each in before if each.done_ns <= refusal.sent_ns + wait_ns - EARLIER_NS]
    if wait_ns < EARLIER_NS or (wait_ns == EARLIER_NS and not seen.steered):
        return Judged(NOT_APPLICABLE, f"Its Retry-After is {format_duration(wait_ns)}: no second before it.")
    if any(each.taken for each in early):
        return Judged(
            FAIL, f"Retry-After asked for {format_duration(wait_ns)}; a second before that it admitted."
        )
    if any(each.taken for each in before):
        return Judged(
            INCONCLUSIVE, "The request meant for a second before came too late.", again=True, advice=RUN_AGAIN
        )
    return Judged(PASS, f"A second before the {format_duration(wait_ns)} were over it refused.")


def counts_down(seen: Seen) -> Judged:
    """What it says remains is what remains: one less than the limit at first, then down to 0."""
    told = [(each, _remaining(each)) for each in seen.of("burst")]
    said = [remaining for each, remaining in told if each.taken and remaining is not None]
    if not said:
        return Judged(NOT_APPLICABLE, "Its answers do not say what remains.")
    odd = unclear_answers(seen.of("burst"))
    if odd is not None:
        return odd_answers(seen.of("burst"), odd)
    taken = sum(each.taken for each, _ in told)
    if len(said) < taken:
        return Judged(FAIL, f"{taken - len(said):,} of {many(taken, 'answer')} do not say what remains.")
    wrong = sorted(set(range(taken)) - set(said), reverse=True)
    if wrong:
        return Judged(
            FAIL,
            f"From {max(said):,} down to {min(said):,} of {taken:,} admitted; nobody was told that "
            f"{wrong[0]:,} remain.",
        )
    return Judged(PASS, f"From {max(said):,} down to {min(said):,}, each said once.")


def _reset_beside(seen: Seen, refused: list[Exchange]) -> Judged | None:
    """The Tracking API documents X-RateLimit-Reset as the same seconds."""
    if seen.limit.api != "tracking":
        return None
    for each in refused:
        reset, said = each.headers.get("x-ratelimit-reset"), each.headers["retry-after"]
        if reset is None:
            return Judged(WARN, "Retry-After came without X-RateLimit-Reset, which is documented beside it.")
        close = (
            bool(_DIGITS.fullmatch(reset)) and abs(int(reset) * NS_PER_S - (each.wait_ns or 0)) <= NS_PER_S
        )
        if not close:
            return Judged(
                FAIL,
                f"X-RateLimit-Reset: {reset[:40]!r} beside Retry-After: {said[:40]!r}; both are "
                " documented as the seconds to wait.",
            )
    return None


def _announced(seen: Seen) -> Judged | None:
    odd = unclear_answers(seen.all)
    if odd is not None:
        return odd_answers(seen.all, odd)
    if not any(each.refused for each in seen.of("beyond")):
        return NOTHING_REFUSED
    wait_ns = _refusal(seen).wait_ns
    if wait_ns is None:
        return Judged(NOT_APPLICABLE, "Its refusals say nothing that can be waited for.")
    if wait_ns > WAIT_MOST_NS:
        return Judged(INCONCLUSIVE, f"It asks for {format_duration(wait_ns)}, longer than is waited here.")
    return None


def _refusal(seen: Seen) -> Exchange:
    return next(each for each in seen.of("beyond") if each.refused)


def _remaining(each: Exchange) -> int | None:
    for name in _REMAINING:
        if _DIGITS.fullmatch(each.headers.get(name, "")):
            return int(each.headers[name])
    found = _IETF.search(each.headers.get("ratelimit", ""))
    return int(found[1]) if found else None
