"""What an HTTP status means for the items it answers: one table."""

from typing import Final

from harness.model import Outcome

# What Segment's libraries agree on since 2026 (analytics-next, analytics-java, analytics-python, read
# 2026-08): 460 is Segment's own transient refusal; 501, 505 and 511 do not get better by asking again.
RETRIED: Final = frozenset({408, 410, 429, 460}) | (frozenset(range(500, 600)) - {501, 505, 511})
ACCEPTED: Final = frozenset(range(200, 300))

THROTTLED: Final = 429


def classify(status: int) -> Outcome:
    """ACCEPTED, RETRY or REJECTED. Every 3xx is a refusal, and so is a 1xx where an answer should be."""
    if status in ACCEPTED:
        return Outcome.ACCEPTED
    return Outcome.RETRY if status in RETRIED else Outcome.REJECTED
