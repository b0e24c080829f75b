"""Ask whether a run's figures may be believed: a closed list of trust warnings, each with its advice.

Schedule lag is always our own lateness. User wait is so only while our users could have carried the
offered rate at the target's median service time; otherwise the target was too slow for them, and the wait
is charged to it.
"""

from math import ceil
from typing import Final

from harness.measure.summary import Figures
from harness.throttle.check import INCONCLUSIVE, WARN, Check, Finding, many
from harness.throttle.evidence import Evidence
from harness.units import format_duration, format_percent


def judge_trust(evidence: Evidence) -> tuple[Finding, ...]:
    """The trust warnings of a run, the gravest first; a check that repeats a graver one is left out."""
    found: dict[str, Finding] = {}
    for check in TRUST:
        finding = check.finding(evidence)
        if finding is not None:
            found.setdefault(check.name, finding)
    return tuple(found.values())


def users_could_carry(evidence: Evidence) -> bool:
    """True when the users there were would have carried the offered rate at the median service time."""
    median_ms = evidence.summary.durations["service_2xx"].p50
    offered_per_s = evidence.summary.rates.offered
    if not median_ms or offered_per_s is None:
        return True
    return evidence.engine.users_opened * 1_000 / median_ms >= offered_per_s


def _p99_above(figures: Figures, bound_ms: float) -> bool:
    return figures.p99 is not None and figures.p99 > bound_ms


def _lag_inconclusive(evidence: Evidence) -> str | None:
    lag, bounds = evidence.summary.durations["schedule_lag"], evidence.thresholds
    if _p99_above(lag, bounds.inconclusive_p99_ms):
        return f"Schedule lag p99 was {lag.p99:.1f} ms: the harness was late, not the target."
    if evidence.summary.lag_late_share > bounds.inconclusive_late_share:
        late = format_percent(evidence.summary.lag_late_share, 1)
        return f"{late} of the items left over 100 ms late by our own doing."
    return None


def _lag_warn(evidence: Evidence) -> str | None:
    lag = evidence.summary.durations["schedule_lag"]
    if _p99_above(lag, evidence.thresholds.warn_p99_ms):
        return f"Schedule lag p99 was {lag.p99:.1f} ms: response times hold that much of our own lateness."
    return None


def _users_inconclusive(evidence: Evidence) -> str | None:
    if not users_could_carry(evidence):
        return None
    wait, bounds = evidence.summary.durations["user_wait"], evidence.thresholds
    if _p99_above(wait, bounds.inconclusive_p99_ms):
        return f"Items waited {wait.p99:.1f} ms (p99) for a free user, though users enough were opened."
    if evidence.summary.user_wait_late_share > bounds.inconclusive_late_share:
        late = format_percent(evidence.summary.user_wait_late_share, 1)
        return f"{late} of the items waited over 100 ms for a free user."
    return None


def _users_warn(evidence: Evidence) -> str | None:
    wait = evidence.summary.durations["user_wait"]
    if not _p99_above(wait, evidence.thresholds.warn_p99_ms):
        return None
    users = many(evidence.engine.users_opened, "user")
    if users_could_carry(evidence):
        return f"Items waited {wait.p99:.1f} ms (p99) for one of {users}."
    median_ms = evidence.summary.durations["service_2xx"].p50
    return (
        f"Items waited {wait.p99:.1f} ms (p99) for one of {users}: at a median answer of {median_ms:.1f} ms "
        f"they cannot carry {evidence.summary.rates.offered:,.0f} requests/s, so that is the target's doing."
    )


def _more_users(evidence: Evidence) -> str:
    engine = evidence.engine
    if not users_could_carry(evidence):
        median_ms = evidence.summary.durations["service_2xx"].p50 or 0.0
        needed = ceil((evidence.summary.rates.offered or 0.0) * median_ms / 1_000)
        return (
            f"Find out why its answers take so long; at this median {many(needed, 'user')} would be needed."
        )
    if engine.users_fixed:
        return f"Give more than --users {engine.users_opened}, or --users auto."
    return f"Start with --users {2 * max(1, engine.users_opened)}, so that none has to be opened on the way."


def _too_short(evidence: Evidence) -> str | None:
    answers = evidence.summary.durations["service_2xx"].count
    if 0 < answers < evidence.thresholds.percentile_answers:
        return f"The percentiles rest on {many(answers, 'accepted request')}; a p99 needs 100."
    return None


