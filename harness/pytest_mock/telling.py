"""Say what the mock saw, so that whoever broke something finds it: counts, and the requests one by one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from harness.pytest_mock.sightings import SeenRequest
from harness.units import NS_PER_S

ROWS_MOST: Final = 24
_IDS_MOST: Final = 3
_ID_CHARACTERS: Final = 40
_CLASSES: Final = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")
_REASONS: Final = ("discarded_by_reason", "refused_by_reason", "unreadable_by_reason")


def account(counts: Mapping[str, Any], requests: Sequence[SeenRequest], masked_key: str) -> str:
    """What reached the mock under one write key, in some lines."""
    classes = [f"{counts[name]:,} {name}" for name in _CLASSES if counts[name]]
    lines = [f"Under the write key {masked_key} the mock saw {said(len(requests), 'request')}."]
    if counts["received"]:
        lines.append(f"{said(counts['received'], 'message')} arrived: {', '.join(classes)}.")
    if counts["unreadable_requests"]:
        lines.append(f"{said(counts['unreadable_requests'], 'request')} could not be read.")
    reasons = {reason: count for name in _REASONS for reason, count in counts[name].items()}
    if reasons:
        lines.append("Reasons: " + ", ".join(f"{reason} {count:,}" for reason, count in reasons.items()))
    return "\n".join([*lines, *table(requests)])


def table(
    requests: Sequence[SeenRequest],
    notes: Mapping[int, str] | None = None,
    around: Collection[int] = (),
) -> list[str]:
    """The requests, one a line, with a note on some; of many those about the places in `around`."""
    if not requests:
        return []
    notes = notes or {}
    middle = min(around, default=0)
    begin = max(0, min(middle - ROWS_MOST // 3, len(requests) - ROWS_MOST))
    shown = range(begin, min(begin + ROWS_MOST, len(requests)))
    rows = [("", "#", "time", "request", "answer", "messages")]
    start_ns = requests[0].at_ns
    for place in shown:
        request = requests[place]
        rows.append(
            (
                ">" if place in notes else "",
                str(place + 1),
                f"{(request.at_ns - start_ns) / NS_PER_S:+.3f} s",
                f"{request.method} {request.path[:_ID_CHARACTERS]}",
                _answer(request),
                _messages(request),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        " ".join(cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)) + " " + row[5]
        for row in rows
    ]
    for row, place in enumerate(shown, 1):
        if place in notes:
            lines[row] += f"  <- {notes[place]}"
    left_out = len(requests) - len(shown)
    if left_out:
        lines.append(f"  and {said(left_out, 'request')} more")
    return [line.rstrip() for line in lines]


def listed(names: Sequence[str], most: int = 5) -> str:
    """`m1, m2, m3 and 7 more`."""
    told = ", ".join(printable(name) for name in names[:most])
    return told + (f" and {len(names) - most:,} more" if len(names) > most else "")


def printable(text: str) -> str:
    """A foreign text as it may stand in a line."""
    cut = text[:_ID_CHARACTERS] + ("…" if len(text) > _ID_CHARACTERS else "")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in cut)


def said(count: int, noun: str) -> str:
    """`1 request`, `2,400 requests`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _answer(request: SeenRequest) -> str:
    if request.status is None:
        return "no whole answer"
    if request.retry_after is None:
        return str(request.status)
    return f"{request.status}, Retry-After {printable(request.retry_after)}"


def _messages(request: SeenRequest) -> str:
    if not request.ids:
        return str(request.messages)
    return f"{request.messages}: {listed(request.ids, _IDS_MOST)}"
