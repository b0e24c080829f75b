"""The seam for the delivery overview: who would count messages for the Public API, and what is asked.

Nothing answers these paths yet. Paths, parameters and fields are those of public-api-sdk-python of 2026-08
(`DeliveryOverviewApi`, version v1beta): each takes `sourceId`, `startTime` (inclusive), `endTime`
(exclusive) and `granularity`, some `destinationConfigId`; each answers
`{"data":{"dataset":[{"eventName"?,"eventType"?,"discardReason"?,"appVersion"?,"total","series":[…]}],…}}`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

# Last part of `/delivery-overview/…` to the stage whose messages it counts, in the pipeline's order.
STAGES: Final = {
    "successfully-received": "received",
    "failed-on-ingest": "failed on ingest",
    "filtered-at-source": "filtered at source",
    "filtered-at-destination": "filtered at destination",
    "failed-delivery": "failed delivery",
    "successful-delivery": "delivered",
}


class Counted(NamedTuple):
    """How many messages of one group passed a stage, in all and by time."""

    event_name: str | None  # None where the question does not group by it
    event_type: str | None
    discard_reason: str | None
    total: int
    series: Sequence[tuple[int, int]]  # start of each step in ns since 1970, and its messages


class CountDeliveries(Protocol):
    """Counts the messages of a source that passed a stage between two instants, both in ns since 1970."""

    def __call__(
        self,
        stage: str,
        source_id: str,
        destination_id: str | None,  # None: the stages before any destination
        *,
        start_ns: int,
        end_ns: int,
        step_ns: int,
        group_by: Sequence[str],
    ) -> Sequence[Counted]: ...
