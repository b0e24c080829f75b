"""Arrange when items are sent: settle the plan's stages and chance, and choose among the schedules."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.model import Arrival, Item
from harness.options import MAX
from harness.plan import Plan
from harness.recording.survey import Survey
from harness.schedule.arrivals import at_once, constant, recorded
from harness.schedule.curve import curve_stages
from harness.schedule.rates import by_rate, even, poisson, steady
from harness.timing import EVEN, Stage
from harness.transform.multiply import copy_shifts

Ended = Callable[[Item | None, int], None]

_SEEDS: Final = 1 << 32


def settled(plan: Plan, chance: random.Random) -> Plan:
    """The plan with its rate curve read, and a seed drawn where none was given, so that it can be repeated.

    Raises UsageError for a curve that cannot be read.
    """
    if plan.seed is None:
        plan = replace(plan, seed=chance.randrange(_SEEDS))
    if plan.rate_curve is None or plan.stages:
        return plan
    try:
        text = Path(plan.rate_curve).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"--rate-curve {plan.rate_curve}: cannot be read: {reason}") from None
    return replace(plan, stages=curve_stages(plan.rate_curve, text.splitlines()))


def schedule(
    plan: Plan, passes: Iterable[Iterable[Item]], survey: Survey | None, ended: Ended | None = None
) -> Iterator[Arrival]:
    """The items with their due times; the same ones each time it is asked. `ended`: see `by_rate`."""
    if plan.needs_times:
        return recorded(passes, speed=plan.speed)
    if plan.rate == MAX:
        if survey is None or survey.first_at_ns is None:
            return at_once(passes)
        return at_once(passes, first_at_ns=survey.first_at_ns, span_ns=(survey.span_ns or 0) + plan.spread)
    if isinstance(plan.rate, float) and plan.arrivals == EVEN:
        return constant(passes, rate_per_s=plan.rate)
    marks = even() if plan.arrivals == EVEN else poisson(_chance(plan, "arrivals"))
    return by_rate(passes, stages_of(plan), marks, ended=ended if plan.has_stages else None)


def stages_of(plan: Plan) -> tuple[Stage, ...]:
    """What the plan asks for beside the recorded times; a constant rate is one stage without an end."""
    return steady(plan.rate) if isinstance(plan.rate, float) else plan.stages


def shifts_of(plan: Plan) -> tuple[int, ...]:
    """By how many ns of recorded time each copy of `--multiply` is late; as many as there are copies."""
    return copy_shifts(plan.multiply, plan.spread, _chance(plan, "copies"))


def _chance(plan: Plan, what: str) -> random.Random:
    return random.Random(f"{plan.seed} {what}")
