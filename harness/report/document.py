"""Build `run.json`: every number of a run, computed once, from which all reports are drawn.

`run.schema.json` beside this file is the form. Times are seconds or ms as their keys say, rates are per
second.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from harness.errors import EXIT_USAGE, HarnessError
from harness.measure.contents import Contents
from harness.measure.points import Point
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import Figures, Summary
from harness.report.breakdown import apart_over_time, breakdown, pauses
from harness.report.phrases import sentence, stop_sentence
from harness.throttle.evidence import EngineFacts
from harness.throttle.verdict import Judgement
from harness.units import NS_PER_S, format_instant_us, parse_instant_ns

FORMAT: Final = "run/1"
RUNNING: Final = "running"
DEAD: Final = "dead"  # it never wrote its end

_WAITS: Final = ("response", "schedule_lag", "lane_wait", "limit_wait", "batch_wait", "user_wait")
KEYS: Final = {
    "service_2xx": "service_time_ms",
    "response": "response_time_ms",
    "schedule_lag": "schedule_lag_ms",
}
_OUTCOMES: Final = ("2xx", "429", "other", "none")
_STATUS_CLASSES: Final = {"2": "2xx", "3": "3xx", "4": "4xx", "5": "5xx"}
TIMELINE_STATUSES: Final = ("2xx", "3xx", "4xx", "5xx", "429", "other", "none")


class ReportError(HarnessError):
    """A report cannot be written or read."""


class NoReportError(ReportError):
    """What was named holds no report that can be read; the user must name another."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a report says of a run beside its figures. Nothing here may hold a key or a token."""

    run_id: str
    state: str  # running, finished, stopped, interrupted, dead
    plan: Mapping[str, Any]  # as resolved, JSON-able
    recording: Mapping[str, Any]  # at least "name"
    recording_complete: bool = True
    target: str  # without user info and query
    targets: Mapping[str, str] = field(default_factory=dict)  # by API
    proxies: Mapping[str, str] = field(default_factory=dict)  # by API, host and port; without user info
    legs: Sequence[Mapping[str, Any]] = ()
    started_wall_ns: int | None = None  # None: it never came to a start
    duration_ns: int = 0
    mock: Mapping[str, Any] | None = None  # what the mock says of itself; None beyond a mock
    engine: EngineFacts = field(default_factory=EngineFacts)
    command: str = ""  # how to run it again
    stopped_by: str | None = None  # why it ended before its plan did
    other_requests: int = 0  # sent beside the replay by users of the locustfile's own
    made_with: Mapping[str, Any] = field(default_factory=dict)  # versions, cores


def build_document(
    facts: RunFacts,
    summary: Summary | None = None,
    reconciliation: Reconciliation | None = None,
    judgement: Judgement | None = None,
    contents: Contents | None = None,
) -> dict[str, Any]:
    """`run.json` as a dict. Without a summary it is that of a run before its first send."""
    summary = summary or Summary()
    totals, durations = summary.totals, summary.durations
    messages, calls = asdict(summary.messages), asdict(summary.calls)
    findings = () if judgement is None else judgement.findings
    trust_warnings = () if judgement is None else judgement.trust_warnings
    return (
        {
            "format": FORMAT,
            "run_id": facts.run_id,
            "state": facts.state,
            "verdict": None if judgement is None else judgement.verdict,
            "exit_code": None if judgement is None else judgement.exit_code,
            "sentence": stop_sentence(facts.stopped_by, messages, calls)
            + sentence(
                None if judgement is None else judgement.verdict,
                _decisive(judgement),
                messages,
                calls,
                confirmed=reconciliation is not None and reconciliation.out_of_order is not None,
            ),
            "stopped_by": facts.stopped_by,
            "recording": dict(facts.recording),
            "recording_complete": facts.recording_complete,
            "target": facts.target,
            "targets": dict(facts.targets),
            "proxies": dict(facts.proxies),
            "mock": None if facts.mock is None else dict(facts.mock),
            "plan": dict(facts.plan),
            "legs": [dict(leg) for leg in facts.legs],
            "started_at": None if facts.started_wall_ns is None else format_instant_us(facts.started_wall_ns),
            "duration_s": round(facts.duration_ns / NS_PER_S, 3),
            "closed_loop": summary.closed_loop,
            "messages": messages,
            "calls": calls,
            "sums_hold": not summary.disagreements,
            "selected_by": {"type": dict(totals.by_kind), "source": dict(totals.by_source)},
            "filtered_by_reason": dict(totals.filtered),
            "requests": {
                "sent": totals.sent,
                "retried": totals.sent - totals.first_sent,
                "by_status": _by_status(totals.by_status),
                "first_attempt_by_status": _by_status(totals.first_by_status),
                "by_api": dict(totals.by_api),
                "connections_opened": totals.opened,
            },
            "by_api": {api: asdict(figures) for api, figures in summary.by_api.items()},
            "rate_per_s": asdict(summary.rates),
            "message_rate_per_s": asdict(summary.message_rates),
            "arrival_variation": None if summary.closed_loop else asdict(summary.arrival_variation),
            "service_time_ms": _figures(durations["service_2xx"]),
            "service_time_ms_by_outcome": {
                outcome: _figures(durations[f"service_{outcome}"]) for outcome in _OUTCOMES
            },
        }
        | {
            f"{'response_time' if name == 'response' else name}_ms": None
            if summary.closed_loop
            else _figures(durations[name])
            for name in _WAITS
        }
        | {
            "throttle": {
                "limits": [asdict(use) for use in summary.limits],
                "throttled": totals.throttled,
                "retry_after_asked": totals.retry_after_asked,
                "retry_after_honoured": totals.retry_after_honoured,
                "retry_after_violated": totals.retry_after_violated,
                **pauses(summary),
            },
            "reconciliation": None if reconciliation is None else asdict(reconciliation),
            "expectations": [
                {
                    "expression": outcome.expression,
                    "measured": outcome.measured,
                    "unit": outcome.unit,
                    "holds": outcome.holds,
                }
                for outcome in (() if judgement is None else judgement.expectations)
            ],
            "findings": [asdict(finding) for finding in findings],
            "trust_warnings": [asdict(finding) for finding in trust_warnings],
            "engine": asdict(facts.engine),
            "other": {"requests": facts.other_requests},
            "command": facts.command,
            "made_with": dict(facts.made_with),
            "timeline": _timeline(summary),
            "above": {KEYS[name]: dict(columns) for name, columns in summary.above.items()},
            "distributions": {KEYS[name]: dict(table) for name, table in summary.distributions.items()},
            "seen_from": "sender",
            "observed": None,
        }
        | breakdown(summary, contents)
    )


