"""What is asked of a server: under, at and over its limit, then again when it should have recovered."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from harness.throttle.servers.exchange import OTHER
from harness.throttle.servers.stage import CALLERS, WAIT_MOST_NS, Stage
from harness.units import NS_PER_MS, NS_PER_S

UNDER: Final = 0.8  # of the limit: how far a check goes where it may go no further
SLICES: Final = 10  # of a window
WINDOWS: Final = 3
LOAD: Final = 1.25
MESSAGES: Final = 20  # of a batch
LARGE_BYTES: Final = 30_000  # under the 32 KB that a message may have
EARLIER_NS: Final = NS_PER_S
_MARGIN_NS: Final = 100 * NS_PER_MS  # for the way there, where the clock is not ours
_LATER_NS: Final = 5 * NS_PER_MS

Play = Callable[[Stage], Awaitable[None]]


class Scene(NamedTuple):
    """A script, how many windows it takes once the account is empty, and what it sends."""

    play: Play
    windows: float
    requests: float  # in limits
    callers: int = 0  # at one instant; 0: as many as the limit admits


def beyond(count: int) -> int:
    """How many more than the limit are sent: few, and enough to see."""
    return max(5, count // 20)


async def _under(stage: Stage) -> None:
    await stage.spread("under", int(UNDER * stage.count))


async def _at(stage: Stage) -> None:
    await stage.spread("at", stage.count)


async def _burst(stage: Stage) -> None:
    await stage.send("burst", stage.count)


async def _over(stage: Stage) -> None:
    await stage.send("within", stage.count)
    await stage.send("beyond", beyond(stage.count))


async def _load(stage: Stage) -> None:
    for number in range(SLICES * WINDOWS):
        await stage.at(number / SLICES)
        sent, due = (
            round(number * LOAD * stage.count / SLICES),
            round((number + 1) * LOAD * stage.count / SLICES),
        )
        await stage.send("load", max(1, due - sent))


async def _edge(stage: Stage) -> None:
    # The first opens the window of a server whose windows begin with a request. The next are sent shortly
    # before that window ends, and before one of the clock's does; the last shortly after both.
    await stage.send("first", 1)
    await stage.at(0.85)
    await stage.send("before", stage.count - 1)
    await stage.at(1.05)
    await stage.send("after", stage.count)


async def _at_once(stage: Stage) -> None:
    await stage.send("within", max(0, stage.count - CALLERS // 2))
    await stage.send("at once", CALLERS)


async def _reopening(stage: Stage) -> None:
    await stage.send("within", stage.count)
    refused = [each for each in await stage.send("beyond", 1) if each.refused]
    if not refused or refused[0].wait_ns is None or refused[0].wait_ns > WAIT_MOST_NS:
        return
    margin_ns = 0 if stage.clockwork.steered else _MARGIN_NS
    later_ns = 0 if stage.clockwork.steered else _LATER_NS
    if refused[0].wait_ns >= EARLIER_NS:
        await stage.until(refused[0].sent_ns + refused[0].wait_ns - EARLIER_NS - margin_ns)
        await stage.send("a second before", 1)
    await stage.until(refused[0].done_ns + refused[0].wait_ns + later_ns)
    await stage.send("then", 1)


async def _recovery(stage: Stage) -> None:
    within = await stage.send("within", stage.count)
    more = await stage.send("beyond", beyond(stage.count))
    waits = [min(each.wait_ns or 0, WAIT_MOST_NS) for each in more if each.refused]
    done_ns = max(each.done_ns for each in (*within, *more))
    await stage.until(done_ns + max([stage.window_ns, *waits]) + stage.window_ns // 20)
    await stage.send("again", stage.count)


async def _free(stage: Stage) -> None:
    within = await stage.send("within", stage.count)
    first = await stage.send("beyond", 1)
    await stage.at(0.5)
    await stage.send("beyond", stage.count)
    done_ns = max(each.done_ns for each in within)
    waits = [each.done_ns + min(each.wait_ns or 0, WAIT_MOST_NS) for each in first if each.refused]
    await stage.until(max([done_ns + stage.window_ns, *waits]) + stage.window_ns // 20)
    await stage.send("again", 1)


async def _isolation(stage: Stage) -> None:
    await stage.send("within", stage.count)
    await stage.send("beyond", beyond(stage.count))
    await stage.send("other", 1, who=OTHER)


async def _unit(stage: Stage) -> None:
    if stage.limit.unit == "messages":
        each = min(stage.count, MESSAGES)
        await stage.send("batches", stage.count // each, messages=each)
        await stage.send("rest", stage.count % each)
        await stage.send("beyond", beyond(stage.count))
        return
    batches = min(stage.count, stage.count // 10 + 2)
    await stage.spread("batches", batches, messages=MESSAGES)


async def _size(stage: Stage) -> None:
    await stage.spread("large", min(stage.count, stage.count // 10 + 2), padding_bytes=LARGE_BYTES)


SCENES: Final = {
    "under": Scene(_under, 1, 0.8),
    "at": Scene(_at, 1, 1),
    "burst": Scene(_burst, 0.1, 1),
    "over": Scene(_over, 0.1, 1.1),
    "load": Scene(_load, WINDOWS, LOAD * WINDOWS),
    "edge": Scene(_edge, 1.2, 2),
    "at once": Scene(_at_once, 0.1, 1.1, CALLERS),
    "reopening": Scene(_reopening, 1.1, 1),
    "recovery": Scene(_recovery, 1.2, 2.1),
    "free": Scene(_free, 1.2, 2),
    "isolation": Scene(_isolation, 0.1, 1.1),
    "unit": Scene(_unit, 1, 0.2),
    "size": Scene(_size, 1, 0.2),
}


async def play(name: str, stage: Stage) -> None:
    """One scene, from an empty account. Raises BoundReachedError."""
    scene = SCENES[name]
    await stage.begin(scene.callers or stage.count)
    await scene.play(stage)


def windows_of(names: set[str]) -> float:
    """How many windows these scenes take: to empty the account, to reach an edge, and to play."""
    return sum(SCENES[name].windows + 1.6 for name in names)
