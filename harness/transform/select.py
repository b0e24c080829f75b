"""Say which items are replayed, and why the others are not."""

from harness.model import Item
from harness.segment.messages import KINDS

OTHER_API = "profile and config calls are not replayed"
UNKNOWN_KIND = "not one of the six message types"


def why_filtered(item: Item) -> str | None:
    """None when the item is to be sent, else the reason, from a closed list."""
    if item.api != "tracking":
        return OTHER_API
    if item.kind not in KINDS:
        return UNKNOWN_KIND
    return None
