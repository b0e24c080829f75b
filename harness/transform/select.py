"""Say which items are replayed, and why the others are not."""

from dataclasses import dataclass
from typing import Final

from harness.model import Item
from harness.segment.limit_scope import is_endpoint
from harness.segment.messages import KINDS

UNKNOWN_KIND: Final = "not one of the six message types"
NO_TARGET: Final = {
    "tracking": "no target for the Tracking API",
    "profile": "no target for the Profile API",
    "config": "no target for the Config API",
}
NOT_A_GET: Final = "no GET, and --allow-writes does not name it"


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a recording a run may send."""

    apis: frozenset[str]  # those with a target
    reads_only: frozenset[str] = frozenset()  # those beyond this machine, of which only GET is replayed ...
    writes: tuple[str, ...] = ()  # ... and these, `METHOD /path`


def why_filtered(item: Item, selection: Selection) -> str | None:
    """None when the item is to be sent, else the reason, from a closed list."""
    if item.api not in selection.apis:
        return NO_TARGET[item.api]
    if item.api == "tracking":
        return None if item.kind in KINDS else UNKNOWN_KIND
    if item.kind == "GET" or item.api not in selection.reads_only:
        return None
    named = (write.split(" ", 1) for write in selection.writes)
    if any(method == item.kind and is_endpoint(path, item.path) for method, path in named):
        return None
    return NOT_A_GET
