"""Work out what a plan comes to over a recording, before anything is sent."""

import math
from collections.abc import Mapping, Sequence

from harness.model import Limit
from harness.options import MAX
from harness.plan import Plan
from harness.recording.reader import Recording
from harness.recording.survey import Survey
from harness.report.planned import Planned, ceiling_time_ns
from harness.units import NS_PER_S
from harness.ways import Way


def foresee(
    plan: Plan, recording: Recording, survey: Survey, *, ways: Mapping[str, Way], limits: Sequence[Limit]
) -> Planned:
    """What the plan comes to over this recording; without ways, at the bundled mock."""
    passes = plan.loop or 1
    per_request = plan.batch if isinstance(plan.batch, int) else 1
    aimed_at = {api: count * passes for api, count in survey.by_api.items() if not ways or api in ways}
    messages = aimed_at.pop("tracking", 0)
    calls = aimed_at
    beyond = any(way.permit.beyond for way in ways.values())
    sources = survey.by_source if messages else {}
    requests = {source: math.ceil(count * passes / per_request) for source, count in sources.items()}
    asked_ns = _asked_ns(plan, survey, messages + sum(calls.values()))
    all_requests = sum(requests.values()) + sum(calls.values())
    mean_per_s = all_requests * NS_PER_S / asked_ns if asked_ns else None
    peak_per_s = plan.rate if isinstance(plan.rate, float) else None
    if plan.rate is None:
        peak_per_s = survey.peak / per_request
    return Planned(
        recording=recording.name,
        privacy=recording.header.privacy,
        messages=messages,
        calls=calls,
        filtered=survey.items * passes - messages - sum(calls.values()),
        requests=all_requests,
        by_kind=survey.by_kind,
        by_source=survey.by_source,
        people=survey.people,
        biggest_bytes=survey.biggest_bytes,
        oversize=survey.oversize,
        asked_ns=asked_ns,
        ceiling_ns=None if plan.exceed_limits else ceiling_time_ns(requests, messages, limits, calls),
        mean_per_s=mean_per_s,
        peak_per_s=peak_per_s,
        limits=tuple(
            limit for limit in limits if limit.api in calls or (messages and limit.api == "tracking")
        ),
        target=", ".join(dict.fromkeys(way.target.url for way in ways.values())) or "the bundled mock",
        integrations=str(plan.integrations or ("none ({'All': False})" if beyond else "as recorded")),
        speed=plan.speed if plan.rate is None else None,
    )


def _asked_ns(plan: Plan, survey: Survey, items: int) -> int | None:
    if plan.rate == MAX:
        return None
    if isinstance(plan.rate, float):
        lasts_ns = round(items * NS_PER_S / plan.rate)
    else:
        lasts_ns = round((survey.span_ns or 0) * (plan.loop or 1) / plan.speed)
    return lasts_ns if plan.duration is None else min(lasts_ns, plan.duration)
