"""Work out again when each item was due, from the plan and the recording, and what the recording is."""

import json
from collections.abc import Iterator, Sequence

from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S
from tests.recount.recording import Item, content_of, in_time
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
    seen = [(one.due_ns, one.index) for one in evidence.folder.trace if one.index < len(due_ns)]
    wrong = sum(told_ns is None or abs(told_ns - due_ns[index]) > _ROUNDING_NS for told_ns, index in seen)
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
    content = content_of(evidence.recording)
    cut_off = int(
        evidence.told["recording_complete"] and not content.endswith(b"\n") and not _is_json(content)
    )
    yield Row("recording.truncated_last_line", told["truncated_last_line"], cut_off, "recording", bound)
    latest, strays = None, 0
    for item in items:
        if item.at_ns is not None:
            strays += latest is not None and item.at_ns < latest
            latest = item.at_ns if latest is None else max(latest, item.at_ns)
    found = 0 if evidence.told["closed_loop"] else strays
    yield Row("recording: items out of order", told["resorted"] + told["too_late"], found, "recording", bound)


def _due_ns(evidence: Evidence, items: Sequence[Item]) -> Sequence[int] | None:
    """Of each index of the first pass; None where that is not plain."""
    plan, told, copies = evidence.plan, evidence.told, evidence.copies
    filtered = told["messages"]["filtered"] or told["calls"]["filtered"]
    if plan.get("stages") or plan.get("spread_s") or filtered:
        return None
    rate, order = plan["rate"], in_time(items)
    first_ns = order[0].at_ns or 0
    by_index: dict[int, int] = {}
    for place, item in enumerate(order):
        for copy in range(copies):
            if rate is None:
                due_ns = int(((item.at_ns or 0) - first_ns) / plan["speed"])
            elif plan["arrivals"] == "even":
                due_ns = round((place * copies + copy) * NS_PER_S / rate)
            else:
                return None
            by_index[item.position * copies + copy] = due_ns
    return [by_index[index] for index in range(len(items) * copies)]


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content.rpartition(b"\n")[2])
    except ValueError:
        return False
    return True
