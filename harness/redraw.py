"""The story of a report drawn again: from its folder alone, also when the run died."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.expectations import parse_expectation
from harness.measure.delivery_map import DeliveryMap
from harness.measure.summary import fold
from harness.measure.timeline import Timeline
from harness.report.document import DEAD, RUNNING, build_document, facts_of, read_json
from harness.report.html import write_html
from harness.report.observed import is_observed
from harness.report.search_html import PAGE_NAME, write_search
from harness.report.steps import read_search, search_text
from harness.throttle.evidence import Evidence
from harness.throttle.expected import judge_expectations
from harness.throttle.verdict import judge


def redraw(folder: Path) -> dict[str, Any]:
    """Write `report.html` anew; answers the document as `document_of` does. Raises as it does."""
    document = document_of(folder)
    write_html(folder / PAGE_NAME, document)
    return document


def document_of(folder: Path) -> dict[str, Any]:
    """The document of a run folder.

    The figures of a run that never wrote its end are folded from its timeline and delivery map; its
    `run.json` stays as it is, since the run may be alive. Raises UsageError, ReportError,
    DeliveryMapError, TimelineError.
    """
    if not (folder / "run.json").is_file():
        raise UsageError(f"{folder}: is no run folder; name one that holds a run.json, as in reports/RUN-ID")
    document = read_json(folder / "run.json")
    if document["state"] == RUNNING:
        return _of_the_dead(folder, document)
    return document


def redraw_search(folder: Path) -> tuple[dict[str, Any], str]:
    """The document of a search for capacity, and its text; writes its page anew. Raises ReportError."""
    document = read_search(folder / "capacity.json")
    write_search(folder, document)
    return document, search_text(document)


def _of_the_dead(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    if is_observed(document):
        from harness.observed_document import observed_again

        facts = replace(facts_of(document), state=DEAD, stopped_by="its death")
        with tempfile.TemporaryDirectory() as room:
            return observed_again(folder, document, facts, Path(room) / "timeline.ndjson")
    delivery_map = DeliveryMap.open(folder / "delivery.map")
    try:
        summary = fold(Timeline(folder / "timeline.ndjson"), delivery_map)
    finally:
        delivery_map.close()
    totals = summary.totals
    facts = replace(
        facts_of(document),
        state=DEAD,
        recording_complete=False,
        stopped_by="its death",
        started_wall_ns=summary.started_wall_ns,
        duration_ns=max(totals.last_sent_ns, totals.last_accepted_ns),  # the last that is known of it
    )
    judgement = judge(
        Evidence(
            summary=summary,
            died=True,
            recording_complete=False,
            order_kept=document["plan"]["order"] == "person",
        ),
        judge_expectations(
            map(parse_expectation, document["plan"].get("expect", ())), build_document(facts, summary)
        ),
    )
    return build_document(facts, summary, None, judgement)
