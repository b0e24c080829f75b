"""Tell an observation as a document: fold, judge, and leave out what only a sender knows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.conclude import INTERRUPTED
from harness.errors import EXIT_INTERRUPTED
from harness.expectations import Expectation, parse_expectation
from harness.measure.observed import Observed
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import fold
from harness.measure.timeline import Timeline
from harness.mock.call_notes import CallNotes
from harness.model import Limit
from harness.report.document import DEAD, RunFacts, build_document
from harness.report.observed import as_observed
from harness.throttle.evidence import Evidence
from harness.throttle.expected import judge_expectations
from harness.throttle.observed import OBSERVED_CHECKS, no_trust_warnings
from harness.throttle.verdict import judge
from harness.watching import MOCK, TIMELINE, Watch


def observed_document(
    timeline: Path,
    facts: RunFacts,
    observed: Observed,
    expect: tuple[Expectation, ...],
    allow: Mapping[str, int],
    *,
    complete: bool,
) -> dict[str, Any]:
    """`run.json` of an observation that has ended. Raises TimelineError."""
    summary = fold(Timeline(timeline), None)
    account = _account(observed, complete=complete)
    figures = as_observed(build_document(facts, summary, account), observed) if expect else {}
    judgement = judge(
        Evidence(
            summary=summary,
            reconciliation=account,
            interrupted=facts.state == INTERRUPTED,
            died=facts.state == DEAD,
            allow=dict(allow),
            observed=observed,
        ),
        judge_expectations(expect, figures),
        checks=OBSERVED_CHECKS,
        trust=no_trust_warnings,
    )
    document = as_observed(build_document(facts, summary, account, judgement), observed)
    if facts.state == INTERRUPTED:
        document["exit_code"] = EXIT_INTERRUPTED
    return document


def observed_again(
    folder: Path, document: Mapping[str, Any], facts: RunFacts, timeline: Path
) -> dict[str, Any]:
    """The document of an observation that died, from its mock's journal; `timeline` is written on the way.

    Raises HarnessError.
    """
    notes = CallNotes(folder / MOCK)
    try:
        head = next(record for record in Timeline(folder / TIMELINE) if "format" in record)
        limits = [Limit(**limit) for limit in head["limits"]]
        again = Watch(
            timeline, notes, run_id=facts.run_id, limits=limits, expected=_list_of(document["plan"])
        )
        again.look()
        observed, complete = again.close(again.observation.last_ns, sender_ended=False)
    finally:
        notes.close()
    expect = tuple(map(parse_expectation, document["plan"].get("expect", ())))
    allow = document["plan"].get("allow", {})
    return observed_document(timeline, facts, observed, expect, allow, complete=complete)


def _list_of(plan: Mapping[str, Any]) -> tuple[Path, str] | None:
    """The list that was given, if it is there still."""
    file = plan.get("expected")
    return None if file is None or not Path(file).is_file() else (Path(file), plan["key"])


def _account(observed: Observed, *, complete: bool) -> Reconciliation:
    expected = observed.expected
    judged = observed.order_judged > 0
    return Reconciliation(
        by="ledger",
        complete=complete,
        ledger_unique=observed.unique,
        missing=None if expected is None else expected.missing,
        unexpected=None if expected is None else expected.unexpected,
        duplicates=observed.duplicates,
        duplicates_explained=observed.duplicates_explained,
        out_of_order=observed.out_of_order if judged else None,
        out_of_order_explained=observed.out_of_order_explained if judged else None,
        received_unconfirmed=observed.stored_unconfirmed,
        received_though_refused=0,
        discarded=observed.discarded,
        samples=observed.samples,
    )
