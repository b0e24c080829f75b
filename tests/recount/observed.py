"""Count again what a receiver saw of somebody else's traffic, from the calls that its mock noted."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.recount.agreement import api_rows
from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S, by_row, column, fullest_window
from tests.recount.journal import Call
from tests.recount.rows import ROUNDED, Row, each, not_known

NOTES = "journal, its notes of calls"


def observed_rows(evidence: Evidence) -> Iterator[Row]:
    """The numbers of `harness observe`."""
    told, journal = evidence.told, evidence.journal
    if journal is None:
        yield not_known("observed", "", "the journal is not at hand")
        return
    calls = journal.calls
    by_status = Counter("none" if call.status is None else str(call.status) for call in calls)
    requests = told["requests"]
    yield Row("requests.sent", requests["sent"], len(calls), NOTES)
    yield from each("requests.by_status", requests["by_status"], by_status, NOTES)
    yield from each("requests.by_api", requests["by_api"], Counter(call.api for call in calls), NOTES)
    yield Row("throttle.throttled", told["throttle"]["throttled"], by_status["429"], NOTES)
    asked = sum(call.status == 429 and call.retry_after is not None for call in calls)
    yield Row("throttle.retry_after_asked", told["throttle"]["retry_after_asked"], asked, NOTES)
    yield from _rates(evidence, calls)
    yield from api_rows(told)
    named = [arrival for arrival in journal.arrivals if arrival.id]
    if len(named) < len(journal.arrivals):
        yield not_known("messages, observed", "", "messages without an id are told apart by their content")
        return
    # Accepted: in a call answered 2xx, whatever became of it behind the answer.
    accepted = {a.id for a in named if a.status is not None and 200 <= a.status < 300}
    messages = told["messages"]
    yield Row("messages.recorded", messages["recorded"], len({arrival.id for arrival in named}), NOTES)
    yield Row("messages.accepted", messages["accepted"], len(accepted), NOTES)
    billed = told["billed"]["api_calls"]
    yield Row("billed.api_calls", billed, len(accepted), NOTES)
    stored = {arrival.id for arrival in named if arrival.stored or arrival.class_ == "duplicates"}
    yield Row("observed.unique", told["observed"]["unique"], len(stored), NOTES)
    duplicates = sum(arrival.class_ == "duplicates" for arrival in named)
    yield Row("observed.duplicates", told["observed"]["duplicates"], duplicates, NOTES)
    discarded = Counter(str(arrival.reason) for arrival in named if arrival.class_ == "discarded")
    yield from each("reconciliation.discarded", told["reconciliation"]["discarded"], discarded, NOTES)


def _rates(evidence: Evidence, calls: Sequence[Call]) -> Iterator[Row]:
    """The time of an observation begins with the first call."""
    told, first_us = evidence.told, calls[0].at_us if calls else 0
    sends = [((call.at_us - first_us) * 1_000, 1) for call in calls]
    accepted = [
        call.at_us - first_us for call in calls if call.status is not None and 200 <= call.status < 300
    ]
    rates = told["rate_per_s"]
    if len(calls) > 1:
        yield Row(
            "rate_per_s.achieved", rates["achieved"], len(calls) * NS_PER_S / sends[-1][0], NOTES, ROUNDED
        )
    if accepted and accepted[-1]:
        yield Row("rate_per_s.goodput", rates["goodput"], len(accepted) * 1e6 / accepted[-1], NOTES, ROUNDED)
    yield Row("rate_per_s.peak_1s", rates["peak_1s"] or 0, fullest_window(sends, NS_PER_S), NOTES)
    timeline = told["timeline"]
    rows = by_row(sends, *evidence.rows)
    yield Row("timeline.sent", timeline["sent"], column(rows, sum), NOTES)
