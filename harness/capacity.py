"""The story of a search for capacity: hold one rate after another, until the highest is known."""

import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

from harness.asked_capacity import Asked
from harness.clock import SystemClock
from harness.engine.cores import usable_cores
from harness.errors import HarnessError
from harness.hold import STEPS, Ground, Held, hold
from harness.listing import list_run
from harness.plan import Plan
from harness.prepare import aimed, opened
from harness.report.document import write_json
from harness.report.progress import View
from harness.report.search_html import write_search
from harness.report.steps import (
    FAILED,
    FINISHED,
    RUNNING,
    SearchFacts,
    search_document,
    search_text,
    step_row,
    step_sentence,
)
from harness.throttle.conclusion import Conclusion, JudgedStep, as_tried, conclude_search
from harness.throttle.search import Bounds, Try, next_try
from harness.throttle.step import ENDS_THE_SEARCH, INTERRUPTED
from harness.timetable import settled
from harness.units import NS_PER_S, format_duration

FILE_NAME: Final = "capacity.json"
_REST_TOLD_NS: Final = 2 * NS_PER_S


@dataclass(frozen=True, slots=True)
class CapacityResult:
    """How a search ended, for a command line."""

    document: dict[str, Any]
    text: str
    path: Path
    exit_code: int

    @property
    def as_json(self) -> str:
        """The document, as `capacity.json` has it."""
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2).decode()


def find_capacity(plan: Plan, asked: Asked, view: View) -> CapacityResult:
    """Search as asked, to the end or to a stop; what was found is on disk after each step.

    Raises HarnessError.
    """
    plan, clock = settled(plan, random.SystemRandom()), SystemClock()
    with opened(plan) as recording, aimed(plan, recording, os.environ, clock=clock, view=view) as aim:
        search = Search(Ground(plan=plan, asked=asked, aim=aim, clock=clock, view=view))
        with _stopped_by_signals():
            try:
                search.run()
            except KeyboardInterrupt:
                search.interrupted = True
            except HarnessError as error:
                search.write(FAILED, error)
                raise
        return search.result()


class Search:
    """The steps so far."""

    def __init__(self, ground: Ground) -> None:
        asked = ground.asked
        self.interrupted = False
        self._ground = ground
        self._bounds = Bounds(asked.start_rate, asked.max_rate, asked.precision)
        self._steps: list[JudgedStep] = []
        self._rows: list[dict[str, Any]] = []
        self._facts = SearchFacts(
            run_id=ground.aim.run_id,
            recording=ground.plan.recording,
            target=ground.aim.target.url,
            search=asked.as_json(),
            plan=ground.plan.as_json(),
            made_with={
                "harness": version("segment-harness"),
                "python": sys.version.split()[0],
                "cores": usable_cores(),
            },
        )

    def run(self) -> None:
        """Step after step, each from nothing in flight."""
        view, first_copy = self._ground.view, 1
        (self._ground.aim.folder / STEPS).mkdir(mode=0o700)
        self.write(RUNNING)
        while (wanted := self._next()) is not None:
            view.say(self._announced(wanted))
            held = hold(self._ground, wanted, len(self._steps) + 1, first_copy)
            first_copy = held.next_copy
            judgement = held.facts.judgement
            tried = as_tried(wanted.rate_per_s, judgement, confirms=wanted.confirms)
            self._steps.append(JudgedStep(tried, judgement))
            self._rows.append(step_row(held.facts))
            view.say(step_sentence(self._rows[-1]))
            self.write(RUNNING)
            self._rest(held)

    def write(self, state: str, error: HarnessError | None = None) -> dict[str, Any]:
        """Put what is known on disk."""
        conclusion = self._conclusion(over=state == FINISHED)
        if error is not None:
            conclusion = conclusion._replace(sentence=str(error), exit_code=error.exit_code)
        document = search_document(self._facts, state, conclusion, self._rows)
        write_json(self._ground.aim.folder / FILE_NAME, document)
        return document

    def result(self) -> CapacityResult:
        """The end, also on disk."""
        document = self.write(INTERRUPTED if self._is_interrupted else FINISHED)
        path = write_search(self._ground.aim.folder, document)
        not_listed = list_run(path.parent)
        if not_listed is not None:
            self._ground.view.say(not_listed)
        return CapacityResult(document, search_text(document), path, document["exit_code"])

    @property
    def _is_interrupted(self) -> bool:
        return self.interrupted or (bool(self._steps) and self._steps[-1].judgement.kind == INTERRUPTED)

    def _next(self) -> Try | None:
        if self._steps and self._steps[-1].judgement.kind in ENDS_THE_SEARCH:
            return None
        return next_try(self._bounds, [step.tried for step in self._steps])

    def _rest(self, held: Held) -> None:
        """A receiver counts what it got in the last window: what is judged next must not meet it."""
        from harness.engine.drive import rest

        ground = self._ground
        if self._next() is not None:
            passed_ns = ground.clock.now_ns() - held.ended_ns
            rest_ns = held.window_ns - ground.asked.settle - passed_ns
            if rest_ns > _REST_TOLD_NS:
                ground.view.say(f"  {format_duration(rest_ns)} until the limits' windows are empty")
            rest(rest_ns)

    def _announced(self, wanted: Try) -> str:
        asked = self._ground.asked
        length_ns = asked.confirm if wanted.confirms else asked.step
        again = ", to confirm" if wanted.confirms else ""
        return (
            f"step {len(self._steps) + 1}: {wanted.rate_per_s:,.4g}/s for {format_duration(length_ns)}{again}"
        )

    def _conclusion(self, *, over: bool) -> Conclusion:
        return conclude_search(self._bounds, self._steps, interrupted=self._is_interrupted, over=over)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Between two steps Ctrl-C and SIGTERM are one exception; in a step its run hears them."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
