"""The story of a check of limits: pass the guard, ask a server scene by scene, judge what was seen."""

import asyncio
import os
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from harness.asked_limits import parse_asked_limit
from harness.clock import Clock, SystemClock
from harness.errors import EXIT_CHECK_FAILED, EXIT_INCONCLUSIVE, EXIT_OK, TargetError, UsageError
from harness.limit_target import Confirmed, LimitWay, bundled_ways, named_ways
from harness.mock.launch import launch
from harness.model import Limit
from harness.segment.limits import BRIEF
from harness.send.guard import is_loopback
from harness.send.probe import stream_ids
from harness.send.retry_after import asked_wait_ns
from harness.send.route import addresses
from harness.send.tls import client_context
from harness.throttle.check import FAIL, INCONCLUSIVE
from harness.throttle.servers.asks import Asks
from harness.throttle.servers.checks import CHECKS, ServerCheck
from harness.throttle.servers.clockwork import Clockwork, RealTime, SteeredTime
from harness.throttle.servers.examine import Ground, ServerResult, chosen, examine, verdict_of, why_not
from harness.throttle.servers.exchange import SLIDING
from harness.throttle.servers.scenes import SCENES, windows_of
from harness.throttle.servers.stage import Bounds, Stage
from harness.throttle.servers.wire import Wire
from harness.units import NS_PER_S, format_duration, format_instant_ms

REQUESTS_MOST: Final = 50_000
TIME_MOST_NS: Final = 15 * 60 * NS_PER_S
STANDING_ANSWER_S: Final = 2.0  # in real time; a clock that stands lets nobody out of a queue
_ANSWER_S: Final = 15.0
_MESSAGES: Final = re.compile(r"(?<=[0-9])\s*(?:messages|events)(?=/)")
_CLOCK_PATH: Final = "/__admin/clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCheck:
    """What is asked of a check of limits."""

    apis: Sequence[str]
    target: Sequence[str] = ()  # none: a mock is started
    only: Sequence[str] = ()
    limits: Sequence[Limit] = BRIEF
    counting: str = SLIDING
    confirmed: Confirmed = field(default_factory=Confirmed)
    steer: bool = True  # a mock's clock
    requests_most: int = REQUESTS_MOST
    time_most_ns: int = TIME_MOST_NS
    mock_options: Sequence[str] = ()
    standing_answer_s: float = STANDING_ANSWER_S
    loopback: Callable[[str], bool] = is_loopback


@dataclass(frozen=True, slots=True)
class LimitsChecked:
    """What a server came to."""

    target: str
    limits: tuple[Limit, ...]
    results: tuple[ServerResult, ...]
    requests: int
    duration_ns: int
    verdict: str  # fail, inconclusive, pass

    @property
    def exit_code(self) -> int:
        """3, 4 or 0."""
        return {FAIL: EXIT_CHECK_FAILED, INCONCLUSIVE: EXIT_INCONCLUSIVE}.get(self.verdict, EXIT_OK)


def limits_asked(texts: Sequence[str]) -> tuple[Limit, ...]:
    """The documented limits, with those that are written like `tracking=1000messages/s` in their place.

    Raises UsageError.
    """
    limits = {limit.api: limit for limit in BRIEF}
    for text in texts:
        plain, messages = _MESSAGES.subn("", text)
        try:
            asked = parse_asked_limit(plain)
        except ValueError as error:
            raise UsageError(f"--limit {error}") from error
        if asked.endpoint:
            raise UsageError(f"--limit {text}: limits of one endpoint are not checked; leave the path out")
        if messages and asked.api != "tracking":
            raise UsageError(f"--limit {text}: only the Tracking API has messages; write a limit of requests")
        unit = "messages" if messages else "requests"
        name = asked.name.replace("requests", unit)
        limits[asked.api] = Limit(asked.api, name, asked.count, asked.window_ns, unit, asked.scope, "--limit")
    return tuple(limits.values())


def check_limits(asked: AskedCheck, say: Callable[[str], None]) -> LimitsChecked:
    """Ask and judge; each check is said as it is known. Raises HarnessError."""
    unknown = [name for name in asked.only if name not in {check.id for check in CHECKS}]
    if unknown:
        raise UsageError(f"--only {unknown[0]}: there is no such check; --list names them")
    clock = SystemClock()
    began_ns = clock.now_ns()
    with _ways(asked, clock) as ways:
        bounds = Bounds(asked.requests_most, began_ns + asked.time_most_ns, clock)
        limits = [next(limit for limit in asked.limits if limit.api == way.api) for way in ways]
        results: list[ServerResult] = []
        for way, limit in zip(ways, limits, strict=True):
            results += asyncio.run(_examined(asked, way, limit, bounds=bounds, clock=clock, say=say))
    return LimitsChecked(
        target=", ".join(dict.fromkeys(way.target.url for way in ways)),
        limits=tuple(limits),
        results=tuple(results),
        requests=bounds.sent,
        duration_ns=clock.now_ns() - began_ns,
        verdict=verdict_of(results),
    )


