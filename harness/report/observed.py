"""Make the document of a run that a receiver tells: what it saw, and null for what only a sender knows."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from harness.measure.observed import Observed

SENDER: Final = "sender"
RECEIVER: Final = "receiver"
NOT_MEASURED: Final = "not measured"

# Where a receiver has no figure: each is null in the document.
_NULL: Final = (
    *(("messages", name) for name in ("filtered", "dropped", "cancelled")),
    *(
        ("calls", name)
        for name in (
            "recorded",
            "filtered",
            "selected",
            "accepted",
            "rejected",
            "abandoned",
            "dropped",
            "cancelled",
            "pending",
        )
    ),
    ("requests", "connections_opened"),
    ("rate_per_s", "offered"),
    ("message_rate_per_s", "offered"),
    ("arrival_variation",),
    ("response_time_ms",),
    ("schedule_lag_ms",),
    ("lane_wait_ms",),
    ("limit_wait_ms",),
    ("batch_wait_ms",),
    ("user_wait_ms",),
    ("engine",),
)
_COLUMNS: Final = ("offered", "offered_messages", "offered_peak_1s", "in_flight")


def as_observed(document: Mapping[str, Any], observed: Observed | None) -> dict[str, Any]:
    """The document seen from the receiver; `observed` is None while it is not known yet."""
    changed = dict(document)
    for path in _NULL:
        if len(path) == 1:
            changed[path[0]] = None
        else:
            changed[path[0]] = {**changed[path[0]], path[1]: None}
    timeline = dict(changed["timeline"])
    for name in _COLUMNS:
        if name in timeline:
            timeline[name] = [None] * timeline["points"]
    timeline["offered_by_api"] = {}
    return changed | {
        "timeline": timeline,
        "seen_from": RECEIVER,
        "observed": None if observed is None else asdict(observed),
    }


def is_observed(document: Mapping[str, Any]) -> bool:
    """Whether a receiver tells this document."""
    return document.get("seen_from") == RECEIVER
