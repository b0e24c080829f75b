"""Say what a receiver saw as rows of words and a figure, for the terminal and the page alike."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from harness.report.phrases import count, cut, precise
from harness.units import format_size

NOT_MEASURED: Final = ("offered rate", "service and response time", "schedule lag", "waits", "connections")


class ObservedRow(NamedTuple):
    """One figure, its name and its definition."""

    words: str
    figure: str
    meaning: str


def observed_rows(document: Mapping[str, Any]) -> tuple[ObservedRow, ...]:
    """The rows of a document that a receiver tells; none of another, or of one that has not ended."""
    seen = document.get("observed")
    if seen is None:
        return ()
    retries, throttle = seen["retries"], document["throttle"]
    rows = [
        ObservedRow(
            "retries",
            f"{count(retries['requests'])} requests, {count(retries['unmarked'])} without X-Retry-Count",
            "Requests that say so, or that hold a message which had been turned away.",
        ),
        ObservedRow(
            "came again",
            f"{count(retries['messages'])} messages, "
            f"{count(retries['again_though_accepted'])} more though accepted",
            "Messages that arrived once more after they had been turned away, or after a 2xx.",
        ),
    ]
    waits = retries["wait_ms"]
    if waits["count"]:
        rows.append(
            ObservedRow(
                "waited, ms",
                f"p50 {precise(waits['p50'])}, p99 {precise(waits['p99'])}, max {precise(waits['max'])}",
                "From the arrival of one try to that of the next.",
            )
        )
    rows.append(
        ObservedRow(
            "Retry-After",
            f"{count(throttle['retry_after_asked'])} asked, "
            f"{count(throttle['retry_after_honoured'])} retries waited as long, "
            f"{count(throttle['retry_after_violated'])} came too early",
            "Judged where a message came again; 5 ms too early is let pass, as timers differ.",
        )
    )
    for words, name in (("request size", "request_bytes"), ("message size", "message_bytes")):
        size = seen[name]
        if size["count"]:
            told = ", ".join(f"{stat} {format_size(round(size[stat]))}" for stat in ("p50", "p99", "max"))
            large = seen[f"{name.partition('_')[0]}s_too_large"]
            rows.append(
                ObservedRow(
                    words,
                    told + (f"; {count(large)} too large" if large else ""),
                    "Unpacked, against 32 KB a message and 500 KB a batch.",
                )
            )
    carried = seen["messages_per_request"]
    if carried["count"]:
        rows.append(
            ObservedRow(
                "batching",
                f"{precise(carried['mean'])} messages a request, at most {count(carried['max'])}",
                "Messages of the Tracking API's requests.",
            )
        )
    rows.append(
        ObservedRow(
            "order",
            f"{count(seen['out_of_order'])} of {count(seen['order_judged'])} out of order, "
            f"{count(seen['people'])} ids of people",
            "Arrived after a message of the same person with a later timestamp.",
        )
    )
    refused = sorted(seen["refused"].items(), key=lambda entry: -entry[1])
    rows += [
        ObservedRow(cut(reason), f"{count(number)} messages", "Arrivals that were turned away, by reason.")
        for reason, number in refused[:_REASONS_MOST]
    ]
    rows += _expected(seen["expected"])
    command = seen["command"]
    if command is not None:
        code = command["exit_code"]
        rows.append(
            ObservedRow(
                "command",
                f"{cut(command['name'])}, " + ("ended by us" if code is None else f"exit code {code}"),
                "What was run, and how it ended.",
            )
        )
    return tuple(rows)


def _expected(expected: Mapping[str, Any] | None) -> list[ObservedRow]:
    if expected is None:
        return []
    parts = (
        f"{count(expected['received'])} of {count(expected['expected'])} came",
        f"{count(expected['missing'])} missing",
        f"{count(expected['unexpected'])} unexpected",
        f"{count(expected['repeated'])} more than once",
        f"{count(expected['without_value'])} messages without",
    )
    return [
        ObservedRow(f"by {cut(expected['key'])}", ", ".join(parts), "The list of values beside what came.")
    ]


_REASONS_MOST: Final = 8
