"""Take from a message what Segment or the old client put there, so that it never leaves again."""

from harness.model import Message
from harness.segment.messages import NEVER_SENT


def strip(message: Message) -> Message:
    """The message without the fields of `NEVER_SENT`; everything else is the same object."""
    return {field: value for field, value in message.items() if field not in NEVER_SENT}
