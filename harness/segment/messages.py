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

# Ids that stand for nobody: Unify's suggested blocked values (segment-docs "Identity resolution settings").
_PLACEHOLDERS: Final = frozenset({"", "-1", "null", "anonymous"})
_LONGEST_PLACEHOLDER: Final = max(map(len, _PLACEHOLDERS))

MESSAGE_ID_CHARACTERS: Final = 100  # HTTP API docs, "messageId"; read 2025-11


def person_keys(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids that keep this message in its person's order, as `u:…` and `a:…`.

    An alias may name either kind of id as its previousId, so that counts as both. Empty and placeholder ids
    (`-1`, `null`, `anonymous`, zeros), and values that are no id, are no key; numbers are ids.
    """
    return keys_of(message.get("userId"), message.get("anonymousId"), message.get("previousId"))


def keys_of(user_id: object, anonymous_id: object, previous_id: object) -> tuple[str, ...]:
    """As `person_keys`, of the values of its three fields; None for one that is not there."""
    user, anonymous = _id_text(user_id), _id_text(anonymous_id)
    previous = "" if previous_id is None else _id_text(previous_id)
    if previous:
        keys = (user and "u:" + user, anonymous and "a:" + anonymous, "u:" + previous, "a:" + previous)
        return tuple(dict.fromkeys(filter(None, keys)))
    if user:
        return ("u:" + user, "a:" + anonymous) if anonymous else ("u:" + user,)
    return ("a:" + anonymous,) if anonymous else ()


def _id_text(value: object) -> str:
    """An id as text; empty when the value is none, or stands for nobody."""
    if type(value) is str:
        text = value.strip()
    elif value is None or isinstance(value, bool | dict | list):
        return ""
    else:
        text = str(value).strip()
    # Long ones, nearly all there are, are compared with nothing: this runs for every message.
    if len(text) <= _LONGEST_PLACEHOLDER and text.lower() in _PLACEHOLDERS:
        return ""
    return text if text.strip("0-") else ""
