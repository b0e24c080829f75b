"""Tell the beginning of a run, while it settles, from the rest of it, and fold the rest alone.

The cut is an instant, not a second: the records of all seconds so far are written when it comes, then a mark
`{"second": n, "settled_after_ns": t}`, and what happens later goes into further records, also of the same
second. A fold adds up all records of a second, so that the whole run reads as if nothing had been cut.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from harness.measure.counters import PEAKS
from harness.measure.summary import Summary, fold
from harness.measure.sums import ENDS, Sums
from harness.measure.tally import RunTally
from harness.measure.timeline import Record, Timeline

MARK: Final = "settled_after_ns"
_INSTANTS: Final = tuple(name for name in PEAKS if name.endswith("_ns"))
_ENDED: Final = tuple(end for end in ENDS if end != "pending")


class SettlingTally(RunTally):
    """A tally that cuts its timeline at the first flush that comes `settle_ns` or more after the start."""

    def __init__(self, settle_ns: int, **parts: Any) -> None:
        super().__init__(**parts)
        self._cut_after_ns = settle_ns
        self._was_cut = False

    def _flush(self, now_ns: int) -> None:
        start_ns = self._start_ns
        if not self._was_cut and start_ns is not None and now_ns >= start_ns + self._cut_after_ns:
            self._was_cut = True
            self._cut(now_ns, start_ns)
        super()._flush(now_ns)

    def _cut(self, now_ns: int, start_ns: int) -> None:
        self._take_windows(self._at_ns(now_ns), now_ns)
        self._pauses.take(self._second, start_ns)
        for number in sorted(self._seconds):
            self._write(number)
        self._at(self._latest)
        self._timeline.append({"second": self._latest, MARK: now_ns - start_ns})


class SettledPart(Timeline):
    """The records after the mark, as of a run that began there; the head alone where there is no mark."""

    def __iter__(self) -> Iterator[Record]:
        settled_ns: int | None = None
        first_second = 0
        for record in super().__iter__():
            if MARK in record:
                settled_ns, first_second = record[MARK], record["second"]
            elif "format" in record:
                yield record
            elif settled_ns is not None:
                moved = {name: max(0, record[name] - settled_ns) for name in _INSTANTS if name in record}
                yield record | moved | {"second": max(0, record["second"] - first_second)}


def fold_settled(timeline: Timeline) -> Summary:
    """The figures of the part of a run that is judged; all empty where a `SettledPart` has no mark.

    Its sums are of the items that came to an end after the mark: what was read ahead or sent before, and had
    no end yet, belongs to them.
    """
    summary = fold(timeline, None)
    return replace(summary, messages=_of_ended(summary.messages), calls=_of_ended(summary.calls))


def _of_ended(sums: Sums) -> Sums:
    selected = sum(getattr(sums, end) for end in _ENDED)
    return replace(sums, selected=selected, recorded=selected + sums.filtered, pending=0)