@contextmanager
def _ways(asked: AskedCheck, clock: Clock) -> Iterator[list[LimitWay]]:
    run_id = f"limits{clock.wall_ns() // NS_PER_S}{random.SystemRandom().randrange(1 << 32):08x}"
    if asked.target:
        yield named_ways(
            asked.target,
            asked.apis,
            asked.confirmed,
            run_id=run_id,
            environ=os.environ,
            loopback=asked.loopback,
        )
        return
    with launch(extra=asked.mock_options) as mock:
        yield bundled_ways(mock.url, asked.apis, run_id)


async def _examined(
    asked: AskedCheck,
    way: LimitWay,
    limit: Limit,
    *,
    bounds: Bounds,
    clock: Clock,
    say: Callable[[str], None],
) -> list[ServerResult]:
    target = way.target
    wire = Wire(
        lambda: [address.sockaddr for address in addresses(target, way.permit)],
        clock,
        tls=client_context(target.ca_file) if target.is_tls else None,
        host=target.host,
        answer_within_s=_ANSWER_S,
    )
    prefix = f"limit-check-{random.SystemRandom().randrange(1 << 48):012x}."
    asks = Asks(
        way.api,
        target.authority,
        way.callers,
        prefix=prefix,
        wall_text=lambda: format_instant_ms(clock.wall_ns()),
    )
    try:
        async with _clockwork(asked, way, wire, clock) as clockwork:
            stage = Stage(
                limit=limit, wire=wire, clockwork=clockwork, asks=asks, bounds=bounds, wait_of=asked_wait_ns
            )
            ground = Ground(
                stage=stage,
                beyond=way.permit.beyond and not way.permit.is_mock,
                may_go_over=way.may_go_over,
                counting=asked.counting,
                stored=(lambda: _stored(way, prefix)) if way.permit.is_mock else None,
            )
            checks = chosen(asked.only)
            say(_announced(way, limit, checks, ground))
            return await examine(ground, checks, lambda result: say(told_line(result)))
    finally:
        await wire.close()


@asynccontextmanager
async def _clockwork(asked: AskedCheck, way: LimitWay, wire: Wire, clock: Clock) -> AsyncIterator[Clockwork]:
    """A mock's own clock where it may be steered, else this machine's."""
    steered = SteeredTime(lambda order: _order(way, wire, order))
    if not (asked.steer and way.permit.is_mock and not way.permit.beyond and await _listens(way, wire)):
        yield RealTime(clock)
        return
    await steered.freeze()
    wire.answer_within_s = asked.standing_answer_s
    try:
        yield steered
    finally:
        await steered.let_go()


async def _listens(way: LimitWay, wire: Wire) -> bool:
    """Whether the mock lets us at its clock: one that was given a token does not."""
    return (await wire.send([_clock_request(way, {})], 1))[0].status == 200


async def _order(way: LimitWay, wire: Wire, order: Mapping[str, Any]) -> dict[str, Any]:
    reply = (await wire.send([_clock_request(way, order)], 1))[0]
    if reply.status != 200:
        raise TargetError(
            f"{way.target.url}{_CLOCK_PATH} answered {reply.status}; is the mock still there? Its clock may "
            'be left standing: PUT it {"reset": true}'
        )
    told: dict[str, Any] = orjson.loads(reply.body)
    return told


def _clock_request(way: LimitWay, order: Mapping[str, Any]) -> bytes:
    body = orjson.dumps(order)
    head = (
        f"PUT {_CLOCK_PATH} HTTP/1.1\r\nHost: {way.target.authority}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def _stored(way: LimitWay, prefix: str) -> frozenset[str]:
    return frozenset(
        arrival["id"]
        for arrival in stream_ids(way.target, way.permit, prefix)
        if arrival.get("class") == "stored"
    )


def _announced(way: LimitWay, limit: Limit, checks: Sequence[ServerCheck], ground: Ground) -> str:
    asked = [check for check in checks if why_not(check, ground) is None]
    scenes = {check.scene for check in asked}
    requests = sum(SCENES[name].requests for name in scenes) * limit.count
    how = "a clock that is steered"
    if not ground.stage.clockwork.steered:
        how = f"about {format_duration(round(windows_of(scenes) * limit.window_ns))}"
    return (
        f"{limit.name} ({limit.origin}) at {way.target.url}: {len(asked)} checks, "
        f"about {requests:,.0f} requests, {how}"
    )


def told_line(result: ServerResult) -> str:
    """`PASS          over            of 525 …`: one line a check."""
    return f"{result.level.upper():<13} {result.check.id:<15} {result.evidence}"
