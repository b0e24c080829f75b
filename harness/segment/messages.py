"""Which messages there are, which of their fields never leave, and which ids join them to a person."""

from collections.abc import Mapping
from typing import Any, Final

# Segment spec, "Common fields" and the six calls; read 2025-11.
KINDS: Final = ("identify", "track", "page", "screen", "group", "alias")

# What Segment or the old client put there: never sent again (segment-docs "Import historical data" names
# sentAt, messageId and projectId; the others are set by the server or hold the source's key). Read 2025-11.
NEVER_SENT: Final = frozenset(
    {
        "writeKey",
        "projectId",
        "messageId",
        "sentAt",
        "receivedAt",
        "originalTimestamp",
        "version",
        "channel",
        "_metadata",
    }
)

_KEY_FIELDS: Final = ("userId", "anonymousId", "previousId")

# Ids that stand for nobody: Unify's suggested blocked values (segment-docs "Identity resolution settings").
_PLACEHOLDERS: Final = frozenset({"", "-1", "null", "anonymous"})

MESSAGE_ID_CHARACTERS: Final = 100  # HTTP API docs, "messageId"; read 2025-11


def person_keys(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids that keep this message in its person's order, as `u:…` and `a:…`.

    A userId and the previousId of an alias share a space with both kinds of id, because an alias
    may name either; so a previousId counts as both.
    """
    keys: list[str] = []
    for field in _KEY_FIELDS:
        value = message.get(field)
        if value is None or isinstance(value, bool | dict | list):
            continue
        text = str(value).strip()
        if text.lower() in _PLACEHOLDERS or not text.strip("0-"):
            continue
        if field != "anonymousId":
            keys.append("u:" + text)
        if field != "userId":
            keys.append("a:" + text)
    return tuple(dict.fromkeys(keys))
