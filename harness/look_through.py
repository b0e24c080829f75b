"""After the last answer: read the recording's messages once more, and count what they were about."""

from itertools import islice
from typing import Final

import orjson

from harness.copies import message_of
from harness.errors import BadLineError
from harness.measure.contents import ContentCounter, Contents
from harness.model import State
from harness.wiring import Run, read, transform

LOOKED_AT_MOST: Final = 100_000  # messages: about a second's work
_STATE: Final = 0x0F
_ENDS: Final = {
    State.WAITING: "cancelled",
    State.IN_FLIGHT: "pending",
    State.WAITING_AGAIN: "pending",
    **{state: state.name.lower() for state in (State.ACCEPTED, State.REJECTED, State.ABANDONED)},
    **{state: state.name.lower() for state in (State.DROPPED, State.CANCELLED)},
}


def contents_of(run: Run) -> Contents | None:
    """What the first messages of a run were about; None when its recording cannot be read again.

    A step of a search for capacity is not looked through: it has many, all of the same recording.
    """
    plan, recording, account = run.plan, run.recording, run.account
    if not recording.rereadable or plan.step is not None:
        return None
    message = message_of(plan, recording, None)
    counter, delivery_map = ContentCounter(), account.delivery_map
    passes = read(plan, recording, below_index=len(delivery_map))
    messages = (
        (item, state)
        for items in transform(plan, passes, None, run.aim)
        for item in items
        if item.api == "tracking"
        and item.index < len(delivery_map)
        and (state := State(delivery_map.byte(item.index) & _STATE)) in _ENDS
    )
    complete = True
    try:
        for item, state in islice(messages, LOOKED_AT_MOST):
            body = message(item)
            counter.count(
                body,
                kind=item.kind,
                source=item.source,
                size_bytes=len(orjson.dumps(body)),
                end=_ENDS[state],
            )
        complete = next(messages, None) is None
    except BadLineError:
        complete = False  # the run itself has told of the line
    return counter.contents(complete=complete)
