"""The story of a dry run: read, plan, ask the guard; nothing is sent."""

import json
import os
import random

from harness.errors import UsageError
from harness.foresee import foresee
from harness.plan import Plan
from harness.prepare import look_over, opened, would_pass
from harness.timetable import settled
from harness.ways import limits_of


def dry_run(plan: Plan, *, as_json: bool) -> str:
    """The plan as text or JSON. Raises UsageError when it could not be carried out as asked, GuardError."""
    plan = settled(plan, random.SystemRandom())
    with opened(plan) as recording:
        survey = look_over(plan, recording, os.environ)
        assert survey is not None, "a dry run always looks"  # noqa: S101 - an order of our own code
        ways = would_pass(plan, recording, survey, os.environ)
        planned = foresee(plan, recording, survey, ways=ways, limits=limits_of(plan, ways))
    if planned.too_slow is not None:
        raise UsageError(f"{planned.as_text()}\n{planned.too_slow}")
    return json.dumps(planned.as_json(), indent=2) if as_json else planned.as_text()
