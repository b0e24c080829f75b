"""Say where a run stands: how much of it is done, what waits for what, and how long it still takes.

Asked once a second by whoever shows it. What is left is the longest of three: the schedule to its end, what
waits before the fullest limit and will still come to it, and, where users are short or nothing is due, the
rest at the pace so far.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from harness.engine.waiting import Standing, needs_ns
from harness.measure.snapshot import Snapshot
from harness.report.progress import Status
from harness.schedule.rates import expected, lasts_ns
from harness.timing import Stage
from harness.units import NS_PER_S

if TYPE_CHECKING:
    from harness.wiring import Run

_TOLD_AFTER_NS: Final = NS_PER_S  # before it any estimate is chance


class Course(NamedTuple):
    """What is known of a run's whole length while it goes on."""

    items: float | None  # that will be sent, all passes; None: it goes on for ever, or nobody knows
    ends_ns: int | None  # when the last item is due, after the start; None as above, or nothing is due
    cut_ns: int | None = None  # --duration


def status_of(run: "Run", now_ns: int) -> Status:
    """Where the run stands, for a progress display."""
    snapshot = run.account.tally.snapshot()
    started_ns, stopping = run.replay.started_ns, run.replay.stopped_by is not None
    elapsed_ns = 0 if started_ns is None else now_ns - started_ns
    standing = run.replay.dispatcher.standing(now_ns)
    course = _course(run, snapshot.offered + standing.ahead, elapsed_ns, standing)
    return Status(
        share=share_done(course, snapshot.settled, elapsed_ns),
        rate_per_s=snapshot.sent_per_s,
        accepted=snapshot.accepted,
        throttled=snapshot.throttled,
        lag_ms=snapshot.lag_p99_ms,
        left_ns=None if stopping else left_ns(course, snapshot, standing, elapsed_ns),
        # What the receiver will ask for next, nobody knows.
        at_least=bool(standing.waiting.pause or standing.waiting.retry),
        elapsed_ns=elapsed_ns,
        waiting=standing.waiting,
        oldest_ns=standing.oldest_ns,
        next_is=None if stopping else standing.next_is,
        next_in_ns=standing.next_in_ns,
        in_flight=snapshot.in_flight,
        stopping=stopping,
        recent=None if run.account.recent is None else run.account.recent.recent(),
    )


def share_done(course: Course, settled: int, elapsed_ns: int) -> float | None:
    """How much is done, 0 to 1: of the items, or of the time where that is what ends the run first."""
    shares = []
    if course.items is not None:
        shares.append(settled / max(1.0, course.items))
    if course.cut_ns is not None:
        shares.append(elapsed_ns / course.cut_ns)
    return min(1.0, max(shares)) if shares else None


def left_ns(course: Course, snapshot: Snapshot, standing: Standing, elapsed_ns: int) -> int | None:
    """How long the run still takes; None where nobody can know."""
    share = share_done(course._replace(cut_ns=None), snapshot.settled, elapsed_ns)
    told = elapsed_ns > _TOLD_AFTER_NS
    known = []
    if course.ends_ns is not None:
        due_share = min(1.0, snapshot.offered / course.items) if course.items else None
        known = [max(0, course.ends_ns - elapsed_ns), needs_ns(standing.backed, due_share if told else None)]
    if share and told and (course.ends_ns is None or standing.waiting.user):
        known.append(round(elapsed_ns * (1 - share) / share))
    left = max(known, default=None)
    if course.cut_ns is None:
        return left
    until_cut_ns = max(0, course.cut_ns - elapsed_ns)
    return until_cut_ns if left is None else min(left, until_cut_ns)


def _course(run: "Run", selected: int, elapsed_ns: int, standing: Standing) -> Course:
    plan, survey = run.plan, run.aim.survey
    if run.replay.read_all:
        last_ns = elapsed_ns + max(0, standing.ahead_ends_ns or 0)
        return Course(selected, None if plan.closed_loop else last_ns, plan.duration)
    recorded = _recorded_items(run)
    known = [recorded * selected / run.account.taken] if recorded and run.account.taken else []
    if plan.stages:
        known.append(_room(plan.stages))
    items = min(known, default=None)
    ends_ns = None
    if plan.stages:
        ends_ns = _stages_end_ns(plan.stages, None if survey is None or recorded is None else round(recorded))
    elif plan.needs_times and survey is not None and survey.span_ns is not None and plan.loop is not None:
        ends_ns = round((survey.span_ns + plan.spread) * plan.loop / plan.speed)
    elif isinstance(plan.rate, float) and items is not None:
        ends_ns = round(items * NS_PER_S / plan.rate)
    return Course(items, ends_ns, plan.duration)


def _recorded_items(run: "Run") -> float | None:
    """How many items all passes have together, those that are not replayed included."""
    plan, recording, survey = run.plan, run.recording, run.aim.survey
    if plan.loop is None:
        return None
    if survey is not None:
        return survey.items * plan.loop * plan.multiply
    # A whole pass seems to have as many as this.
    return (
        recording.counts.items * plan.loop * plan.multiply / recording.progress
        if recording.progress
        else None
    )


@lru_cache(maxsize=8)
def _room(stages: tuple[Stage, ...]) -> float:
    return float(expected(stages))


@lru_cache(maxsize=8)
def _stages_end_ns(stages: tuple[Stage, ...], items: int | None) -> int:
    return sum(stage.duration_ns for stage in stages) if items is None else lasts_ns(stages, items)
