"""Failed on ingest: stop a message that breaks Segment's own rules."""

from typing import Final

from harness.segment.stages.stage import Delivery, Stage, Stop
from harness.segment.validity import discard_reason


def fail_on_ingest(delivery: Delivery) -> Delivery | Stop:
    """Stop what `validity.discard_reason` finds fault with."""
    reason = discard_reason(delivery.kind, delivery.message)
    return delivery if reason is None else Stop(reason)


STAGES: Final[tuple[Stage, ...]] = (fail_on_ingest,)
