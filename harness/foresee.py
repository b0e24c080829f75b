"""Work out what a plan comes to over a recording, before anything is sent."""

import math
from collections.abc import Sequence

from harness.model import Limit
from harness.options import MAX
from harness.plan import Plan
from harness.recording.reader import Recording
from harness.recording.survey import Survey
from harness.report.planned import Planned, ceiling_time_ns
from harness.units import NS_PER_S


def foresee(
    plan: Plan, recording: Recording, survey: Survey, *, target: str, beyond: bool, limits: Sequence[Limit]
) -> Planned:
    """What the plan comes to over this recording."""
    passes = plan.loop or 1
    per_request = plan.batch if isinstance(plan.batch, int) else 1
    messages = survey.by_api.get("tracking", 0) * passes
    requests = {source: math.ceil(count * passes / per_request) for source, count in survey.by_source.items()}
    asked_ns = _asked_ns(plan, survey, messages)
    all_requests = sum(requests.values())
    mean_per_s = all_requests * NS_PER_S / asked_ns if asked_ns else None
    peak_per_s = plan.rate if isinstance(plan.rate, float) else None
    if plan.rate is None:
        peak_per_s = survey.peak / per_request
    return Planned(
        recording=recording.name,
        privacy=recording.header.privacy,
        messages=messages,
        filtered=survey.items * passes - messages,
        requests=all_requests,
        by_kind=survey.by_kind,
        by_source=survey.by_source,
        people=survey.people,
        biggest_bytes=survey.biggest_bytes,
        oversize=survey.oversize,
        asked_ns=asked_ns,
        ceiling_ns=None if plan.exceed_limits else ceiling_time_ns(requests, messages, limits),
        mean_per_s=mean_per_s,
        peak_per_s=peak_per_s,
        limits=tuple(limits),
        target=target,
        integrations=str(plan.integrations or ("none ({'All': False})" if beyond else "as recorded")),
        speed=plan.speed if plan.rate is None else None,
    )


def _asked_ns(plan: Plan, survey: Survey, messages: int) -> int | None:
    if plan.rate == MAX:
        return None
    if isinstance(plan.rate, float):
        lasts_ns = round(messages * NS_PER_S / plan.rate)
    else:
        lasts_ns = round((survey.span_ns or 0) * (plan.loop or 1) / plan.speed)
    return lasts_ns if plan.duration is None else min(lasts_ns, plan.duration)
