"""Take a message through the stages, in Segment's order (segment-docs "Delivery overview", read 2025-11)."""

from collections.abc import Iterable
from typing import Final

from harness.model import Message
from harness.segment.stages import delivery, destination_filter, ingest, source_filter
from harness.segment.stages.stage import Delivery, Destination, Fate, Outcome, Stage, Step, Stop

STEPS: Final = (
    Step(Fate.FAILED_ON_INGEST, each_destination=False, stages=ingest.STAGES),
    Step(Fate.FILTERED_AT_SOURCE, each_destination=False, stages=source_filter.STAGES),
    Step(Fate.FILTERED_AT_DESTINATION, each_destination=True, stages=destination_filter.STAGES),
    Step(Fate.FAILED_DELIVERY, each_destination=True, stages=delivery.STAGES),
)


def with_stages(steps: tuple[Step, ...], fate: Fate, *stages: Stage) -> tuple[Step, ...]:
    """The same steps with these stages behind those that stand at one of them."""
    return tuple(step._replace(stages=step.stages + stages) if step.fate is fate else step for step in steps)


def run_stages(
    message: Message,
    kind: object,
    destinations: Iterable[Destination],
    steps: tuple[Step, ...] = STEPS,
) -> tuple[Outcome, ...]:
    """What becomes of a message, given in its final form: one outcome for each destination.

    A message that ends before it is meant for any destination has one outcome, with `destination` None; one
    that does not, in a source without destinations, has none.
    """
    passing = Delivery(message, kind)
    for step in steps:
        if step.each_destination:
            continue
        verdict = _through(passing, step)
        if isinstance(verdict, Stop):
            return (Outcome(None, step.fate, verdict.reason),)
        passing = verdict
    return tuple(
        _outcome(Delivery(passing.message, passing.kind, destination), destination, steps)
        for destination in destinations
    )


def _outcome(passing: Delivery, destination: Destination, steps: tuple[Step, ...]) -> Outcome:
    for step in steps:
        if step.each_destination:
            verdict = _through(passing, step)
            if isinstance(verdict, Stop):
                return Outcome(destination.name, step.fate, verdict.reason)
            passing = verdict
    return Outcome(destination.name, Fate.DELIVERED, None)


def _through(passing: Delivery, step: Step) -> Delivery | Stop:
    for stage in step.stages:
        verdict = stage(passing)
        if isinstance(verdict, Stop):
            return verdict
        passing = verdict
    return passing
