"""Gather what a verdict rests on: the figures of a run, the receiver's account, and how the run was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.measure.observed import Observed
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import Summary
from harness.units import NS_PER_MS


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the engine knows of a run beyond its tally."""

    users_opened: int = 0
    connections: int | None = None  # that the users of all APIs need; None: one for each user
    users_limit: int = 0
    users_fixed: bool = False  # --users N rather than auto
    ceiling_on: bool = True
    ceiling_held: int = 0  # arrivals that the ceiling made wait
    backlog_stops: int = 0  # how often the reader stopped because too much waited
    backlog_stopped_ns: int = 0
    shares_core: bool = False  # fewer usable cores than this process and a local target need
    spun_ns: int = 0  # waited awake for what was due next
    busy_ns: int = 0  # processor time of the generator, less the time spun
    busy_share: float | None = None  # the same as a share of one core; None in less than a second
    busiest_second_share: float | None = None
    clock_step_ns: int = 0  # the largest step of the wall clock against the monotonic one
    stopped_idle_ns: int = 0  # how long it was to the next due item when the run was stopped
    busiest_person_share: float | None = None  # of all items; None when nobody counted
    stages_unused_ns: int = 0  # of the schedule's stages, when the recording ended first


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a late generator makes its own figures doubtful."""

    warn_p99_ms: float = 5.0
    inconclusive_p99_ms: float = 50.0
    inconclusive_late_share: float = 0.01  # above summary.LATE_NS
    percentile_answers: int = 100  # a p99 of fewer answers is its maximum
    busy_person_share: float = 0.05
    held_by_lane_share: float = 0.5
    clock_step_ns: int = 50 * NS_PER_MS
    busy_share: float = 0.9  # of a core: little is left to be on time with
    reopened_share: float = 0.01  # of all requests
    shape_share: float = 0.05  # by which the variation of arrivals may be off


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that `judge` looks at."""

    summary: Summary
    reconciliation: Reconciliation | None = None
    engine: EngineFacts = field(default_factory=EngineFacts)
    interrupted: bool = False
    died: bool = False  # it never wrote its end
    stopped_at_limit: bool = False  # by --on-limit stop
    aborted: str | None = None  # by --abort-on-fail: what was false, and when
    target_ready: bool = True
    recording_complete: bool = True
    recorded_times: bool = False  # they decided when items were due
    stages_ended: bool = False  # before the recording did, as they asked
    resorted: int = 0  # items of the recording that stood out of order and were put in order
    too_late: int = 0  # and those too far out of order for that
    skipped: int = 0  # lines of the recording left out on request
    order_kept: bool = True  # False under --order none
    allow: Mapping[str, int] = field(default_factory=dict)  # rejected and abandoned that are no failure
    thresholds: Thresholds = field(default_factory=Thresholds)
    observed: Observed = field(default_factory=Observed)  # where a receiver tells what it saw
