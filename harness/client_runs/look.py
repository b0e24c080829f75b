"""Read from the mock what it saw under one write key."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from harness.mock.admin_client import AdminClient
from harness.throttle.clients.sight import Attempt, SeenMessage
from harness.units import parse_instant_ns

PAGE: Final = 10_000  # the most that the admin tells at once
_SEQ: Final = "harness_seq"


class Counts(NamedTuple):
    """How far it has come."""

    received: int  # arrivals of messages, and requests that could not be read
    unique: int  # messages that are stored


class Seen(NamedTuple):
    """All that came under one write key."""

    attempts: tuple[Attempt, ...]
    is_whole: bool  # nothing has left the mock's memory


def counts_of(admin: AdminClient, write_key: str) -> Counts:
    """The counts of this write key so far."""
    found = admin.ask("GET", "/ledger", query={"write_key": write_key})
    return Counts(found["received"] + found["unreadable_requests"], found["unique"])


def seen_of(admin: AdminClient, write_key: str) -> Seen:
    """Every request and message of this write key, in order of arrival."""
    found = admin.ask("POST", "/requests/find", {"write_key": write_key}, query={"limit": str(PAGE)})
    rows = found["requests"][::-1]
    messages = _messages(admin, write_key)
    attempts = []
    place = 0
    for row in rows:
        ends = row["seq"] + row["messages"]
        own: list[SeenMessage] = []
        while place < len(messages) and messages[place]["seq"] < ends:
            own.append(_message(messages[place]))
            place += 1
        attempts.append(
            Attempt(
                parse_instant_ns(row["received_at"]),
                row["method"],
                row["path"],
                row["status"],
                row["retry_after"],
                row["retry_count"],
                tuple(own),
                row["body_bytes"],
            )
        )
    is_whole = not found["evicted_calls"] and found["meta"]["total"] <= PAGE and place == len(messages)
    return Seen(tuple(attempts), is_whole)


def elsewhere(admin: AdminClient, write_keys: Sequence[str]) -> int:
    """How many requests of the Tracking API came under other write keys, or without one."""
    ask = {"api": "tracking"}
    total, *own = (
        int(admin.ask("POST", "/requests/count", asked)["count"])
        for asked in (ask, *({**ask, "write_key": key} for key in write_keys))
    )
    return total - sum(own)


def times_played(admin: AdminClient, name: str) -> int:
    """How often the faults whose names begin so were played."""
    faults = admin.ask("GET", "/faults")["faults"]
    return sum(int(row["used"]) for row in faults if row["name"].startswith(name))


def _messages(admin: AdminClient, write_key: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    query = {"write_key": write_key, "view": "all", "limit": str(PAGE)}
    while True:
        found: list[dict[str, Any]] = admin.ask("GET", "/ledger/messages", query=query)["messages"]
        rows += found
        if len(found) < PAGE:
            return rows
        query["after"] = str(found[-1]["seq"])


def _message(row: dict[str, Any]) -> SeenMessage:
    body = row.get("message")
    body = body if isinstance(body, dict) else {}
    number = None
    for holder in ("properties", "traits"):
        held = body.get(holder)
        if isinstance(held, dict) and isinstance(held.get(_SEQ), int | float | str):
            text = str(held[_SEQ]).removesuffix(".0")
            number = int(text) if text.isascii() and text.isdigit() else None
            break
    return SeenMessage(row["id"], number, row["class"], row.get("final") is not None, body)
