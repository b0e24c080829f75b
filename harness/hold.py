"""The story of one step of a search for capacity: hold a rate in a run of its own, and judge what held."""

import random
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from harness.asked_capacity import Asked
from harness.clock import Clock
from harness.conclude import evidence_of, judge_run, measure, reconcile_run, run_facts, write_report
from harness.errors import HarnessError, TargetError
from harness.measure.settling import SettledPart, fold_settled
from harness.measure.timeline import Timeline
from harness.plan import Plan, Step
from harness.prepare import Aim, new_run_id, opened
from harness.report.document import build_document
from harness.report.progress import View
from harness.report.steps import StepFacts
from harness.throttle.expected import judge_expectations
from harness.throttle.search import Try
from harness.throttle.step import StepEvidence, judge_step
from harness.timetable import schedule
from harness.timing import STEP, Stage
from harness.units import NS_PER_S
from harness.wiring import Run, keep_account, prepare_run, read, transform

STEPS: Final = "steps"  # the folder of their run folders
_DRAIN_LEAST_NS: Final = 20 * NS_PER_S  # longer than an answer may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all steps of a search share."""

    plan: Plan
    asked: Asked
    aim: Aim
    clock: Clock
    view: View


class Held(NamedTuple):
    """A step that is over."""

    facts: StepFacts
    next_copy: int  # of the recorded people: the first that nobody was
    window_ns: int  # the longest of the limits that were used
    ended_ns: int  # the instant after which nothing was sent


def hold(ground: Ground, wanted: Try, number: int, first_copy: int) -> Held:
    """Send at one rate for the step's time, until all is answered, and judge it. Raises HarnessError."""
    from harness.engine.drive import drive

    asked, clock = ground.asked, ground.clock
    length_ns = asked.confirm if wanted.confirms else asked.step
    plan = _plan(ground.plan, wanted.rate_per_s, length_ns, Step(asked.settle, first_copy))
    folder = ground.aim.folder / STEPS / f"{number:02d}-{wanted.rate_per_s:g}"
    folder.mkdir(mode=0o700)
    aim = replace(ground.aim, run_id=new_run_id(clock.wall_ns(), random.SystemRandom()), folder=folder)
    chance = random.Random(f"{plan.seed} {number}")
    with opened(plan) as recording, keep_account(plan, recording, aim, clock=clock) as account:
        passes = read(plan, recording, account)
        passes = transform(plan, passes, account, aim)
        arrivals = schedule(plan, passes, aim.survey, account.ended)
        run = prepare_run(
            plan, recording, aim, account, arrivals, clock=clock, chance=chance, view=ground.view
        )

        drive(run.replay)

        ended_ns = clock.now_ns()
        facts = _judged(run, ground, wanted, number, length_ns)
        next_copy = first_copy if account.rounds is None else account.rounds.next_copy
    # Nobody keeps a limit where both our ceiling and our own mock's limits are lifted.
    free = aim.is_bundled and plan.exceed_limits and plan.mock_limits == "none"
    apis = () if free else facts.settled.by_api
    window_ns = max((limit.window_ns for limit in aim.limits if limit.api in apis), default=0)
    return Held(facts, next_copy, window_ns, ended_ns)


def _plan(plan: Plan, rate_per_s: float, length_ns: int, step: Step) -> Plan:
    """One stage, and as long again for its answers; what is expected is judged here, of a part of the run."""
    until_ns = length_ns + max(length_ns, _DRAIN_LEAST_NS)
    stage = Stage(STEP, rate_per_s, length_ns)
    return replace(plan, rate=None, stages=(stage,), duration=until_ns, expect=(), step=step)


def _judged(run: Run, ground: Ground, wanted: Try, number: int, length_ns: int) -> StepFacts:
    asked, error = ground.asked, run.replay.error
    summary = measure(run)
    reconciliation = reconcile_run(run)
    write_report(run, summary, reconciliation, judge_run(run, summary, reconciliation))
    if isinstance(error, HarnessError) and not isinstance(error, TargetError):
        raise error
    timeline = SettledPart(run.account.timeline) if asked.settle else Timeline(run.account.timeline)
    settled = fold_settled(timeline)
    outcomes = judge_expectations(asked.expect, build_document(run_facts(run), settled, reconciliation))
    judgement = judge_step(
        StepEvidence(
            whole=evidence_of(run, summary, reconciliation),
            settled=settled,
            expected=tuple(zip(asked.expect, outcomes, strict=True)),
            length_ns=length_ns,
            grace_ns=0 if run.plan.batch == "none" else run.plan.batch_wait,
            drained=run.replay.stopped_by is None,
        )
    )
    return StepFacts(
        number=number,
        folder=str(run.aim.folder.relative_to(ground.aim.folder)),
        rate_per_s=wanted.rate_per_s,
        confirms=wanted.confirms,
        length_ns=length_ns,
        settled=settled,
        judgement=judgement,
        outcomes=outcomes,
    )