def _clock_stepped(evidence: Evidence) -> str | None:
    step_ns = evidence.engine.clock_step_ns
    if abs(step_ns) <= evidence.thresholds.clock_step_ns:
        return None
    direction = "forward" if step_ns > 0 else "back"
    return f"The wall clock was set {direction} by {format_duration(abs(step_ns))} during the run."


def _busy(evidence: Evidence) -> str | None:
    share, peak = evidence.engine.busy_share, evidence.engine.busiest_second_share
    if share is None or share <= evidence.thresholds.busy_share:
        return None
    busiest = "" if peak is None else f", {format_percent(peak)} in its busiest second"
    return f"The generator used {format_percent(share)} of a core{busiest}, waiting awake not counted."


def _freer(evidence: Evidence) -> str:
    if evidence.summary.closed_loop:
        return "Take the rate for the generator's, not for what the target can do; larger batches carry more."
    return _MORE_TIME


def _one_core(evidence: Evidence) -> str | None:
    if not evidence.engine.shares_core:
        return None
    return "The generator and the local target had one core between them, so each slowed the other."


def _busy_person(evidence: Evidence) -> str | None:
    share, bounds = evidence.engine.busiest_person_share, evidence.thresholds
    if share is None or share <= bounds.busy_person_share:
        return None
    held = evidence.summary.held_by_lane_share
    if held <= bounds.held_by_lane_share:
        return None
    return (
        f"One person has {format_percent(share)} of the items, and {format_percent(held)} of all items "
        "waited for an earlier one."
    )


def _reopened(evidence: Evidence) -> str | None:
    totals = evidence.summary.totals
    engine = evidence.engine
    reopened = totals.opened - (engine.users_opened if engine.connections is None else engine.connections)
    if reopened <= 0 or reopened <= evidence.thresholds.reopened_share * totals.sent:
        return None
    return (
        f"{many(totals.opened, 'connection')} for {many(evidence.engine.users_opened, 'user')}: "
        "service times hold the opening of new ones."
    )


def _backlog(evidence: Evidence) -> str | None:
    engine = evidence.engine
    if not engine.backlog_stops:
        return None
    return (
        f"The reader stopped {many(engine.backlog_stops, 'time')}, in all "
        f"{format_duration(engine.backlog_stopped_ns)}, as too many items waited: what was due came late."
    )


def _below_zero(evidence: Evidence) -> str | None:
    below = sum(figures.below_zero for figures in evidence.summary.durations.values())
    return f"{many(below, 'duration')} came out below zero and were left out." if below else None


def _torn(evidence: Evidence) -> str | None:
    summary = evidence.summary
    if summary.closed:
        return None
    return f"The run did not write its end: up to a second is missing, {summary.left_out_bytes:,} bytes torn."


_MORE_TIME: Final = "Lower --rate or --speed, close what else runs on this machine, or give it more cores."

TRUST: Final = (
    Check("schedule lag", INCONCLUSIVE, _lag_inconclusive, _MORE_TIME),
    Check(
        "user wait",
        INCONCLUSIVE,
        _users_inconclusive,
        _more_users,
    ),
    Check("schedule lag", WARN, _lag_warn, _MORE_TIME),
    Check(
        "user wait",
        WARN,
        _users_warn,
        _more_users,
    ),
    Check("generator busy", WARN, _busy, _freer),
    Check("backlog", WARN, _backlog, "Raise --backlog, lower the rate, or find out what held the items."),
    Check(
        "clock stepped",
        WARN,
        _clock_stepped,
        "Run again with a steady clock; durations here are monotonic and hold.",
    ),
    Check("one core", WARN, _one_core, "Run the target elsewhere, or take the latencies as an upper bound."),
    Check(
        "busy person",
        WARN,
        _busy_person,
        "A lower --speed leaves their items room; --order none lifts lanes; or many share one id.",
    ),
    Check(
        "connections reopened",
        WARN,
        _reopened,
        "See why the target closes: its keep-alive time-out, or a proxy.",
    ),
    Check("too short", WARN, _too_short, "Replay more, or read only the median and the maximum."),
    Check("below zero", WARN, _below_zero, "Report this: the clock of this machine is not monotonic."),
    Check(
        "unfinished timeline",
        WARN,
        _torn,
        "Take counts from the delivery map; latencies lack the last second.",
    ),
)
