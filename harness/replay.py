"""The story of a replay: read, transform, schedule, drive, measure, judge, report."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.clock import SystemClock
from harness.compare import read_run
from harness.conclude import Result, judge_run, measure, reconcile_run, write_report
from harness.live import shown
from harness.look_through import contents_of
from harness.plan import Plan
from harness.prepare import aimed, opened
from harness.report.progress import View
from harness.timetable import schedule, settled
from harness.wiring import Run, keep_account, prepare_run, read, transform


def replay_recording(plan: Plan, view: View) -> Result:
    """Replay as planned, to the end or to a stop; the report is in the run folder. Raises HarnessError."""
    from harness.engine.drive import drive
    from harness.engine.otel import observed_events

    events = observed_events() if plan.otel else None
    with replaying(plan, view) as run:
        drive(run.replay, events)
    return run.result


@contextmanager
def replaying(plan: Plan, view: View) -> Iterator[Run]:
    """A run ready to be driven by whoever enters: `harness replay`, or Locust's own command line."""
    plan = settled(plan, random.SystemRandom())
    if plan.baseline is not None:
        read_run(Path(plan.baseline))  # what cannot be read is said before anything is sent
    clock, chance = SystemClock(), random.Random(plan.seed)
    with (
        opened(plan) as recording,
        aimed(plan, recording, os.environ, clock=clock, view=view) as aim,
        keep_account(plan, recording, aim, clock=clock) as account,
    ):
        passes = read(plan, recording, account)
        passes = transform(plan, passes, account, aim)
        arrivals = schedule(plan, passes, aim.survey, account.ended)
        run = prepare_run(plan, recording, aim, account, arrivals, clock=clock, chance=chance, view=view)

        with shown(plan, account.live, view):
            yield run  # driven by Locust

        summary = measure(run)
        reconciliation = reconcile_run(run)
        judgement = judge_run(run, summary, reconciliation)
        contents = contents_of(run)
        run.result = write_report(run, summary, reconciliation, judgement, contents)
