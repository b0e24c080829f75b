"""Say a search for capacity: the document `capacity.json` with a row for each step, and its table as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from harness.measure.summary import Summary
from harness.report.document import NoReportError
from harness.report.phrases import count, precise
from harness.throttle.conclusion import Conclusion
from harness.throttle.expected import Outcome
from harness.throttle.step import HELD, StepJudgement
from harness.units import NS_PER_S

FORMAT: Final = "capacity/1"
RUNNING: Final = "running"
FINISHED: Final = "finished"
FAILED: Final = "failed"

_COLUMNS: Final = ("asked/s", "sent/s", "p50 ms", "p99 ms", "errors", "429")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step, for its row."""

    number: int  # counted from 1
    folder: str  # of its run, inside the folder of the search
    rate_per_s: float  # items, as asked
    confirms: bool
    length_ns: int
    settled: Summary  # what was judged
    judgement: StepJudgement
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacts:
    """What is the same in every state of the document."""

    run_id: str
    recording: str
    target: str
    search: Mapping[str, Any]  # how it was searched
    plan: Mapping[str, Any]  # what all steps have in common
    made_with: Mapping[str, Any]


def step_row(step: StepFacts) -> dict[str, Any]:
    """A step as `capacity.json` holds it; all figures are of what came after the settling time."""
    totals, judgement = step.settled.totals, step.judgement
    statuses = totals.first_by_status
    taken = sum(number for status, number in statuses.items() if status.startswith("2"))
    unknown = sum(api.not_found for api in step.settled.by_api.values())  # answers, no errors
    throttled = statuses.get("429", 0)
    items = totals.first_sent_items
    return {
        "step": step.number,
        "folder": step.folder,
        "rate_per_s": step.rate_per_s,
        "confirms": step.confirms,
        "length_s": step.length_ns / NS_PER_S,
        "items": items,
        "sent_per_s": round(items * NS_PER_S / totals.last_sent_ns, 3) if totals.last_sent_ns else None,
        "first_attempt_by_status": dict(statuses),
        "errors": sum(statuses.values()) - taken - throttled - unknown,
        "throttled": throttled,
        "response_time_ms": asdict(step.settled.durations["response"]),
        "service_time_ms": asdict(step.settled.durations["service_2xx"]),
        "verdict": judgement.kind,
        "reason": judgement.reason,
        "expectations": [
            {"expression": one.expression, "measured": one.measured, "unit": one.unit, "holds": one.holds}
            for one in step.outcomes
        ],
        "trust_warnings": [asdict(finding) for finding in judgement.trust_warnings],
    }


def read_search(path: Path) -> dict[str, Any]:
    """A document that a search wrote. Raises NoReportError."""
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise NoReportError(f"{path}: cannot be read: {error}; name the folder of a search") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NoReportError(f"{path}: is not of format {FORMAT}; draw it with the harness that wrote it")
    return document


def search_document(
    facts: SearchFacts, state: str, conclusion: Conclusion, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """`capacity.json`; rates are items per second."""
    return {
        "format": FORMAT,
        "run_id": facts.run_id,
        "state": state,
        "exit_code": None if state == RUNNING else conclusion.exit_code,
        "sentence": conclusion.sentence,
        "stopped_by": conclusion.stopped_by,
        "capacity_per_s": conclusion.capacity_per_s,
        "held_per_s": conclusion.held_per_s,
        "confirmed": conclusion.confirmed,
        "failed_per_s": conclusion.failed_per_s,
        "recording": facts.recording,
        "target": facts.target,
        "search": dict(facts.search),
        "steps": [dict(row) for row in rows],
        "plan": dict(facts.plan),
        "made_with": dict(facts.made_with),
    }


def search_text(document: Mapping[str, Any]) -> str:
    """The table of steps, below the sentence."""
    expected = document["search"]["expect"]
    lines = [document["sentence"], f"  {document['recording']} to {document['target']}", ""]
    lines += [f"{'step':<6}" + "".join(f"{name:>11}" for name in _COLUMNS) + "  verdict"]
    lines += [_line(row) for row in document["steps"]]
    lines += ["", "A step holds when:", *(f"  {expression}" for expression in expected)]
    return "\n".join(lines) + "\n"


def step_sentence(row: Mapping[str, Any]) -> str:
    """What became of a step, as soon as it is known."""
    p99 = precise(row["response_time_ms"]["p99"])
    return f"  {_verdict(row)}, p99 {p99} ms" if row["verdict"] == HELD else f"  {_verdict(row)}"


def _line(row: Mapping[str, Any]) -> str:
    times = row["response_time_ms"]
    cells = (
        precise(row["rate_per_s"]),
        precise(row["sent_per_s"]),
        precise(times["p50"]),
        precise(times["p99"]),
        count(row["errors"]),
        count(row["throttled"]),
    )
    return f"{row['step']:<6}" + "".join(f"{cell:>11}" for cell in cells) + f"  {_verdict(row)}"


def _verdict(row: Mapping[str, Any]) -> str:
    if row["verdict"] == HELD:
        return f"held for {row['length_s']:g} s" if row["confirms"] else HELD
    return f"{row['verdict']}: {row['reason']}"
