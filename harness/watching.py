"""Bring what a mock notes into an observation, while it listens and after it died."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.expected_list import expected_values
from harness.measure.expected_values import SAMPLES_MOST, ExpectedFigures, ExpectedValues
from harness.measure.observed import Observed
from harness.measure.observing import Judges, Observation
from harness.measure.recent import Recent, RecentSeconds
from harness.mock.call_notes import CallNotes
from harness.model import Limit, Outcome
from harness.seen import digest
from harness.send.classify import classify
from harness.send.retry_after import asked_wait_ns

MOCK: Final = "mock"  # the folder of its journal
TIMELINE: Final = "timeline.ndjson"


class Watch:
    """The notes of a mock on their way into an observation."""

    def __init__(
        self,
        timeline: Path,
        notes: CallNotes,
        *,
        run_id: str,
        limits: Sequence[Limit],
        expected: tuple[Path, str] | None = None,
    ) -> None:
        """`timeline` is written; `expected` is a list of values and where a message has its own."""
        self._notes = notes
        self._list = expected
        self._expected = None
        if expected is not None:
            self._expected = ExpectedValues(self._digest(value) for _, value in expected_values(*expected))
        self._recent = RecentSeconds(timeline)
        self.observation = Observation(
            self._recent,
            run_id=run_id,
            limits=limits,
            judges=Judges(_is_retried, asked_wait_ns),
            expected=self._expected,
        )

    def look(self) -> bool:
        """Take what has been noted; whether there was something."""
        found = False
        for call in self._notes.read():
            self.observation.take(call)
            found = True
        return found

    def recent(self) -> Recent:
        """What the last seconds were like."""
        return self._recent.recent()

    def close(self, now_wall_ns: int, *, sender_ended: bool) -> tuple[Observed, bool]:
        """The figures, and whether nothing was lost on the way."""
        observed = self.observation.close(
            now_wall_ns,
            sender_ended=sender_ended,
            unreadable=self._notes.unreadable,
            expected=self._expected_figures(),
        )
        return observed, not self._notes.lost

    def _expected_figures(self) -> ExpectedFigures | None:
        expected = self._expected
        if expected is None or self._list is None:
            return None
        missing: list[int] = []
        for number, value in expected_values(*self._list):
            if len(missing) == SAMPLES_MOST:
                break
            if expected.is_missing(self._digest(value)):
                missing.append(number)
        return expected.figures(self._list[1], tuple(missing))

    def _digest(self, value: str) -> int:
        return digest(value.encode("utf-8", "replace"), self._notes.salt)


def _is_retried(status: int | None) -> bool:
    return status is None or classify(status) is Outcome.RETRY
