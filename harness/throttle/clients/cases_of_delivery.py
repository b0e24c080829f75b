"""The cases of groups C to F: backing off, many at once, nothing lost, flow."""

from typing import Final

from harness.throttle.clients import advice, plays
from harness.throttle.clients import backing_off as back
from harness.throttle.clients import flowing as flow
from harness.throttle.clients import keeping as keep
from harness.throttle.clients import waiting as wait
from harness.throttle.clients.case import (
    ALWAYS_INFO,
    ALWAYS_MUST,
    ALWAYS_SHOULD,
    MUST,
    NEW_SHOULD,
    SEGMENTS,
    SHOULD,
    Case,
)

BACKOFF: Final = (
    Case("C1", "waits grow", plays.FOUR, back.grows, NEW_SHOULD, advice.GROW, by_chance=True),
    Case("C2", "waits are capped", plays.NINE, back.is_capped, SEGMENTS, advice.CAP),
    Case(
        "C3",
        "two that fail alike do not come again alike",
        plays.FOUR,
        back.differs,
        NEW_SHOULD,
        advice.JITTER,
        by_chance=True,
    ),
    Case(
        "C4",
        "a failure without end is given up, and reported",
        plays.FOREVER,
        back.gives_up,
        SEGMENTS,
        advice.REPORT,
    ),
    Case(
        "C6",
        "the first repetition is not at once",
        plays.FOUR,
        back.breathes_first,
        NEW_SHOULD,
        advice.FIRST,
        by_chance=True,
    ),
    Case(
        "C7",
        "a failure that lasts is not hammered",
        plays.OUTAGE,
        wait.has_no_headlong_loop,
        ALWAYS_MUST,
        advice.GROW,
        by_chance=True,
    ),
    Case(
        "C8",
        "after a success it begins anew",
        plays.ANEW,
        back.begins_anew,
        ALWAYS_INFO,
        advice.ANEW,
        by_chance=True,
    ),
)
HERD: Final = (
    Case(
        "D1",
        "clients that were told to wait scatter",
        plays.HERD,
        back.scatters,
        NEW_SHOULD,
        advice.HERD,
        by_chance=True,
    ),
    Case(
        "D2",
        "clients that were told an instant scatter",
        plays.STAMPEDE,
        back.does_not_stampede,
        NEW_SHOULD,
        advice.HERD,
        by_chance=True,
    ),
    Case(
        "D3",
        "five waits later they are still scattered",
        plays.CYCLES,
        back.scatters,
        NEW_SHOULD,
        advice.HERD,
        by_chance=True,
    ),
)
KEEPING: Final = (
    Case(
        "E1.plain", "all that is produced arrives", plays.PLAIN, keep.loses_nothing, ALWAYS_MUST, advice.LOST
    ),
    Case(
        "E1.mixed",
        "all arrives through 429, 503, a reset and 500",
        plays.MIXED,
        keep.loses_nothing,
        ALWAYS_MUST,
        advice.LOST,
    ),
    Case(
        "E1.outage",
        "all arrives after a failure of six seconds",
        plays.OUTAGE,
        keep.loses_nothing,
        (MUST, MUST, SHOULD),
        advice.LOST,
    ),
    Case(
        "E2",
        "nothing comes twice without a cause",
        plays.MIXED,
        keep.repeats_with_cause,
        ALWAYS_MUST,
        advice.TWICE,
    ),
    Case(
        "E3",
        "a repetition has the messageId it had",
        plays.COMMITTED,
        keep.keeps_ids,
        ALWAYS_MUST,
        advice.IDS,
    ),
    Case(
        "E4",
        "a repetition has the content it had",
        plays.MIXED,
        keep.keeps_content,
        (MUST, SHOULD, SHOULD),
        advice.CONTENT,
    ),
    Case("E5", "order is kept", plays.MIXED, keep.keeps_order, ALWAYS_INFO, advice.ORDER),
    Case(
        "E6",
        "what is given up is reported",
        plays.always(400),
        keep.says_what_it_lost,
        ALWAYS_MUST,
        advice.REPORT,
    ),
    Case("E7", "the queue is bounded", plays.FLOOD, keep.bounds_its_queue, ALWAYS_SHOULD, advice.BOUND),
    Case(
        "E8",
        "told to end in a pause, it ends and reports",
        plays.TOLD_TO_END,
        keep.ends_when_told,
        ALWAYS_SHOULD,
        advice.SHUTDOWN,
    ),
    Case(
        "E9.message",
        "no message above 32 KB leaves",
        plays.TOO_BIG,
        keep.keeps_to_sizes,
        ALWAYS_SHOULD,
        advice.SIZE,
    ),
    Case(
        "E9.batch",
        "no batch above 500 KB leaves, repetitions included",
        plays.BIG,
        keep.keeps_to_sizes,
        ALWAYS_MUST,
        advice.SIZE,
    ),
    Case(
        "E10",
        "X-Retry-Count counts the repetitions",
        plays.TWICE,
        keep.counts_its_tries,
        SEGMENTS,
        advice.COUNT,
    ),
    Case(
        "E11",
        "with nothing to send nothing is sent",
        plays.EMPTY,
        keep.sends_nothing,
        ALWAYS_SHOULD,
        advice.NOTHING,
    ),
)
FLOW: Final = (
    Case(
        "F1",
        "after a failure it is soon up to date",
        plays.OUTAGE,
        flow.recovers,
        ALWAYS_SHOULD,
        advice.RECOVER,
    ),
    Case("F2", "a limit that lasts is used", plays.STEADY, flow.uses_what_it_may, ALWAYS_INFO, advice.USE),
    Case("F3", "a limit that is known is kept", plays.STEADY, flow.keeps_under_it, ALWAYS_INFO, advice.KNOW),
    Case(
        "F5",
        "what was refused does not wait for all that is new",
        plays.STARVING,
        flow.starves_nobody,
        ALWAYS_SHOULD,
        advice.STARVE,
    ),
    Case("F6", "not everything is sent at once", plays.SLOW, flow.is_modest, ALWAYS_INFO, advice.MODEST),
)
