"""Read a recording as its format says: which items there are, of whom, about what, how large, and when."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

KINDS: Final = ("identify", "track", "page", "screen", "group", "alias")
BATCH_PATHS: Final = ("/v1/batch", "/v1/import", "/v1/b")
NAMED_BY: Final = {"track": "event", "page": "name", "screen": "name"}
_NOBODY: Final = ("", "-1", "null", "anonymous")
_SHARED: Final = ("context", "integrations")
_NS: Final = 1_000_000_000


class Item(NamedTuple):
    """A message, or a Profile or Config call, as it stands in the recording."""

    position: int  # in reading order
    api: str
    kind: str  # a message's type, or the method
    source: str
    at_ns: int | None
    keys: tuple[str, ...]  # u:… and a:…
    user: str  # "" where it has none, or one that stands for nobody
    anonymous: str
    previous: str
    event: str | None
    size_bytes: int
    path: str


def read_recording(path: Path) -> Sequence[Item]:
    """The items up to the first bad line, in reading order."""
    items: list[Item] = []
    for number, line in enumerate(content_of(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError:
            break  # a bad line, or the last one, cut off
        if number == 1 and isinstance(fields, dict) and "harness" in fields:
            continue
        try:
            items += _items(fields, len(items))
        except (KeyError, TypeError, ValueError):
            break
    return items


def content_of(path: Path) -> bytes:
    """Its bytes, unpacked."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def in_time(items: Sequence[Item]) -> Sequence[Item]:
    """Sorted by instant; one without an instant stands behind what it follows."""
    latest = 0
    placed: list[tuple[int, int, Item]] = []
    for item in items:
        latest = latest if item.at_ns is None else item.at_ns
        placed.append((latest, item.position, item))
    return [item for _, _, item in sorted(placed)]


def _keys(user: str, anonymous: str, previous: str) -> tuple[str, ...]:
    """The ids that join a message to a person; an alias's previousId may be either kind."""
    named = (("u:", user), ("a:", anonymous), ("u:", previous), ("a:", previous))
    return tuple(dict.fromkeys(kind + one for kind, one in named if one))


def _id(value: Any) -> str:
    if value is None or isinstance(value, bool | dict | list):
        return ""
    text = str(value).strip()
    return "" if text.lower() in _NOBODY or not text.strip("0-") else text


def _items(fields: dict[str, Any], first: int) -> Iterator[Item]:
    if fields.get("type") in KINDS and not ("path" in fields and "body" in fields):
        times = (fields.get(name) for name in ("receivedAt", "timestamp", "sentAt"))
        at = next((value for value in times if value is not None), None)
        project = fields.get("projectId")
        yield _message(first, fields, fields["type"], project if isinstance(project, str) else "", _at_ns(at))
        return
    path, source, at_ns = fields["path"], fields.get("source", ""), _at_ns(fields.get("at"))
    bare = path.partition("?")[0].rstrip("/")
    body = fields.get("body") or {}
    if bare in BATCH_PATHS:
        for place, own in enumerate(body["batch"]):
            yield _message(first + place, _merged(own, body), own["type"], source, at_ns)
        return
    implied = {f"/v1/{kind}": kind for kind in KINDS} | {f"/v1/{kind[0]}": kind for kind in KINDS}
    if bare in implied:
        kind = body["type"] if body.get("type") in KINDS else implied[bare]
        yield _message(first, {**body, "type": kind}, kind, source, at_ns)
        return
    api = "profile" if path.startswith("/v1/spaces/") else "config"
    yield Item(first, api, fields.get("method", "GET"), source, at_ns, (), "", "", "", None, 0, path)


def _message(position: int, message: dict[str, Any], kind: str, source: str, at_ns: int | None) -> Item:
    name = message.get(NAMED_BY.get(kind, ""))
    event = name if isinstance(name, str) and name else None
    size_bytes = len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
    user, anonymous, previous = (_id(message.get(f"{one}Id")) for one in ("user", "anonymous", "previous"))
    keys = _keys(user, anonymous, previous)
    return Item(
        position, "tracking", kind, source, at_ns, keys, user, anonymous, previous, event, size_bytes, ""
    )


def _merged(own: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    """A message of a batch with the context and integrations around it; its own values win."""
    shared = {name: around[name] for name in _SHARED if isinstance(around.get(name), dict) and around[name]}
    taken = {
        name: value if own.get(name) is None else {**value, **own[name]}
        for name, value in shared.items()
        if own.get(name) is None or isinstance(own[name], dict)
    }
    return {**own, **taken}


def _at_ns(at: Any) -> int | None:
    if at is None:
        return None
    if isinstance(at, int | float):
        return round(at * _NS)
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.replace(microsecond=0).timestamp()) * _NS + moment.microsecond * 1_000
