"""What a stage is: a rule that lets a delivery pass, perhaps changed, or stops it for a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from harness.model import Message


class Fate(StrEnum):
    """Where a message ended: the steps of the delivery overview (segment-docs, read 2025-11), in order."""

    FAILED_ON_INGEST = "failed on ingest"
    FILTERED_AT_SOURCE = "filtered at source"
    FILTERED_AT_DESTINATION = "filtered at destination"
    FAILED_DELIVERY = "failed delivery"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a source's messages go."""

    name: str  # as in the integrations object; its case counts
    is_storage: bool = False  # a warehouse or bucket: the integrations object does not reach it


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way."""

    message: Message  # in its final form; a stage that changes it makes a new one
    kind: object  # its type; a text of `messages.KINDS` once it is past ingest
    destination: Destination | None = None  # None while it is still on its way to all of them


class Stop(NamedTuple):
    """The delivery ends here."""

    reason: str  # a code of the delivery overview where it has one


Stage = Callable[[Delivery], Delivery | Stop]


class Step(NamedTuple):
    """The stages that stand between one count and the next; without any, everything passes."""

    fate: Fate  # of what is stopped here
    each_destination: bool  # asked once for each destination, or once for the message
    stages: tuple[Stage, ...]


class Outcome(NamedTuple):
    """What became of a message for one destination."""

    destination: str | None  # its name; None when the message ended before it was meant for any
    fate: Fate
    reason: str | None  # None exactly when it was delivered
