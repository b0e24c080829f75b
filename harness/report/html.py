"""Draw a run as one self-contained page that asks nobody for anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.report import phrases
from harness.report.advice import advice_for
from harness.report.by_api import COUNTS, TIMES, api_rows, read_sentence
from harness.report.charts import charts
from harness.report.checks import CheckResult, checks_of, worst_first
from harness.report.definitions import TERMS
from harness.report.document import write_whole
from harness.report.observed import is_observed
from harness.report.observed_rows import NOT_MEASURED, observed_rows
from harness.report.pace import pace
from harness.report.page import environment, page
from harness.units import NS_PER_S, format_duration

SOURCES_MOST: Final = 12
EVENTS_MOST: Final = 30
LIMITS_MOST: Final = 30
ERRORS_MOST: Final = 20
PAUSES_MOST: Final = 20

_PARTS: Final = (
    "verdict.j2",
    "replayed.j2",
    "sums.j2",
    "observed.j2",
    "over_time.j2",
    "times.j2",
    "apart.j2",
    "ending.j2",
)
_SECTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("findings", "Verdict"),
    ("trust", "Trust"),
    ("replayed", "What, where, how"),
    ("billed", "Billing"),
    ("became", "Sums"),
    ("observed", "Seen from the receiver"),
    ("rates", "Rate and limits"),
    ("answers", "Answers"),
    ("retries", "Retries"),
    ("times", "Times"),
    ("waits", "Waits"),
    ("apart", "By API, event, source"),
    ("sizes", "Sizes"),
    ("errors", "Errors"),
    ("health", "Generator"),
    ("again", "Run again"),
)


def html_report(document: Mapping[str, Any]) -> str:
    """The page of a document; what it has as null, or lacks, is told as not measured."""
    drawn = charts(document)
    rows = observed_rows(document)
    absent = {
        name for name, there in (("trust", document.get("trust_warnings")), ("observed", rows)) if not there
    }
    results = [result for result in checks_of(document) if result.group != "expectations"]
    kind = "traffic, observed" if is_observed(document) else "replay"
    view = {
        "run": document,
        "terms": TERMS,
        "sentence": _sentence(document),
        "drawn": drawn,
        "duration": format_duration(round((document.get("duration_s") or 0) * NS_PER_S)),
        "pace": pace(document),
        "kind": kind,
        "observed": is_observed(document),
        "sections": [entry for entry in _SECTIONS if entry[0] not in absent],
        "observed_rows": rows,
        "unknown_to_a_receiver": NOT_MEASURED,
        "holds": phrases.HOLDS,
        "outcomes": phrases.OUTCOMES,
        "ends": phrases.ENDS,
        "reconciled": phrases.RECONCILED,
        "api_counts": COUNTS,
        "api_times": TIMES,
        "api_rows": api_rows(document),
        "reads": read_sentence(document),
        "expectations": document.get("expectations") or (),
        "findings": [
            finding for finding in document.get("findings") or () if phrases.is_told_as_finding(finding)
        ],
        "checks": worst_first(results),
        "checks_told": _checks_told(results),
        "pauses": ((document.get("throttle") or {}).get("pauses") or [])[:PAUSES_MOST],
    }
    view |= _limits(document) | _contents(document) | _errors(document)
    ended = document.get("verdict") or document.get("state")
    title = f"{ended}: {kind} {phrases.cut(document.get('run_id'))}"
    return page(
        title=title,
        header=environment().get_template("header.j2").render(view),
        body="\n".join(environment().get_template(part).render(view) for part in _PARTS),
        charts={"charts": [chart.as_json() for found in drawn.values() for chart in found]}
        if drawn
        else None,
    )


def write_html(path: Path, document: Mapping[str, Any]) -> None:
    """Write the page in one piece, readable by its owner only. Raises ReportError."""
    write_whole(path, html_report(document).encode())


def _sentence(document: Mapping[str, Any]) -> tuple[str, str, str]:
    """The verdict in one sentence: what stands before its word, the word, and the rest."""
    text = phrases.plain_text(document.get("sentence") or "Unknown: this run has no verdict.")
    word = f"{str(document.get('verdict')).capitalize()}:"
    if word not in text:
        word = text.partition(":")[0] + ":"
    before, found, rest = text.partition(word)
    return before, found, rest


def _checks_told(results: Sequence[CheckResult]) -> str:
    """`1 warn, 34 pass`: how many checks came to what."""
    levels = Counter(result.level for result in worst_first(results))
    return ", ".join(f"{number} {level}" for level, number in levels.items())


def _limits(document: Mapping[str, Any]) -> dict[str, Any]:
    uses = sorted(
        (document.get("throttle") or {}).get("limits") or (),
        key=lambda use: (-(use["seconds_over"] or 0), -(use["peak_in_window"] or 0)),
    )
    return {"limits": uses[:LIMITS_MOST], "limits_left_out": max(0, len(uses) - LIMITS_MOST)}


def _contents(document: Mapping[str, Any]) -> dict[str, Any]:
    contents = document.get("contents") or {}
    rows = contents.get("by_event") or []
    events = rows[:EVENTS_MOST]
    by_source = contents.get("by_source") or {}
    ranked = sorted(
        (
            (name, sum(number or 0 for number in ends.values()), ends)
            for name, ends in by_source.items()
            if ends
        ),
        key=lambda entry: -entry[1],
    )
    seen = {end for _, _, ends in ranked for end, number in ends.items() if number}
    by_label = (document.get("selected_by") or {}).get("source") or {}
    plain = sorted(by_label.items(), key=lambda entry: -(entry[1] or 0))
    return {
        "events": events,
        "events_left_out": max(0, (contents.get("events") or 0) - len(events)),
        "messages_left_out": (contents.get("messages_of_other_events") or 0)
        + sum(row["messages"] for row in rows[EVENTS_MOST:]),
        "sources": ranked[:SOURCES_MOST],
        "sources_left_out": max(0, (contents.get("sources") or 0) - SOURCES_MOST),
        "message_bins": _filled(((contents.get("message_sizes") or {}).get("bins")) or []),
        "plain_sources": plain[:SOURCES_MOST],
        "plain_sources_left_out": max(0, len(plain) - SOURCES_MOST),
        "ends_seen": [end for end in phrases.ENDS if end == "accepted" or end in seen],
    }


def _filled(bins: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The bins from the first to the last that holds anything, and the one of what is too large."""
    held = [place for place, one in enumerate(bins) if one["messages"]]
    if not held:
        return list(bins)
    past = held[-1] + 1
    return [*bins[held[0] : past], *([bins[-1]] if past < len(bins) else [])]


def _errors(document: Mapping[str, Any]) -> dict[str, Any]:
    groups: Sequence[Mapping[str, Any]] = document.get("errors") or ()
    return {
        "errors": [
            (group, advice_for(group["status"], group.get("kinds") or {})) for group in groups[:ERRORS_MOST]
        ],
        "errors_left_out": max(0, len(groups) - ERRORS_MOST),
    }
