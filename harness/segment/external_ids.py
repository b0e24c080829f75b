"""Find the external ids that Segment promotes from one message.

The places are those of the table "ExternalIDs" in segment-docs' identity resolution pages, read 2025-11. A
group call's traits describe the account, so no id of a person is read from them.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from harness.segment.identity import (
    ANONYMOUS_ID,
    GA_CLIENT_ID,
    GROUP_ID,
    USER_ID,
    ExternalId,
    IdentityRules,
)

BLOCKED_ID: Final = "blocked_id"
ID_NOT_TEXT: Final = "id_not_text"
ID_TOO_LONG: Final = "id_too_long"
MALFORMED_EXTERNAL_ID: Final = "malformed_external_id"

_DEVICES: Final = frozenset({"ios", "android"})
_INTEGER_BITS: Final = 64  # a larger number is no id; writing it out could take for ever
_external_id: Final = partial(
    tuple.__new__, ExternalId
)  # a named tuple's own constructor takes twice as long

_Found = list[tuple[str, Any]]  # type, and whatever stands where the id should be


class Promotion(NamedTuple):
    """The external ids of one message, each once, and why others were passed over."""

    users: list[ExternalId]
    accounts: list[ExternalId]
    ignored: list[str]  # reasons, one for each value that is there and is no id


def promoted(message: Mapping[str, Any], kind: str, rules: IdentityRules) -> Promotion:
    """The ids on a message of this kind. Never raises, whatever the message holds."""
    users: _Found = [(USER_ID, message.get("userId")), (ANONYMOUS_ID, message.get("anonymousId"))]
    accounts: _Found = [(GROUP_ID, message.get("groupId"))] if kind == "group" else []
    ignored: list[str] = []
    if kind != "group":
        _read_keys(message.get("traits"), rules.trait_keys, users)
        if rules.property_keys:
            _read_keys(message.get("properties"), rules.property_keys, users)
    context = message.get("context")
    if isinstance(context, dict):
        _read_context(context, rules, users, accounts, ignored)
    return Promotion(_sound(users, rules, ignored), _sound(accounts, rules, ignored), ignored)


def _read_keys(traits: Any, keys: tuple[tuple[str, str], ...], found: _Found) -> None:
    if not isinstance(traits, dict) or not traits:
        return
    for key, type_ in keys:
        value = traits.get(key)
        if value is not None:
            found.append((type_, value))


def _read_context(
    context: dict[str, Any], rules: IdentityRules, users: _Found, accounts: _Found, ignored: list[str]
) -> None:
    _read_keys(context.get("traits"), rules.trait_keys, users)
    device = context.get("device")
    if isinstance(device, dict):
        _read_device(device, users)
    integrations = context.get("integrations")
    if isinstance(integrations, dict):
        google = integrations.get("Google Analytics")
        if isinstance(google, dict):
            users.append((GA_CLIENT_ID, google.get("clientId")))
    if rules.account_from_context and not accounts:
        accounts.append((GROUP_ID, context.get("groupId")))
    custom = context.get("externalIds")
    if custom is None:
        return
    for entry in custom if isinstance(custom, list) else [custom]:
        collection = _collection_of(entry)
        if collection is None:
            ignored.append(MALFORMED_EXTERNAL_ID)
        else:
            (users if collection == "users" else accounts).append((entry["type"], entry.get("id")))


def _read_device(device: dict[str, Any], found: _Found) -> None:
    type_ = device.get("type")
    if not isinstance(type_, str) or type_.lower() not in _DEVICES:
        return
    system = type_.lower()
    found.append((f"{system}.id", device.get("id")))
    if device.get("adTrackingEnabled") is True:
        found.append((f"{system}.idfa", device.get("advertisingId")))
    found.append((f"{system}.push_token", device.get("token")))


def _collection_of(entry: Any) -> str | None:
    """`users` or `accounts`; None unless all four fields are there as Segment requires."""
    if not isinstance(entry, dict) or entry.get("encoding") != "none" or entry.get("id") is None:
        return None
    type_, collection = entry.get("type"), entry.get("collection")
    # A colon would part the type from the id in the Profile API's addresses.
    if not isinstance(type_, str) or not type_ or type_ != type_.lower() or ":" in type_:
        return None
    return collection if collection in ("users", "accounts") else None


def _sound(found: _Found, rules: IdentityRules, ignored: list[str]) -> list[ExternalId]:
    ids: list[ExternalId] = []
    for type_, value in found:
        if value is None:
            continue
        if isinstance(value, str):
            text = value
        elif isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _INTEGER_BITS:
            text = str(value)
        else:
            ignored.append(ID_NOT_TEXT)
            continue
        if len(text) > rules.id_characters or len(type_) > rules.id_characters:
            ignored.append(ID_TOO_LONG)
        elif rules.is_blocked(text):
            ignored.append(BLOCKED_ID)
        else:
            ids.append(_external_id((type_, text)))
    return ids if len(ids) < 2 else list(dict.fromkeys(ids))
