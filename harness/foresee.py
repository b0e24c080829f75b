"""Work out what a plan comes to over a recording, before anything is sent."""

import math
from collections.abc import Mapping, Sequence

from harness.model import Limit
from harness.options import MAX
from harness.plan import Plan
from harness.recording.reader import Recording
from harness.recording.survey import Survey
from harness.report.planned import Planned, ceiling_time_ns
from harness.schedule.rates import expected, lasts_ns
from harness.units import NS_PER_S
from harness.ways import Way


def foresee(
    plan: Plan, recording: Recording, survey: Survey, *, ways: Mapping[str, Way], limits: Sequence[Limit]
) -> Planned:
    """What the plan comes to over this recording; without ways, at the bundled mock."""
    aimed_at = {api: count for api, count in survey.by_api.items() if not ways or api in ways}
    times = _times(plan, sum(aimed_at.values()))
    per_request = plan.batch if isinstance(plan.batch, int) else 1
    calls = {api: round(count * times) for api, count in aimed_at.items()}
    messages = calls.pop("tracking", 0)
    beyond = any(way.permit.beyond for way in ways.values())
    sources = survey.by_source if messages else {}
    requests = {source: math.ceil(count * times / per_request) for source, count in sources.items()}
    asked_ns = _asked_ns(plan, survey, messages + sum(calls.values()))
    all_requests = sum(requests.values()) + sum(calls.values())
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
        calls=calls,
        filtered=round(survey.items * times) - messages - sum(calls.values()),
        requests=all_requests,
        by_kind={kind: round(count * times) for kind, count in survey.by_kind.items()},
        by_source={source: round(count * times) for source, count in survey.by_source.items()},
        people=survey.people * plan.multiply,
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
        speed=plan.speed if plan.needs_times else None,
    )


def _times(plan: Plan, items: int) -> float:
    """How often each of so many items is sent, by all copies in all passes; less when stages end first."""
    times = float((plan.loop or 1) * plan.multiply)
    if not plan.has_stages or not items:
        return times
    room = math.ceil(expected(plan.stages)) / items
    return room if plan.loop is None else min(room, times)


def _asked_ns(plan: Plan, survey: Survey, items: int) -> int | None:
    if plan.rate == MAX:
        return None
    if isinstance(plan.rate, float):
        asked_ns = round(items * NS_PER_S / plan.rate)
    elif plan.has_stages:
        asked_ns = lasts_ns(plan.stages, items)
    else:
        asked_ns = round(((survey.span_ns or 0) + plan.spread) * (plan.loop or 1) / plan.speed)
    return asked_ns if plan.duration is None else min(asked_ns, plan.duration)
