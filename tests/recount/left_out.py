"""Say of every number that a run tells and nobody counted again why that is so."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.recount.rows import Row, not_known

REASONS = {
    "exit_code": "follows from the verdict",
    "legs": "one leg, whose figures are the run's",
    "plan": "what was asked for, not what was measured",
    "mock": "what was asked for, not what was measured",
    "engine": "only the generator knows of itself how busy and how full it was",
    "other": "requests of Locust users that are not ours leave no trace here",
    "made_with": "about the machine",
    "batch_sizes": "no file holds the bytes of a request",
    "by_api.found": "no file holds what an answer of the Profile API said",
    "duration_s": "until the observation was closed, which no file holds",
    "selected_by": "the types and sources of an observation: see the notes of calls",
    "message_rate_per_s": "of an observation: which message is new hangs on its content",
    "service_time_ms": "a receiver does not know when a request left",
    "service_time_ms_by_outcome": "a receiver does not know when a request left",
    "findings": "sentences made of the numbers above",
    "trust_warnings": "sentences made of the numbers above",
    "expectations": "each is one of the numbers above, beside what was expected of it",
    "observed": "told apart by content and by person, of which the journal has keyed digests",
}


def left_out_rows(told: dict[str, Any], rows: Sequence[Row]) -> Iterator[Row]:
    """A row for each part of the document with a number in it that no other row speaks of."""
    counted = {row.number.partition(".")[0].partition("[")[0] for row in rows}
    for name, part in told.items():
        if name not in counted and _has_number(part):
            yield not_known(name, "", REASONS.get(name, UNEXPLAINED))
    yield not_known("by_api: found, not_found, readable, still missing", "", REASONS["by_api.found"])


UNEXPLAINED = "nobody thought of it"


def _has_number(part: Any) -> bool:
    if isinstance(part, dict):
        return any(map(_has_number, part.values()))
    if isinstance(part, list):
        return any(map(_has_number, part))
    return isinstance(part, int | float) and not isinstance(part, bool)
