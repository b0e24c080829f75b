"""Read the ledger that a mock kept: each arrival of a message, and each request as far as it is known."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

RECEIVED: Final = ("stored", "duplicates", "discarded")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Arrival(NamedTuple):
    """One arrival of one message."""

    id: str
    at_us: int  # since 1970
    class_: str
    reason: str | None
    status: int | None
    key: int
    stored: bool  # by this arrival, whatever was answered

    @property
    def received(self) -> bool:
        """Whether the receiver has it by this arrival, or says that it threw it away."""
        return self.class_ in RECEIVED or self.stored


class Call(NamedTuple):
    """One request; of a mock that notes no calls, only those that carried messages that could be read."""

    api: str
    at_us: int
    status: int | None  # None: a fault ate the answer
    retry_after: str | None
    tries: int | None  # X-Retry-Count, where it was noted
    ids: tuple[str, ...]


class Journal(NamedTuple):
    """What a mock wrote down."""

    arrivals: Sequence[Arrival]
    calls: Sequence[Call]  # in the order in which they came
    noted: bool  # the calls are those that the mock noted, of all APIs, not put together from arrivals

    def of(self, prefix: str) -> "Journal":
        """The part of one run: the ids that begin so. Calls without an id are kept where they are noted."""
        return Journal(
            [arrival for arrival in self.arrivals if arrival.id.startswith(prefix)],
            [
                call
                for call in self.calls
                if any(one.startswith(prefix) for one in call.ids) or (self.noted and not call.ids)
            ],
            self.noted,
        )


def read_journal(path: Path) -> Journal:
    """The journal at this path. A last line without an end was cut by a death and does not count."""
    arrivals: list[Arrival] = []
    put_together: list[Call] = []
    noted: list[Call] = []
    *lines, _ = path.read_bytes().split(b"\n")
    for raw in lines:
        line = json.loads(raw)
        if isinstance(line, list):
            some = list(_arrivals(line))
            _add_call(put_together, some, together=isinstance(line[0], list))
            arrivals += some
        elif "call" in line:
            noted.append(_call(line["call"]))
        elif "reset" in line:  # one write key was emptied; what was there is forgotten
            arrivals = [arrival for arrival in arrivals if arrival.key != line["reset"]]
    return Journal(arrivals, noted or put_together, bool(noted))


def index_of(message_id: str, run_id: str) -> int | None:
    """The index in `<run id>.<index in base 36>`; None for any other id."""
    own, dot, digits = message_id.rpartition(".")
    if own != run_id or not dot or not digits or set(digits) - set(_DIGITS):
        return None
    index = int(digits, 36)
    return index if id_of(index, run_id) == message_id else None


def id_of(index: int, run_id: str) -> str:
    """The message id of an item."""
    digits = ""
    while True:
        index, digit = divmod(index, 36)
        digits = _DIGITS[digit] + digits
        if not index:
            return f"{run_id}.{digits}"


def _arrivals(line: list[Any]) -> Iterator[Arrival]:
    if isinstance(line[0], list):
        ids, at_us, key, _, _ = line
        for one in ids:
            yield Arrival(one, at_us, "stored", None, 200, key, stored=True)
        return
    message_id, at_us, class_, reason, status, key, stamp_ms = line
    yield Arrival(message_id or "", at_us, class_, reason, status, key, stored=stamp_ms is not None)


def _add_call(calls: list[Call], some: list[Arrival], *, together: bool) -> None:
    """Rows of one instant, one key and one status are the messages of one request."""
    first = some[0]
    same = calls and (calls[-1].at_us, calls[-1].status) == (first.at_us, first.status)
    if same and not together:
        last = calls.pop()
        calls.append(last._replace(ids=(*last.ids, *(arrival.id for arrival in some))))
    else:
        ids = tuple(arrival.id for arrival in some)
        calls.append(Call("tracking", first.at_us, first.status, None, None, ids))


def _call(note: list[Any]) -> Call:
    at_us, api, _, _, status, retry_after, tries, _, _, rows = note
    return Call(api, at_us, status, retry_after, tries, tuple(row[1] or "" for row in rows))
