"""Give each item its due time, in ns after the start; always absolute, never a gap after the one before.

What enters is one stream of items a pass of the recording; what leaves is one stream of arrivals in order of
due time (a recording read out of order excepted: a late item is due in the past and goes at once).
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from harness.model import Arrival, Item
from harness.units import NS_PER_S

_arrival: Final = partial(tuple.__new__, Arrival)  # the constructor itself takes twice as long

Passes = Iterable[Iterable[Item]]

# Where `--rate max` spreads its timestamps: nothing is due, but messages keep their order in time.
_MAX_SPREAD_NS: Final = NS_PER_S


def recorded(passes: Passes, *, speed: float) -> Iterator[Arrival]:
    """`due = (at - first at) / speed`. A further pass begins one mean gap after the one before ended."""
    first_ns: int | None = None
    shift_ns = 0
    for items in passes:
        count, latest_ns = 0, 0
        for item in items:
            at_ns = item.at_ns or 0
            if first_ns is None:
                first_ns = at_ns
            offset_ns = at_ns - first_ns
            latest_ns = max(latest_ns, offset_ns)
            count += 1
            yield _arrival((int((shift_ns + offset_ns) / speed), item))
        if count == 0:
            return
        shift_ns += latest_ns + (latest_ns // (count - 1) if count > 1 else NS_PER_S)


def constant(passes: Passes, *, rate_per_s: float) -> Iterator[Arrival]:
    """Item `i` is due at `i / rate`."""
    position = 0
    for items in passes:
        start = position
        for item in items:
            yield _arrival((round(position * NS_PER_S / rate_per_s), item))
            position += 1
        if position == start:
            return


def at_once(passes: Passes, *, first_at_ns: int = 0, span_ns: int = 0) -> Iterator[Arrival]:
    """Nothing is due: `due_ns` is the recorded offset scaled into one second, for timestamps alone."""
    for items in passes:
        empty = True
        for item in items:
            empty = False
            offset_ns = (item.at_ns or 0) - first_at_ns if span_ns else 0
            scaled_ns = offset_ns * _MAX_SPREAD_NS // span_ns if span_ns else 0
            yield _arrival((scaled_ns, item))
        if empty:
            return