def facts_of(document: Mapping[str, Any]) -> RunFacts:
    """The facts a document was built with; those of a run that died are in the `run.json` of its start."""
    started_at = document["started_at"]
    return RunFacts(
        run_id=document["run_id"],
        state=document["state"],
        plan=document["plan"],
        recording=document["recording"],
        recording_complete=document["recording_complete"],
        target=document["target"],
        targets=document["targets"],
        proxies=document.get("proxies", {}),
        legs=document["legs"],
        started_wall_ns=None if started_at is None else parse_instant_ns(started_at),
        duration_ns=round(document["duration_s"] * NS_PER_S),
        mock=document["mock"],
        engine=EngineFacts(**(document["engine"] or {})),
        command=document["command"],
        stopped_by=document["stopped_by"],
        other_requests=document["other"]["requests"],
        made_with=document["made_with"],
    )


def timeline_columns(points: Sequence[Point]) -> dict[str, Any]:
    """The points as columns of equal length, a second without any event as zeros; counts, not rates."""
    width_s, rows = points[0].width_s if points else 1, _rows(points)
    columns: dict[str, Any] = {"width_s": width_s, "points": len(rows)}
    for name in Point.__slots__:
        if name in ("at_s", "width_s", "statuses", "by_api", "offered_by_api", "limits"):
            continue
        nothing = None if name.endswith("_ms") else 0
        columns[name] = [nothing if row is None else getattr(row, name) for row in rows]
    statuses = [_status_classes(row) for row in rows]
    columns["statuses"] = {
        name: [row[name] for row in statuses]
        for name in TIMELINE_STATUSES
        if any(row[name] for row in statuses)
    }
    return columns


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document in one piece, readable by its owner only. Raises ReportError."""
    write_whole(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or all of the new. Raises ReportError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ReportError(
            f"{path}: cannot write the report: {error.strerror}; free some space or choose another --run-dir"
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """A document that `write_json` wrote. Raises NoReportError."""
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise NoReportError(f"{path}: cannot read it: {error.strerror}; name the folder of a run") from error
    except orjson.JSONDecodeError as error:
        raise NoReportError(f"{path}: is no run.json: {error}; name the folder of a run") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NoReportError(f"{path}: is not of format {FORMAT}; use the harness that wrote it")
    return document


def _timeline(summary: Summary) -> dict[str, Any]:
    return timeline_columns(summary.points) | apart_over_time(summary, _rows(summary.points))


def _rows(points: Sequence[Point]) -> list[Point | None]:
    """A place for each point from the start on; None where nothing happened."""
    width_s = points[0].width_s if points else 1
    by_place = {point.at_s // width_s: point for point in points}
    return [by_place.get(place) for place in range(max(by_place, default=-1) + 1)]


def _figures(figures: Figures) -> dict[str, float | int | None]:
    return asdict(figures)


def _by_status(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _decisive(judgement: Judgement | None) -> str | None:
    if judgement is None:
        return None
    found = (*judgement.findings, *judgement.trust_warnings)
    return next((finding.evidence for finding in found if finding.level == judgement.verdict), None)


def _status_classes(row: Point | None) -> dict[str, int]:
    classes = dict.fromkeys(TIMELINE_STATUSES, 0)
    for status, requests in () if row is None else row.statuses.items():
        known = status if status in classes else _STATUS_CLASSES.get(status[0], "other")
        classes[known] += requests
    return classes
