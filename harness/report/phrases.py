"""Say figures as a person reads them, the same way in the terminal and on the page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from harness.throttle.check import NOTE
from harness.throttle.expected import EXPECTATION, say_measured

NOTHING: Final = "–"
NAME_CHARACTERS: Final = 80

DEFINITIONS: Final = {
    "service_time_ms": (
        "Service time",
        "One attempt that was answered 2xx: from its first byte sent to its answer read.",
    ),
    "response_time_ms": (
        "Response time",
        "One item: from the instant it was due to its final answer, waits and retries included.",
    ),
    "schedule_lag_ms": ("Schedule lag", "How late the harness itself was, waits apart."),
    "lane_wait_ms": ("Lane wait", "Waiting for an earlier item of the same person."),
    "limit_wait_ms": ("Limit wait", "Waiting for our own ceiling, or for a pause that a 429 asked for."),
    "batch_wait_ms": ("Batch wait", "Waiting for a batch to fill."),
    "user_wait_ms": ("User wait", "Waiting for a free connection."),
}
STOPS: Final = {
    "interrupted": "Interrupted",
    "duration": "Ended by --duration",
    "error": "Ended by an error",
}
OUTCOMES: Final = {
    "2xx": "Service time, 2xx",
    "429": "Service time, 429",
    "other": "Service time, other statuses",
    "none": "Service time, no answer",
}
ENDS: Final = {
    "accepted": "Answered 2xx.",
    "rejected": "Refused for good: a status that is not retried.",
    "abandoned": "Sent, but no final answer within the attempts and the time allowed.",
    "dropped": "Never sent, by the late policy or the ceiling policy.",
    "cancelled": "Never sent, because the run was stopped.",
    "pending": "Sent, and no final answer when the run ended.",
}
RECONCILED: Final = {
    "ledger_unique": ("received", "Different messages that the receiver has."),
    "missing": ("missing", "Accepted here and never received."),
    "unexpected": ("unexpected", "An id of this run that was never sent."),
    "duplicates": ("duplicates", "Arrivals of a message that had arrived before."),
    "duplicates_explained": ("of them explained", "An earlier attempt ended without a clear answer."),
    "out_of_order": ("out of order", "Arrived before an earlier message of the same person."),
    "out_of_order_explained": ("of them explained", "An earlier attempt ended without a clear answer."),
    "received_unconfirmed": ("received, unconfirmed", "Received though no answer here said so."),
    "received_though_refused": ("received, though refused", "Refused in a clear answer, and yet received."),
}


HOLDS: Final = {True: "holds", False: "false", None: "no data"}


def count(value: float | None) -> str:
    """`2,400`; a dash for nothing."""
    return NOTHING if value is None else f"{value:,.0f}"


def precise(value: float | None) -> str:
    """Three figures or so: `0.042`, `4.21`, `42.1`, `421`, `4,210`; a dash for nothing."""
    if value is None:
        return NOTHING
    for bound, decimals in ((0.0005, 0), (0.0995, 3), (9.995, 2), (99.95, 1)):
        if abs(value) < bound:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"


def measured(outcome: Mapping[str, Any]) -> str:
    """The figure that an expectation met, with its unit: `4.21 ms`; a dash for nothing."""
    figure = outcome["measured"]
    return NOTHING if figure is None else say_measured(figure, outcome["unit"])


def is_told_as_finding(finding: Mapping[str, Any]) -> bool:
    """False for an expectation that holds: the list of expectations tells it."""
    return (finding["check"], finding["level"]) != (EXPECTATION, NOTE)


def share(part: float | None, whole: float | None) -> str:
    """`12.5 %`; never `100 %` or `0 %` of what is not all or nothing."""
    if not whole or part is None:
        return NOTHING
    if 0 < part < whole:
        return f"{min(max(part / whole, 0.001), 0.999):.1%}".replace("%", " %")
    return f"{part / whole:.0%}".replace("%", " %")


def clock(seconds: float) -> str:
    """A place on a time axis: `45 s`, `2:05`, `1:02:05`."""
    whole_s = round(seconds)
    if whole_s < 120:
        return f"{seconds:g} s"
    hours, rest_s = divmod(whole_s, 3_600)
    minutes, left_s = divmod(rest_s, 60)
    return f"{hours}:{minutes:02d}:{left_s:02d}" if hours else f"{minutes}:{left_s:02d}"


def instant(iso: str | None) -> str:
    """`2 Jan 2026, 03:04:05 UTC` from an ISO-8601 instant; a dash for nothing."""
    if iso is None:
        return NOTHING
    read = datetime.fromisoformat(iso).astimezone(UTC)
    return f"{read.day} {read:%b %Y, %H:%M:%S} UTC"


def cut(name: object, most: int = NAME_CHARACTERS) -> str:
    """A name from outside: at most 80 characters, none that moves a cursor or turns text round."""
    text = "".join(sign if sign.isprintable() else "·" for sign in str(name)[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def plain_text(text: str) -> str:
    """A sentence of ours with names from outside in it, as long as it is, that turns no text round."""
    return "".join(sign if sign.isprintable() else "·" for sign in text)


def limit_name(use: dict[str, Any]) -> str:
    """A limit with the source it speaks of, where it speaks of one."""
    return f"{use['name']} ({cut(use['label'])})" if use["label"] else use["name"]


def stop_sentence(
    stopped_by: str | None, messages: dict[str, int], calls: dict[str, int] | None = None
) -> str:
    """What a stop left undone, before the verdict; nothing for a run that ended by itself."""
    if stopped_by is None:
        return ""
    how = STOPS.get(stopped_by, f"Stopped by {stopped_by}")
    left = messages["cancelled"] + messages["pending"]
    more = ""
    if calls is not None and calls["selected"]:
        more = f" and {calls['cancelled'] + calls['pending']:,} of {calls['selected']:,} calls"
    return f"{how} with {left:,} of {messages['selected']:,} messages{more} not delivered. "


def sentence(
    verdict: str | None,
    said: str | None,
    messages: dict[str, int],
    calls: dict[str, int] | None = None,
    *,
    confirmed: bool,
) -> str:
    """The verdict in one sentence; `said` is the evidence of the finding that decided it."""
    if verdict is None:
        return "Running: no verdict yet."
    if said is not None:
        return f"{verdict.capitalize()}: {said}"
    if calls is not None and calls["selected"]:
        return f"{verdict.capitalize()}: {_with_calls(messages, calls, confirmed=confirmed)}."
    selected, accepted = messages["selected"], messages["accepted"]
    if not selected:
        return f"{verdict.capitalize()}: there was nothing to do."
    taken = f"{accepted:,} of {selected:,} messages accepted"
    if accepted == selected:
        taken = "the message was accepted" if selected == 1 else f"all {selected:,} messages were accepted"
    return f"{verdict.capitalize()}: {taken}{', and each was received once, in order' if confirmed else ''}."


def _with_calls(messages: dict[str, int], calls: dict[str, int], *, confirmed: bool) -> str:
    parts = [(messages, "message"), (calls, "call")] if messages["selected"] else [(calls, "call")]
    nouns = [f"{sums['selected']:,} {noun}{'' if sums['selected'] == 1 else 's'}" for sums, noun in parts]
    if all(sums["accepted"] == sums["selected"] for sums, _ in parts):
        each = ", and each message was received once, in order" if confirmed and messages["selected"] else ""
        alone = len(parts) == 1 and calls["selected"] == 1
        return "the call was accepted" if alone else f"all {' and '.join(nouns)} were accepted{each}"
    taken = (f"{sums['accepted']:,} of {noun}" for (sums, _), noun in zip(parts, nouns, strict=True))
    return f"{' and '.join(taken)} accepted"
