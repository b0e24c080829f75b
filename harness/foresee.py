"""Work out what a plan comes to over a recording, before anything is sent."""

import math
from collections.abc import Sequence

from harness.model import Limit
from harness.options import MAX
from harness.plan import Plan
from harness.recording.reader import Recording
from harness.recording.survey import Survey
from harness.report.planned import Planned, ceiling_time_ns
from harness.schedule.rates import expected, lasts_ns
from harness.units import NS_PER_S


def foresee(
    plan: Plan, recording: Recording, survey: Survey, *, target: str, beyond: bool, limits: Sequence[Limit]
) -> Planned:
    """What the plan comes to over this recording."""
    times = _times(plan, survey)
    per_request = plan.batch if isinstance(plan.batch, int) else 1
    messages = round(survey.by_api.get("tracking", 0) * times)
    requests = {source: math.ceil(count * times / per_request) for source, count in survey.by_source.items()}
    asked_ns = _asked_ns(plan, survey, messages)
    all_requests = sum(requests.values())
    mean_per_s = all_requests * NS_PER_S / asked_ns if asked_ns else None
    peak_per_s = plan.rate if isinstance(plan.rate, float) else None
    if plan.has_stages:
        peak_per_s = max(stage.rate_per_s for stage in plan.stages) / per_request
    elif plan.rate is None:
        peak_per_s = survey.peak * plan.multiply / per_request  # of all copies at once: spread, it is less
    return Planned(
        recording=recording.name,
        privacy=recording.header.privacy,
        messages=messages,
        filtered=round(survey.items * times) - messages,
        requests=all_requests,
        by_kind={kind: round(count * times) for kind, count in survey.by_kind.items()},
        by_source={source: round(count * times) for source, count in survey.by_source.items()},
        people=survey.people * plan.multiply,
        biggest_bytes=survey.biggest_bytes,
        oversize=survey.oversize,
        asked_ns=asked_ns,
        ceiling_ns=None if plan.exceed_limits else ceiling_time_ns(requests, messages, limits),
        mean_per_s=mean_per_s,
        peak_per_s=peak_per_s,
        limits=tuple(limits),
        target=target,
        integrations=str(plan.integrations or ("none ({'All': False})" if beyond else "as recorded")),
        speed=plan.speed if plan.needs_times else None,
    )


def _times(plan: Plan, survey: Survey) -> float:
    """How often each item is sent, by all copies in all passes; less when the stages end first."""
    times = float((plan.loop or 1) * plan.multiply)
    messages = survey.by_api.get("tracking", 0)
    if not plan.has_stages or not messages:
        return times
    room = math.ceil(expected(plan.stages)) / messages
    return room if plan.loop is None else min(room, times)


def _asked_ns(plan: Plan, survey: Survey, messages: int) -> int | None:
    if plan.rate == MAX:
        return None
    if isinstance(plan.rate, float):
        asked_ns = round(messages * NS_PER_S / plan.rate)
    elif plan.has_stages:
        asked_ns = lasts_ns(plan.stages, messages)
    else:
        asked_ns = round(((survey.span_ns or 0) + plan.spread) * (plan.loop or 1) / plan.speed)
    return asked_ns if plan.duration is None else min(asked_ns, plan.duration)
