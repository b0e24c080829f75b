"""Read and write the paths of the Profile API: whose profile, and in which space."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote

from harness.segment.endpoints import PROFILE_PREFIX

# Profile API docs, "Routes" and "Query by external id"; read 2025-11. An id is escaped whole: `+` as %2B.
_TYPES: Final = {"u:": "user_id", "a:": "anonymous_id"}
_KEYS: Final = {type_: prefix for prefix, type_ in _TYPES.items()}
_USERS: Final = ("collections", "users", "profiles")
_PERSON: Final = 7  # the segment behind them


def traits_path(space: str, key: str) -> str:
    """Where the traits of a person are read; `key` is one of `messages.person_keys`."""
    profile = f"{_TYPES[key[:2]]}:{quote(key[2:], safe='')}"
    return f"{PROFILE_PREFIX}{quote(space, safe='')}/{'/'.join(_USERS)}/{profile}/traits"


def space_of(path: str) -> str:
    """The space id in a path of the Profile API; "" in any other."""
    return unquote(path[len(PROFILE_PREFIX) :].partition("/")[0]) if path.startswith(PROFILE_PREFIX) else ""


def with_space(path: str, space: str) -> str:
    """The same path in another space; a path of another API as it is."""
    if not path.startswith(PROFILE_PREFIX):
        return path
    _, slash, rest = path[len(PROFILE_PREFIX) :].partition("/")
    return f"{PROFILE_PREFIX}{quote(space, safe='')}{slash}{rest}"


def with_person(path: str, rename: Callable[[str], str]) -> str:
    """The same path with another person's id; one of an account, or of no profile, as it is.

    Segment's own id of a profile (`use_…`) stays too: nobody else has it.
    """
    bare, mark, query = path.partition("?")
    parts = bare.split("/")
    if not path.startswith(PROFILE_PREFIX) or tuple(parts[4:7]) != _USERS or len(parts) <= _PERSON:
        return path
    type_, colon, value = unquote(parts[_PERSON]).partition(":")
    if not colon:
        return path
    parts[_PERSON] = f"{quote(type_, safe='')}:{quote(rename(value), safe='')}"
    return "/".join(parts) + mark + query


def person_of_traits(path: str) -> str | None:
    """The person key of a read of somebody's traits, as `traits_path` takes it; None for any other path."""
    parts = path.partition("?")[0].rstrip("/").split("/")[3:]
    if len(parts) != 6 or tuple(parts[1:4]) != _USERS or parts[5] != "traits":
        return None
    type_, colon, value = unquote(parts[4]).partition(":")
    return _KEYS[type_] + value if colon and type_ in _KEYS else None
