"""Cut a list into pages: what a query asks for, opaque cursors, and what stands on a page.

A cursor is the base64 of a position, `MA==` being 0, as in the Public API docs' samples (read 2025-11);
clients must not look into it.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import orjson

Item = TypeVar("Item")

COUNT: Final = "pagination.count"
CURSOR: Final = "pagination.cursor"
_LONGEST: Final = 12  # digits of a position or a count; no list is longer


class Wrong(NamedTuple):
    """Why a parameter cannot be used."""

    field: str
    message: str


class Asked(NamedTuple):
    """What a query asks for, as it came; None when it says nothing."""

    size: str | None
    cursor: str | None


class Page(NamedTuple, Generic[Item]):
    """Some items of a list, and the cursors around them; None where there is no such page."""

    items: Sequence[Item]
    current: str
    next: str | None
    previous: str | None
    total: int


def cursor_at(position: int) -> str:
    """The cursor of the page that starts with this item, counted from 0."""
    return base64.b64encode(str(position).encode("ascii")).decode("ascii")


def position_of(cursor: str) -> int | None:
    """Where a cursor's page starts; None when it is no cursor that `cursor_at` gives."""
    try:
        digits = base64.b64decode(cursor.encode("ascii"), validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        return None
    position = _whole(digits)
    return position if position is not None and cursor_at(position) == cursor else None


def asked_for(query: Mapping[str, Sequence[str]], body: bytes | None) -> Asked | Wrong:
    """The page a Public API call asks for, in any of the spellings its clients use.

    `pagination.count=10`, as documented; `pagination[count]=10`; `pagination={"count":10}`, which the Python
    SDK sends (its `parameters_to_url_query`, read 2026-08); and `{"pagination":{"count":10}}` in the body,
    as documented too. Of several spellings the first of these counts, of a repeated parameter the last.
    """
    packed = query.get("pagination")
    document = _json(packed[-1]) if packed else _pagination_of(body)
    if not isinstance(document, dict):
        return Wrong("pagination", "must be an object with a count and a cursor")
    found: list[str | None] = []
    for field in (COUNT, CURSOR):
        name = field.partition(".")[2]
        plain = query.get(field) or query.get(f"pagination[{name}]")
        value = plain[-1] if plain else document.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str | None):
            return Wrong(field, "must be a whole number" if field == COUNT else "must be a string")
        found.append(value)
    return Asked(*found)


def page_of(items: Sequence[Item], asked: Asked, *, default: int, largest: int) -> Page[Item] | Wrong:
    """The page asked for: `default` items where no count is given, never more than `largest`."""
    count = default
    if asked.size is not None:
        given = _whole(asked.size)
        if given is None or not 1 <= given <= largest:
            return Wrong(COUNT, f"must be a whole number from 1 to {largest}")
        count = given
    start = 0
    if asked.cursor is not None:
        position = position_of(asked.cursor)
        if position is None or (position and position >= len(items)):
            return Wrong(CURSOR, "must be a cursor that an earlier answer gave")
        start = position
    end = start + count
    return Page(
        items=items[start:end],
        current=cursor_at(start),
        next=cursor_at(end) if end < len(items) else None,
        previous=cursor_at(max(0, start - count)) if start else None,
        total=len(items),
    )


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= _LONGEST and text.isascii() and text.isdigit() else None


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _pagination_of(body: bytes | None) -> Any:
    # A GET may come with any body at all; only one that holds an object with this name means anything.
    document = _json(body) if body else None
    return document.get("pagination", {}) if isinstance(document, dict) else {}
