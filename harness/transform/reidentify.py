"""Give a copied person ids of its own: the same new id for the same old one, wherever it stands in a message.

Rewritten is what joins messages to a person: `userId`, `anonymousId`, `previousId`, the ids of
`context.externalIds` that are not an account's, a device's `id`, `advertisingId` and `token`, Google
Analytics' `clientId`, and `email` in traits, context.traits and properties. Kept is `groupId`: there are more
people in the same accounts. So are a group's traits, which describe the account, and ids that stand for
nobody.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from harness.model import Message
from harness.segment.messages import person_keys

_PERSON_FIELDS: Final = ("userId", "anonymousId", "previousId")
_DEVICE_FIELDS: Final = ("id", "advertisingId", "token")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def reidentify(message: Message, *, copy: int, salt: str) -> Message:
    """The message as copy `copy` (1 or more) of its person sends it; `message` itself is not altered.

    A UUID becomes another UUID, an e-mail address the same mailbox under another tag, any other id keeps its
    text and gains a tag, so that a person of a report is found in the recording. `salt` tells runs apart.
    """
    made = _renamed(message, _PERSON_FIELDS, copy, salt)
    is_group = message.get("type") == "group"
    for name in ("traits", "properties"):
        part = message.get(name)
        if type(part) is dict and not (is_group and name == "traits"):
            made = _with(made, message, name, _remailed(part, copy, salt))
    context = message.get("context")
    if type(context) is dict:
        made = _with(made, message, "context", _context(context, copy, salt))
    return made


def copied_id(text: str, copy: int, salt: str) -> str:
    """What an id of a person becomes in copy `copy`, also where it stands outside a message, as in a path."""
    if _UUID.fullmatch(text) is None:
        return f"{text}~{copy}-{_tag(salt)}"
    digits = blake2b(f"{salt}\0{copy}\0{text.lower()}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _context(context: dict[str, Any], copy: int, salt: str) -> dict[str, Any]:
    made = context
    traits, device = context.get("traits"), context.get("device")
    if type(traits) is dict:
        made = _with(made, context, "traits", _remailed(traits, copy, salt))
    if type(device) is dict:
        made = _with(made, context, "device", _renamed(device, _DEVICE_FIELDS, copy, salt))
    custom = context.get("externalIds")
    if type(custom) is list:
        made = _with(made, context, "externalIds", [_external(entry, copy, salt) for entry in custom])
    elif type(custom) is dict:
        made = _with(made, context, "externalIds", _external(custom, copy, salt))
    integrations = context.get("integrations")
    if type(integrations) is dict and type(integrations.get("Google Analytics")) is dict:
        google = _renamed(integrations["Google Analytics"], ("clientId",), copy, salt)
        made = _with(made, context, "integrations", {**integrations, "Google Analytics": google})
    return made


def _with(made: dict[str, Any], original: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    """`made` with this value; copied first where it is still the original."""
    if value is original[name]:
        return made
    if made is original:
        made = dict(original)
    made[name] = value
    return made


def _external(entry: Any, copy: int, salt: str) -> Any:
    if type(entry) is not dict or entry.get("collection") == "accounts":
        return entry
    if entry.get("type") == "email":
        return _remailed(entry, copy, salt, "id")
    return _renamed(entry, ("id",), copy, salt)


def _renamed(fields: dict[str, Any], names: tuple[str, ...], copy: int, salt: str) -> dict[str, Any]:
    made = fields
    for name in names:
        value = fields.get(name)
        if _is_somebody(value):
            made = _with(made, fields, name, copied_id(str(value).strip(), copy, salt))
    return made


def _remailed(fields: dict[str, Any], copy: int, salt: str, name: str = "email") -> dict[str, Any]:
    address = fields.get(name)
    if type(address) is not str or "@" not in address:
        return fields
    mailbox, _, host = address.rpartition("@")
    return {**fields, name: f"{mailbox}+{copy}-{_tag(salt)}@{host}"}


def _is_somebody(value: object) -> bool:
    return bool(person_keys({"userId": value}))


@lru_cache(maxsize=8)
def _tag(salt: str) -> str:
    return blake2b(salt.encode(), digest_size=3).hexdigest()
