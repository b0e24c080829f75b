"""The story of a dry run: read, plan, ask the guard; nothing is sent."""

import json
import os
import random

from harness.errors import UsageError
from harness.foresee import foresee
from harness.plan import Plan
from harness.prepare import limits_of, look_over, opened, would_pass
from harness.timetable import settled


def dry_run(plan: Plan, *, as_json: bool) -> str:
    """The plan as text or JSON. Raises UsageError when it could not be carried out as asked, GuardError."""
    plan = settled(plan, random.SystemRandom())
    with opened(plan) as recording:
        survey = look_over(plan, recording, os.environ)
        assert survey is not None, "a dry run always looks"  # noqa: S101 - an order of our own code
        allowed = would_pass(plan, recording, survey, os.environ)
        planned = foresee(
            plan,
            recording,
            survey,
            target="the bundled mock" if allowed is None else allowed.target.url,
            beyond=allowed is not None and allowed.beyond,
            limits=limits_of(plan, beyond=allowed is not None and allowed.beyond),
        )
    if planned.too_slow is not None:
        raise UsageError(f"{planned.as_text()}\n{planned.too_slow}")
    return json.dumps(planned.as_json(), indent=2) if as_json else planned.as_text()
