"""The table of cases: what a good client does, how it is tried, how much it matters under each profile."""

from typing import Final

from harness.throttle.clients.case import Case
from harness.throttle.clients.cases_of_answers import ANSWERS
from harness.throttle.clients.cases_of_delivery import BACKOFF, FLOW, HERD, KEEPING
from harness.throttle.clients.cases_of_waits import WAITS

CASES: Final[tuple[Case, ...]] = (*ANSWERS, *WAITS, *BACKOFF, *HERD, *KEEPING, *FLOW)
