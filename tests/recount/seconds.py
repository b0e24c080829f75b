"""Hold each row of the timeline beside the trace: what was due, left and was answered in it, and how late."""

from collections.abc import Iterator, Sequence

from tests.recount.evidence import Evidence, Send
from tests.recount.figures import (
    NS_PER_S,
    at_once_by_begin,
    by_row,
    column,
    fullest_by_row,
    percentile_ms,
)
from tests.recount.rows import NEAR, Row, not_known

_ROWS = "trace, row by row"


def second_rows(evidence: Evidence) -> Iterator[Row]:
    """The rows of a run that was traced to its end."""
    told = evidence.told
    if evidence.sends is None or told["state"] == "dead":
        return
    yield from _first_sends(evidence, evidence.sends)
    if not told["closed_loop"]:
        yield from _waits(evidence)


def _first_sends(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    """What the rows count of first sends and answers, by the instants in the trace."""
    timeline, trace = evidence.told["timeline"], evidence.folder.trace
    assert trace is not None
    width_s, points = evidence.rows
    if not points or evidence.pending:
        yield not_known(
            "timeline, from the trace", "", "it is empty, or pending items have no line in the trace"
        )
        return
    states = evidence.map
    assert states is not None
    first = by_row(((send.sent_ns, 1) for send in sends), width_s, points)
    yield Row("timeline.first_sent", timeline["first_sent"], column(first, len), _ROWS)
    if evidence.items is not None:
        messages = by_row(
            (
                (send.done_ns, len(send.seen))
                for send in sends
                if states.state(send.seen[0].index) == "accepted"
                and evidence.item(send.seen[0].index).api == "tracking"
            ),
            width_s,
            points,
        )
        yield Row("timeline.accepted_messages", timeline["accepted_messages"], column(messages, sum), _ROWS)
    accepted = by_row(
        ((s.done_ns, 1) for s in sends if states.state(s.seen[0].index) == "accepted"), width_s, points
    )
    yield Row("timeline.accepted", timeline["accepted"], column(accepted, len), _ROWS)
    if evidence.sent_once:
        yield Row("timeline.sent", timeline["sent"], column(first, len), _ROWS)
        spans = [(send.sent_ns, send.done_ns) for send in sends]
        held = zip((send.sent_ns for send in sends), at_once_by_begin(spans), strict=True)
        at_once = by_row(held, width_s, points)
        most = column(at_once, lambda row: max(row, default=0))
        yield Row("timeline.in_flight", timeline["in_flight"], most, _ROWS)
        most = fullest_by_row([send.sent_ns for send in sends], NS_PER_S, width_s, points)
        yield Row("timeline.sent_in_any_1s", timeline["sent_in_any_1s"], most, _ROWS)
    if not evidence.told["messages"]["cancelled"] and not evidence.told["closed_loop"]:
        due = by_row(((s.due_ns, 1) for s in trace if s.due_ns is not None), width_s, points)
        yield Row("timeline.offered", timeline["offered"], column(due, len), _ROWS)


def _waits(evidence: Evidence) -> Iterator[Row]:
    """Percentiles of each row: waits by first send, response times by final answer."""
    timeline, trace, states = evidence.told["timeline"], evidence.folder.trace, evidence.map
    width_s, points = evidence.rows
    if trace is None or states is None or not points or evidence.pending:
        return
    response = by_row(
        (
            (seen.done_ns, seen.done_ns - seen.due_ns)
            for seen in trace
            if seen.due_ns is not None and states.state(seen.index) in ("accepted", "rejected")
        ),
        width_s,
        points,
    )
    for stat, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        name = f"response_{stat}_ms"
        yield Row(f"timeline.{name}", timeline[name], column(response, percentile_ms(share)), _ROWS, NEAR)
    for place, wait in enumerate(("lane", "limit", "batch", "user")):
        waits = by_row(((s.sent_ns or 0, s.pieces_ns[place]) for s in trace if s.pieces_ns), width_s, points)
        name = f"{wait}_wait_p99_ms"
        yield Row(f"timeline.{name}", timeline[name], column(waits, percentile_ms(0.99)), _ROWS, NEAR)
    lags = by_row(((s.sent_ns or 0, s.lag_ns) for s in trace if s.lag_ns is not None), width_s, points)
    for stat, share in (("p99", 0.99), ("max", 1.0)):
        name = f"schedule_lag_{stat}_ms"
        found = column(lags, percentile_ms(share))
        yield Row(f"timeline.{name}", timeline[name], found, _ROWS, NEAR)
