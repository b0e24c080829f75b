"""Work out again when each item was due, and what the recording itself is, from the plan and the recording."""

from collections.abc import Iterator, Sequence

from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S
from tests.recount.recording import Item, in_time
from tests.recount.rows import AT_MOST, EQUAL, Row, not_known

MESSAGE_BYTES = 32_768
_ROUNDING_NS = 1_000


def planned_rows(evidence: Evidence) -> Iterator[Row]:
    """The recording's own figures, and the due times in the trace."""
    if evidence.items is None:
        return
    yield from _recording(evidence, evidence.items)
    if evidence.folder.trace is None or evidence.told["closed_loop"]:
        return
    due_ns = _due_ns(evidence, evidence.items)
    if due_ns is None:
        yield not_known(
            "trace: due times", "", "stages, chance and the spread of copies are not worked out again"
        )
        return
    of_first_pass = len(due_ns) * evidence.copies
    seen = [one for one in evidence.folder.trace if one.index < of_first_pass and one.due_ns is not None]
    wrong = sum(
        abs(one.due_ns - due_ns[one.index if evidence.plan["rate"] else one.index // evidence.copies])
        > _ROUNDING_NS
        for one in seen
        if one.due_ns is not None
    )
    yield Row("trace: items of the first pass due at another time than planned", 0, wrong, "recording, plan")


def _recording(evidence: Evidence, items: Sequence[Item]) -> Iterator[Row]:
    told = evidence.told["recording"]
    assert evidence.recording is not None
    yield Row("recording.size_bytes", told.get("size_bytes"), evidence.recording.stat().st_size, "recording")
    if "oversize" not in told:
        return
    # Counted as it is read; a run that stopped did not read all.
    bound = EQUAL if evidence.told["recording_complete"] else AT_MOST
    oversize = sum(item.size_bytes > MESSAGE_BYTES for item in items)
    yield Row("recording.oversize", told["oversize"], oversize, "recording", bound)
    latest, strays = None, 0
    for item in items:
        if item.at_ns is not None:
            strays += latest is not None and item.at_ns < latest
            latest = item.at_ns if latest is None else max(latest, item.at_ns)
    found = 0 if evidence.told["closed_loop"] else strays
    yield Row("recording: items out of order", told["resorted"] + told["too_late"], found, "recording", bound)


def _due_ns(evidence: Evidence, items: Sequence[Item]) -> Sequence[int] | None:
    """By position, or at an even rate by index; None where neither is plain."""
    plan, told = evidence.plan, evidence.told
    if (
        plan.get("stages")
        or plan.get("spread_s")
        or told["messages"]["filtered"]
        or told["calls"]["filtered"]
    ):
        return None
    order = in_time(items)
    if plan["rate"] is None:
        first_ns = order[0].at_ns or 0
        by_position = {item.position: int(((item.at_ns or 0) - first_ns) / plan["speed"]) for item in order}
        return [by_position[position] for position in range(len(items))]
    if plan["arrivals"] != "even" or not isinstance(plan["rate"], int | float):
        return None
    copies = evidence.copies
    by_index = {
        item.position * copies + copy: round((place * copies + copy) * NS_PER_S / plan["rate"])
        for place, item in enumerate(order)
        for copy in range(copies)
    }
    return [by_index[index] for index in range(len(items) * copies)]
