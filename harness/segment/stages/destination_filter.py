"""Filtered at destination: obey the message's own `integrations` object.

Segment-docs "Filtering your Segment data" and "Spec: Common fields", read 2025-11. The codes are the delivery
overview's. `UNKNOWN_INTEGRATION` is never given here: it means a name that is not in Segment's own catalogue,
which only Segment has.
"""

from typing import Final

from harness.segment.stages.stage import Delivery, Stage, Stop

FILTERED_BY_RULES: Final = "FILTERED_BY_RULES"
FILTERED_BY_INTEGRATIONS_OBJECT: Final = "FILTERED_BY_INTEGRATIONS_OBJECT"
UNKNOWN_INTEGRATION: Final = "UNKNOWN_INTEGRATION"
MESSAGE_SENT_CLIENT_SIDE: Final = "MESSAGE_SENT_CLIENT_SIDE"
UNSUPPORTED_EVENT_TYPE: Final = "UNSUPPORTED_EVENT_TYPE"
INVALID_SETTINGS: Final = "INVALID_SETTINGS"
NO_MATCHING_MAPPING: Final = "NO_MATCHING_MAPPING"
FILTERED_BY_END_USER_CONSENT: Final = "FILTERED_BY_END_USER_CONSENT"

ALL: Final = "All"
ONLY_WHEN_NAMED: Final = frozenset({"Salesforce"})  # `All` does not reach these
_NOT_FILTERED: Final = "alias"  # the docs name the other five types


def obey_integrations(delivery: Delivery) -> Delivery | Stop:
    """Stop what the message does not want sent to this destination."""
    destination = delivery.destination
    if destination is None or destination.is_storage or delivery.kind == _NOT_FILTERED:
        return delivery
    if is_wanted(delivery.message.get("integrations"), destination.name):
        return delivery
    return Stop(FILTERED_BY_INTEGRATIONS_OBJECT)


def is_wanted(integrations: object, name: str) -> bool:
    """Whether this integrations object lets a message go to the destination of this name; its case counts.

    The destination's own flag goes before `All`, which is true unless it says false. A flag that is an object
    carries options and means true. What is no flag at all, and an object that is none, counts as absent: what
    Segment makes of those is undocumented.
    """
    flags = integrations if isinstance(integrations, dict) else {}
    own = flags.get(name)
    if isinstance(own, bool | dict):
        return own is not False
    return flags.get(ALL) is not False and name not in ONLY_WHEN_NAMED


STAGES: Final[tuple[Stage, ...]] = (obey_integrations,)
