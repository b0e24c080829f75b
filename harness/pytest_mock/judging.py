"""Judge what reached the mock: pauses kept, rates kept, each message delivered once. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from harness.pytest_mock.sightings import DUPLICATES, FAULTED, STORED, SeenArrival, SeenRequest
from harness.units import NS_PER_S

LONGEST_PAUSE_S: Final = (
    300  # Segment's own libraries wait no longer, whatever is asked: their source, 2026-08
)
_RETRIED: Final = frozenset({408, 410, 429, 460})  # and 5xx, but for the next
_FINAL: Final = frozenset({501, 505, 511})


class TooEarly(NamedTuple):
    """A request that came while a pause was asked for."""

    place: int  # of the request
    asked_by: int  # place of the request whose answer asked
    early_ns: int
    repeats: bool  # it holds a message that the pause was about


class Over(NamedTuple):
    """The fullest window that holds more than is allowed."""

    first: int  # places of its first request and of its last
    last: int
    held: int  # requests or messages in it


class Undelivered(NamedTuple):
    """An id that was not delivered exactly once, and why."""

    id: str
    why: str


def pause_ns(request: SeenRequest) -> int | None:
    """How long its answer asks to wait, from its arrival; None when it asks for nothing that can be obeyed.

    Whole seconds and the three forms of an HTTP date (RFC 9110, 10.2.3) are understood, on answers after
    which a client tries again.
    """
    if request.retry_after is None or request.status is None or request.status in _FINAL:
        return None
    if request.status not in _RETRIED and request.status < 500:
        return None
    text = request.retry_after.strip()
    if text.isascii() and text.isdigit():
        asked_ns = int(text[:18]) * NS_PER_S
    else:
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            return None
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        asked_ns = round(instant.timestamp()) * NS_PER_S - request.at_ns
    return max(0, min(asked_ns, LONGEST_PAUSE_S * NS_PER_S))


def too_early(requests: Sequence[SeenRequest], in_flight: int, slack_ns: int) -> list[TooEarly]:
    """The requests that came before a pause was over: the latest one that was asked for.

    In each pause the first `in_flight` requests with other messages are taken to have been on their way.
    """
    found: list[TooEarly] = []
    until_ns, asked_by, excused = 0, -1, 0
    refused: set[str] = set()
    for place, request in enumerate(requests):
        early_ns = until_ns - slack_ns - request.at_ns
        is_early = asked_by >= 0 and early_ns > 0
        if is_early:
            repeats = not refused.isdisjoint(request.ids)
            excused += not repeats
            if repeats or excused > in_flight:
                found.append(TooEarly(place, asked_by, early_ns, repeats))
        else:
            refused.clear()
            excused = 0
        asked_ns = pause_ns(request)
        if asked_ns:
            until_ns, asked_by = request.at_ns + asked_ns, place
            refused.update(request.ids)
    return found


def over(
    requests: Sequence[SeenRequest], count: int, window_ns: int, *, messages: bool, slack_ns: int = 0
) -> Over | None:
    """The fullest window [t, t + window - slack) with more than `count` in it; None when there is none."""
    worst: Over | None = None
    first = held = 0
    for last, request in enumerate(requests):
        held += request.messages if messages else 1
        while request.at_ns - requests[first].at_ns >= window_ns - slack_ns and first < last:
            held -= requests[first].messages if messages else 1
            first += 1
        if held > (count if worst is None else worst.held):
            worst = Over(first, last, held)
    return worst


def undelivered(
    ids: Iterable[str], arrivals: Iterable[SeenArrival], never_stored: set[str]
) -> list[Undelivered]:
    """Those of the ids that were not stored, or that came again after the client knew that they were."""
    asked = Counter(ids)
    by_id: dict[str, list[SeenArrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.id in asked:
            by_id[arrival.id].append(arrival)
    found: list[Undelivered] = []
    for message_id, times in asked.items():
        why = _why(by_id[message_id], is_stored=message_id not in never_stored)
        if times > 1:
            why = f"two messages cannot share an id, and it is named {times} times"
        if why is not None:
            found.append(Undelivered(message_id, why))
    return found


def others(ids: Iterable[str], arrivals: Iterable[SeenArrival]) -> list[str]:
    """Ids that were stored and are not among these, in order of arrival."""
    named = set(ids)
    return list(dict.fromkeys(a.id for a in arrivals if a.class_ == STORED and a.id not in named))


def _why(arrivals: list[SeenArrival], *, is_stored: bool) -> str | None:
    if not arrivals:
        return "never arrived"
    classes = [arrival.class_ for arrival in arrivals]
    if STORED not in classes and not (FAULTED in classes and is_stored):
        if DUPLICATES in classes:
            return "was there already under another write key; use an id once"
        return f"never stored: {'; then '.join(map(_fate, arrivals))}"
    known = False
    for number, arrival in enumerate(arrivals):
        if known:
            fates = "; then ".join(map(_fate, arrivals[: number + 1]))
            return f"sent again after a {arrivals[number - 1].status} had said that it is there: {fates}"
        status = arrival.status or 0
        known = arrival.class_ in {STORED, DUPLICATES, FAULTED} and 200 <= status < 300
    return None


def _fate(arrival: SeenArrival) -> str:
    said = "no answer" if arrival.status is None else str(arrival.status)
    return f"{arrival.class_} ({said}{'' if arrival.reason is None else f', {arrival.reason}'})"
