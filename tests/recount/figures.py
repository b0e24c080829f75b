"""The mathematics of the figures, the plain way: percentiles, sliding windows, variation, rows of seconds."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

PERCENTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000


def percentile(values: Sequence[int], share: float) -> int | None:
    """By nearest rank: the least value that `share` of all do not exceed. `values` rise."""
    return values[max(1, math.ceil(share * len(values))) - 1] if values else None


def distribution_ms(values_ns: Iterable[int]) -> dict[str, Any]:
    """The keys of a `…_ms` object of `run.json`; what is below zero is counted apart."""
    values = list(values_ns)
    rising = sorted(value for value in values if value >= 0)
    count = len(rising)
    return {
        **{name: to_ms(percentile(rising, share)) for name, share in PERCENTILES.items()},
        "max": to_ms(rising[-1] if rising else None),
        "mean": to_ms(sum(rising) / count if count else None),
        "count": count,
        "below_zero": len(values) - count,
    }


def to_ms(value_ns: float | None) -> float | None:
    """Nanoseconds as milliseconds."""
    return None if value_ns is None else value_ns / NS_PER_MS


def fullest_by_send(sends: Sequence[tuple[int, int]], window_ns: int) -> list[int]:
    """The units in the window as each send leaves. `sends` are (instant, units), rising.

    A send at t counts in [t, t + window).
    """
    held = first = 0
    found = []
    for sent_ns, units in sends:
        held += units
        while sends[first][0] + window_ns <= sent_ns:
            held -= sends[first][1]
            first += 1
        found.append(held)
    return found


def fullest_by_row(sends_ns: Sequence[int], window_ns: int, width_s: int, rows: int) -> list[int]:
    """The most sends that a window held within each row: as a row begins, or as a send of it leaves."""
    by_send = fullest_by_send([(sent_ns, 1) for sent_ns in sends_ns], window_ns)
    within = by_row(zip(sends_ns, by_send, strict=True), width_s, rows)
    begins_ns = [place * width_s * NS_PER_S for place in range(rows)]
    held = [bisect_right(sends_ns, begin) - bisect_right(sends_ns, begin - window_ns) for begin in begins_ns]
    return [max(at_begin, *row, 0) for at_begin, row in zip(held, within, strict=True)]


def fullest_window(sends: Sequence[tuple[int, int]], window_ns: int) -> int:
    """The most units in any window."""
    return max(fullest_by_send(sends, window_ns), default=0)


def over_ns(sends: Sequence[tuple[int, int]], window_ns: int, limit: int, until_ns: int) -> int:
    """For how long more than `limit` units stood in the window, up to `until_ns`."""
    steps = sorted(
        [(sent_ns, units) for sent_ns, units in sends]
        + [(sent_ns + window_ns, -units) for sent_ns, units in sends]
    )
    over, held = 0, 0
    for (at_ns, change), (next_ns, _) in pairwise([*steps, (until_ns, 0)]):
        held += change
        if held > limit and next_ns > at_ns:
            over += min(next_ns, until_ns) - min(at_ns, until_ns)
    return over


def variation(instants_ns: Sequence[int]) -> float | None:
    """Standard deviation over mean of the gaps; None for less than two gaps, or all of them 0."""
    gaps = [later - earlier for earlier, later in pairwise(instants_ns)]
    if len(gaps) < 2 or not sum(gaps):
        return None
    mean = sum(gaps) / len(gaps)
    return math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean


def by_row(instants_ns: Iterable[tuple[int, Any]], width_s: int, rows: int) -> list[list[Any]]:
    """What falls into each row of a timeline; what was before the start is in the first."""
    found: list[list[Any]] = [[] for _ in range(rows)]
    for at_ns, thing in instants_ns:
        place = max(0, at_ns) // NS_PER_S // width_s
        if place < rows:
            found[place].append(thing)
    return found


def column(rows: Sequence[Sequence[Any]], figure: Callable[[Sequence[Any]], Any]) -> list[Any]:
    """One figure of each row."""
    return [figure(row) for row in rows]


def percentile_ms(share: float) -> Callable[[Sequence[int]], float | None]:
    """A percentile of a row."""
    return lambda row: to_ms(percentile(sorted(row), share))


def at_once_by_begin(spans_ns: Sequence[tuple[int, int]]) -> list[int]:
    """How many of the spans, each [begin, end), stand as each of them begins. They rise by their begins."""
    ends = sorted(end_ns for _, end_ns in spans_ns)
    return [place - bisect_right(ends, begin_ns) for place, (begin_ns, _) in enumerate(spans_ns, 1)]
