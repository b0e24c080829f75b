"""Add up the records of a timeline as they are written: the figures of a run that still goes on.

A run's hot path knows nothing of this: it happens when a second is written down. Only histograms that
somebody asks for are added.
"""

from collections.abc import Collection, Mapping
from typing import Any

from harness.measure.counters import HISTOGRAMS, Counters
from harness.measure.summary import Figures, Summary, figures, message_rates_of, rates_of
from harness.measure.sums import add_up


class Running:
    """The totals of the seconds written so far."""

    def __init__(self, histograms: Collection[str]) -> None:
        """`histograms` are those to be added, of `counters.HISTOGRAMS`."""
        self.histograms = tuple(name for name in HISTOGRAMS if name in histograms)
        self._left_out = frozenset(HISTOGRAMS).difference(histograms)
        self._durations = dict.fromkeys(HISTOGRAMS, Figures())
        self._totals = Counters()
        self._closed_loop = False
        self.records = 0

    def hear(self, record: Mapping[str, Any]) -> None:
        """Add a record."""
        if "format" in record:
            self._closed_loop = bool(record["closed_loop"])
            return
        self._totals.add({name: part for name, part in record.items() if name not in self._left_out})
        self.records += 1

    def take(self, histogram: str) -> None:
        """Work out the figures of one histogram: a third of a millisecond; all at once would be felt."""
        self._durations[histogram] = figures(getattr(self._totals, histogram))

    def so_far(self) -> Summary:
        """The figures so far, without a timeline; those of times as they were when they were last taken."""
        totals = self._totals
        messages, calls, _ = add_up(totals.states, None, recorded=None, closed=False)
        return Summary(
            closed_loop=self._closed_loop,
            messages=messages,
            calls=calls,
            totals=totals,
            rates=rates_of(totals, closed_loop=self._closed_loop),
            message_rates=message_rates_of(totals, closed_loop=self._closed_loop),
            durations=dict(self._durations),
        )
