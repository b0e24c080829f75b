"""Read from a mock's ledger what reached it under one write key: requests, arrivals, messages."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from harness.errors import HarnessError
from harness.mock.admin_client import AdminClient
from harness.units import parse_instant_ns

PAGE: Final = 10_000  # the most that the admin tells at once
STORED: Final = "stored"
DUPLICATES: Final = "duplicates"
FAULTED: Final = "faulted"


class NotKeptError(HarnessError):
    """What is asked for is not there any more; nothing can be proved from the rest."""


class SeenRequest(NamedTuple):
    """One request, and what it was answered."""

    at_ns: int  # by the mock's clock, since 1970
    method: str
    path: str
    status: int | None  # None: no whole answer reached the client
    retry_after: str | None  # the header of the answer, as it stood there
    messages: int
    ids: tuple[str, ...]  # of its messages that had one

    @property
    def is_good(self) -> bool:
        """True when the client was told that all is well."""
        return self.status is not None and 200 <= self.status < 300


class SeenArrival(NamedTuple):
    """One arrival of one message."""

    id: str
    class_: str  # stored, duplicates, discarded, refused, throttled, faulted
    reason: str | None
    status: int | None


def requests_of(admin: AdminClient, write_key: str, evicted_before: int = 0) -> list[SeenRequest]:
    """The requests of this write key, in order of arrival.

    Raises NotKeptError when some have left the mock's memory since `evicted_before` were gone.
    """
    found = admin.ask("POST", "/requests/find", {"write_key": write_key}, query={"limit": str(PAGE)})
    _check_kept(found, evicted_before)
    if found["meta"]["total"] > PAGE:
        raise NotKeptError(
            f"there were {found['meta']['total']:,} requests, and {PAGE:,} can be looked at; "
            "judge fewer at a time"
        )
    ids: dict[int, list[str]] = defaultdict(list)
    rows = found["requests"][::-1]
    starts = [(row["seq"], row["seq"] + row["messages"]) for row in rows]
    place = 0
    for row in _rows(admin, write_key):
        while place < len(starts) and row["seq"] >= starts[place][1]:
            place += 1
        if place < len(starts) and row["id"] is not None:
            ids[starts[place][0]].append(row["id"])
    return [
        SeenRequest(
            parse_instant_ns(row["received_at"]),
            row["method"],
            row["path"],
            row["status"],
            row["retry_after"],
            row["messages"],
            tuple(ids[row["seq"]]),
        )
        for row in rows
    ]


def check_kept(admin: AdminClient, evicted_before: int) -> None:
    """Raise NotKeptError when calls have left the mock's memory since `evicted_before` were gone."""
    _check_kept(admin.ask("GET", "/requests", query={"limit": "0"}), evicted_before)


def arrivals_of(admin: AdminClient, write_key: str) -> list[SeenArrival]:
    """Every arrival of a message with an id under this write key, in order."""
    return [
        SeenArrival(line["id"], line["class"], line["reason"], line["status"])
        for line in admin.lines("/ledger/ids", {"write_key": write_key})
        if line["id"] is not None
    ]


def messages_of(admin: AdminClient, write_key: str) -> list[dict[str, Any]]:
    """The stored messages of this write key as Segment hands them on, in order of arrival."""
    rows = _rows(admin, write_key)
    return [row["final"] for row in rows if row.get("final") is not None]


def never_stored(admin: AdminClient, ids: list[str]) -> set[str]:
    """Those of the ids that were not stored under any write key."""
    missing: set[str] = set()
    for first in range(0, len(ids), PAGE):
        asked = {"ids": ids[first : first + PAGE], "timeout_s": 0}
        missing.update(admin.ask("POST", "/ledger/wait", asked)["missing_ids"])
    return missing


def _check_kept(found: Mapping[str, Any], evicted_before: int) -> None:
    if found["evicted_calls"] > evicted_before:
        raise NotKeptError(
            f"the mock keeps {found['kept_bytes']:,} bytes of the last requests, and there were more; "
            "judge fewer at a time, or raise ledger.bodies_bytes in its settings"
        )


def _rows(admin: AdminClient, write_key: str) -> list[dict[str, Any]]:
    """The messages whose bodies are kept, with what became of each, in order of arrival."""
    rows: list[dict[str, Any]] = []
    query = {"write_key": write_key, "view": "all", "limit": str(PAGE)}
    while True:
        found = admin.ask("GET", "/ledger/messages", query=query)["messages"]
        rows += found
        if len(found) < PAGE:
            return rows
        query["after"] = str(found[-1]["seq"])
