"""Judge what was seen of a limit: pure, and only by what is certain."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from statistics import median
from typing import Final, NamedTuple

from harness.throttle.check import FAIL, INCONCLUSIVE, many
from harness.throttle.servers.bounds import certain_peak, span_ns, wrongly_refused
from harness.throttle.servers.exchange import FIXED, Exchange, Seen, units_of
from harness.throttle.servers.scenes import SLICES, WINDOWS
from harness.throttle.verdict import PASS
from harness.units import format_duration

NOT_APPLICABLE = "n/a"


class Judged(NamedTuple):
    """What a check came to."""

    level: str  # fail, inconclusive, warn, pass, n/a
    said: str
    again: bool = False  # the host or the network was too slow: another try may tell
    queues: bool = False  # nothing is refused, so there is no use in asking for more
    advice: str = ""  # "": the check's own


Judge = Callable[[Seen], Judged]

RUN_AGAIN: Final = "Run again with less else going on here, or nearer to the server."
_IT_QUEUES: Final = (
    "It holds back what it could refuse, as Segment may; harness capacity says what it carries."
)
_ODD_ANSWERS: Final = "See why it answers so: another key, another path, or a server that is not well."
_CONTRACT: Final = "Look the limit up in the contract, and say it with --limit."
_LONGER_SHUT: Final = "Nothing to do, if it is meant to stay shut for longer than a window."


def admits_under(seen: Seen) -> Judged:
    """Below the limit nothing is refused."""
    return _admits_all(seen, "under", "spread evenly over a window")


def admits_at(seen: Seen) -> Judged:
    """As much as the limit, evenly spread, is admitted."""
    return _admits_all(seen, "at", "spread evenly over a window")


def admits_burst(seen: Seen) -> Judged:
    """As much as the limit, at one moment, is admitted."""
    return _admits_all(seen, "burst", "at one moment", within_window=True)


def refuses_over(seen: Seen) -> Judged:
    """What is beyond the limit is answered 429."""
    return (
        _clear(seen, seen.all)
        or _keeps(seen)
        or _never_refused(seen)
        or _shown(seen, f"{_counted(seen.all)}.")
    )


def keeps_in_windows(seen: Seen) -> Judged:
    """Under a long load each window admits as many as the limit, and none admits more."""
    load = seen.of("load")
    unclear = _clear(seen, load) or _keeps(seen, 2 if seen.counting == FIXED else 1) or _never_refused(seen)
    if unclear is not None:
        return unclear
    admitted = _taken(load)
    due = WINDOWS * seen.limit.count
    told = f"{many(admitted, seen.limit.unit[:-1])} admitted in {WINDOWS} windows of {_of_load(seen)}"
    if admitted >= due - due // SLICES:
        return Judged(PASS, f"{told}.")
    waits = [each.wait_ns for each in load if each.refused and each.wait_ns is not None]
    if waits and max(waits) > seen.limit.window_ns:
        return Judged(
            INCONCLUSIVE,
            f"{told}: after a refusal it stays shut for the {format_duration(max(waits))} that it announces.",
            advice=_LONGER_SHUT,
        )
    return Judged(FAIL, f"{told}; {due:,} should have been.")


def keeps_at_edge(seen: Seen) -> Judged:
    """Before and after the edge of a window together no more than the limit is admitted."""
    unclear = _clear(seen, seen.all)
    if unclear is not None:
        return unclear
    near = (*seen.of("before"), *seen.of("after"))
    over = _keeps(seen, 2 if seen.counting == FIXED else 1)
    if over is not None:
        admitted = _taken(near)
        if seen.counting == FIXED:
            return over
        return over._replace(
            said=f"{over.said} {admitted:,} came from shortly before the edge of one to shortly after."
        )
    if span_ns(near) >= seen.limit.window_ns:
        return _too_slow(seen, near)
    return Judged(PASS, f"{_counted(near)}, near the edge of a window.")


def admits_exactly(seen: Seen) -> Judged:
    """Of 64 callers at one instant exactly as many as fit are admitted."""
    unclear = _clear(seen, seen.all) or _keeps(seen)
    if unclear is not None:
        return unclear
    early = wrongly_refused(seen.all, seen.limit.count, seen.limit.window_ns)
    if early:
        return Judged(FAIL, _early(seen, early))
    return _never_refused(seen) or _shown(seen, f"{_counted(seen.of('at once'))}, at one instant.")


def recovers(seen: Seen) -> Judged:
    """A window after it was used up, all of the limit is there again."""
    unclear = _clear(seen, seen.all) or _unused(seen, "within", "beyond")
    if unclear is not None:
        return unclear
    within, again = seen.of("within"), seen.of("again")
    early = wrongly_refused(seen.all, seen.limit.count, seen.limit.window_ns)
    early = [each for each in early if each in again]
    # One that admits less at one moment than its limit is another check's.
    if early and _taken(again) < _taken(within):
        return Judged(
            FAIL,
            f"At first {_taken(within):,} were admitted at one moment; a window after they were used up "
            f"{_refused_of(early, again)} refused.",
        )
    if not early and any(each.refused for each in again):
        return _too_slow(seen, again)
    return Judged(PASS, f"A window after it was used up: {_counted(again)}.")


def refuses_for_free(seen: Seen) -> Judged:
    """What was refused uses up nothing."""
    unclear = _clear(seen, seen.all) or _unused(seen, "within", "beyond")
    if unclear is not None:
        return unclear
    refused = sum(each.refused for each in seen.of("beyond"))
    told = f"{many(refused, 'request')} refused half a window in"
    if any(each.refused for each in seen.of("again")):
        return Judged(FAIL, f"{told}, and a window after the last admitted one it still refuses.")
    return Judged(PASS, f"{told}; a window after the last admitted one it admits.")


def isolates(seen: Seen) -> Judged:
    """Another key is not held up by one that used up its limit."""
    other = seen.of("other")
    unclear = _clear(seen, [*seen.all, *other]) or _unused(seen, "within", "beyond")
    if unclear is not None:
        return unclear
    refused = [each for each in other if each.refused]
    if refused:
        return Judged(
            FAIL,
            f"With one {_whose(seen)} used up, {_refused_of(refused, other)} refused of another that "
            "had sent nothing.",
        )
    return Judged(PASS, f"With one {_whose(seen)} used up, {_counted(other)} with another.")


def counts_unit(seen: Seen) -> Judged:
    """It counts what the limit speaks of: requests, or messages."""
    batches = seen.of("batches")
    unclear = _clear(seen, seen.all)
    if unclear is not None:
        return unclear
    messages = sum(len(each.ids) for each in batches)
    told = f"{many(len(batches), 'request')} with {messages:,} messages"
    early = wrongly_refused(seen.all, seen.limit.count, seen.limit.window_ns)
    if early:
        return Judged(FAIL, f"Of {told} {len(early):,} were refused; the limit speaks of {seen.limit.unit}.")
    if seen.limit.unit == "messages":
        return (
            _keeps(seen) or _never_refused(seen) or _shown(seen, f"{told} counted as {units_of(batches):,}.")
        )
    if any(each.refused for each in batches):
        return _too_slow(seen, batches)
    return Judged(PASS, f"{told}, all admitted.")


def ignores_size(seen: Seen) -> Judged:
    """Large requests cost no more than small ones."""
    large = seen.of("large")
    unclear = _clear(seen, large)
    if unclear is not None:
        return unclear
    early = wrongly_refused(large, seen.limit.count, seen.limit.window_ns)
    if early:
        return Judged(FAIL, f"Of {many(len(large), 'request')} of 30 kB {len(early):,} were refused.")
    if any(each.refused for each in large):
        return _too_slow(seen, large)
    return Judged(PASS, f"{many(len(large), 'request')} of 30 kB, all admitted.")


def leaves_nothing(seen: Seen) -> Judged:
    """A refused message is not in the ledger; one that was answered 200 is."""
    if seen.stored is None:
        return Judged(NOT_APPLICABLE, "It has no ledger to ask.")
    unclear = _clear(seen, seen.all)
    if unclear is not None:
        return unclear
    refused = [id_ for each in seen.all if each.refused for id_ in each.ids]
    kept = [id_ for id_ in refused if id_ in seen.stored]
    if kept:
        return Judged(FAIL, f"{len(kept):,} of {many(len(refused), 'refused message')} in its ledger.")
    taken = [id_ for each in seen.all if each.taken for id_ in each.ids]
    lost = [id_ for id_ in taken if id_ not in seen.stored]
    if lost:
        return Judged(FAIL, f"{len(lost):,} of {many(len(taken), 'admitted message')} not in its ledger.")
    if not refused:
        return NOTHING_REFUSED
    return Judged(PASS, f"None of {many(len(refused), 'refused message')} in its ledger.")


# What the judges share.

NOTHING_REFUSED: Final = Judged(
    INCONCLUSIVE,
    "Nothing was refused, so there was nothing to see.",
    advice="See the check named over: it says what became of what is beyond the limit.",
)


def unclear_answers(exchanges: Iterable[Exchange]) -> str | None:
    """What came instead of an answer of the limit, if anything did."""
    odd = Counter(
        "got no answer" if each.status is None else f"answered {each.status}"
        for each in exchanges
        if not each.taken and not each.refused
    )
    return ", ".join(f"{count:,} {what}" for what, count in odd.most_common()) or None


def odd_answers(exchanges: Collection[Exchange], odd: str) -> Judged:
    """When there is no telling, because something else was answered."""
    said = f"Of {many(len(exchanges), 'request')} {odd}."
    if len(exchanges) == 1:
        said = f"A request {odd.removeprefix('1 ')}."
    return Judged(INCONCLUSIVE, said, again=True, advice=_ODD_ANSWERS)


def _clear(seen: Seen, exchanges: Iterable[Exchange]) -> Judged | None:
    exchanges = list(exchanges)
    odd = unclear_answers(exchanges)
    if odd is None:
        return None
    if seen.steered and all(each.status is None or each.taken or each.refused for each in exchanges):
        return Judged(
            INCONCLUSIVE,
            f"Of {many(len(exchanges), 'request')} {odd} while its clock stood: it queues.",
            queues=True,
            advice=_IT_QUEUES,
        )
    return odd_answers(exchanges, odd)


def _keeps(seen: Seen, limits: int = 1) -> Judged | None:
    """Something to say when more than the limit, or so many, was certainly admitted in one window."""
    peak = certain_peak(seen.all, seen.limit.window_ns)
    if peak <= limits * seen.limit.count:
        return None
    refused = sum(each.refused for each in seen.all)
    told = f"{peak:,} {seen.limit.unit} admitted in one window, {seen.limit.count:,} are documented"
    if refused:
        return Judged(FAIL, f"{told}.")
    if seen.beyond:
        return Judged(
            INCONCLUSIVE, f"{told}; nothing was refused. A contract may allow more.", advice=_CONTRACT
        )
    return Judged(FAIL, f"{told}; nothing was refused.")


def _never_refused(seen: Seen) -> Judged | None:
    """Something to say when nothing was refused though more was sent than fits."""
    exchanges = seen.all
    if any(each.refused for each in exchanges):
        return None
    usual_ns = median(each.took_ns for each in exchanges)
    longest_ns = max(each.took_ns for each in exchanges)
    if longest_ns > 5 * usual_ns and longest_ns > seen.limit.window_ns // 5:
        return Judged(
            INCONCLUSIVE,
            f"Nothing of {many(len(exchanges), 'request')} was refused, and answers took up to "
            f"{format_duration(longest_ns)}, half of them {format_duration(round(usual_ns))}: it queues.",
            queues=True,
            advice=_IT_QUEUES,
        )
    return _too_slow(seen, exchanges)


def _unused(seen: Seen, *steps: str) -> Judged | None:
    """Something to say when the limit was not used up, so that nothing can be seen."""
    exchanges = [each for step in steps for each in seen.of(step)]
    if any(each.refused for each in exchanges):
        return None
    unclear = _never_refused(seen)
    if unclear is not None and (unclear.queues or (not seen.steered and _spans(seen))):
        return unclear
    return NOTHING_REFUSED


def _spans(seen: Seen) -> bool:
    return span_ns(seen.all) >= seen.limit.window_ns


def _admits_all(seen: Seen, step: str, how: str, *, within_window: bool = False) -> Judged:
    sent = seen.of(step)
    unclear = _clear(seen, sent)
    if unclear is not None:
        return unclear
    told = f"{many(units_of(sent), seen.limit.unit[:-1])} {how}"
    early = wrongly_refused(sent, seen.limit.count, seen.limit.window_ns)
    if early:
        return Judged(FAIL, f"Of {told} {len(early):,} were refused; {seen.limit.count:,} are documented.")
    if any(each.refused for each in sent):
        return _too_slow(seen, sent)
    if within_window and span_ns(sent) >= seen.limit.window_ns:
        return _too_slow(seen, sent)
    return Judged(PASS, f"{told}, all admitted.")


def _shown(seen: Seen, told: str) -> Judged:
    """Pass, if as much as the limit was admitted within one window; else the host was too slow to tell."""
    if _spans(seen):
        return _too_slow(seen, seen.all)
    return Judged(PASS, told)


def _too_slow(seen: Seen, exchanges: Iterable[Exchange]) -> Judged:
    exchanges = list(exchanges)
    return Judged(
        INCONCLUSIVE,
        f"{many(len(exchanges), 'request')} took {format_duration(span_ns(exchanges))}, too long to tell of "
        f"a window of {format_duration(seen.limit.window_ns)}.",
        again=True,
        advice=RUN_AGAIN,
    )


def _early(seen: Seen, early: list[Exchange]) -> str:
    return f"{many(len(early), 'request')} refused though fewer than {seen.limit.count:,} were admitted."


def _taken(exchanges: Iterable[Exchange]) -> int:
    return units_of([each for each in exchanges if each.taken])


def _counted(exchanges: Iterable[Exchange]) -> str:
    exchanges = list(exchanges)
    taken, refused = sum(each.taken for each in exchanges), sum(each.refused for each in exchanges)
    return f"{many(len(exchanges), 'request')}, {taken:,} admitted, {refused:,} refused"


def _refused_of(refused: list[Exchange], of: tuple[Exchange, ...]) -> str:
    return f"{len(refused):,} of {many(len(of), 'request')} {'was' if len(refused) == 1 else 'were'}"


def _of_load(seen: Seen) -> str:
    return f"{format_duration(seen.limit.window_ns)}, of {many(len(seen.of('load')), 'request')} sent"


def _whose(seen: Seen) -> str:
    return {"source": "write key", "space": "space", "token": "token"}.get(seen.limit.scope, seen.limit.scope)
