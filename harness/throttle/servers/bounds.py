"""Conclude only what is certain: a server counted each request at some instant between sent and done.

So a slow host or network makes a conclusion impossible, never wrong.
"""

from collections.abc import Sequence

from harness.throttle.servers.exchange import Exchange, units_of


def certain_peak(exchanges: Sequence[Exchange], window_ns: int) -> int:
    """The most units that were certainly admitted within one window, wherever it begins."""
    taken = sorted((each for each in exchanges if each.taken), key=lambda each: each.sent_ns)
    peak = 0
    before = None
    for first, each in enumerate(taken):
        if each.sent_ns == before:
            continue  # the window that began there held at least as many
        before, end_ns = each.sent_ns, each.sent_ns + window_ns
        inside = 0
        for later in taken[first:]:
            if later.sent_ns >= end_ns:
                break
            if later.done_ns < end_ns:
                inside += later.units
        peak = max(peak, inside)
    return peak


def wrongly_refused(exchanges: Sequence[Exchange], count: int, window_ns: int) -> list[Exchange]:
    """Those that were refused though they certainly fitted, whatever the order in which they came."""
    taken = [each for each in exchanges if each.taken]
    wrong = []
    for each in exchanges:
        if each.refused:
            used = units_of(
                [
                    other
                    for other in taken
                    if other.done_ns > each.sent_ns - window_ns and other.sent_ns <= each.done_ns
                ]
            )
            if used + each.units <= count:
                wrong.append(each)
    return wrong


def span_ns(exchanges: Sequence[Exchange]) -> int:
    """From the first sent to the last done."""
    if not exchanges:
        return 0
    return max(each.done_ns for each in exchanges) - min(each.sent_ns for each in exchanges)
