"""The check of a client: choose cases, play them several at once, judge, play again what stayed open."""

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple

from harness.client_runs.driver import Driver
from harness.client_runs.stage import Conditions, MockStage
from harness.clock import Clock, SystemClock
from harness.errors import (
    EXIT_CHECK_FAILED,
    EXIT_INCONCLUSIVE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    HarnessError,
    UsageError,
)
from harness.throttle.check import FAIL, INCONCLUSIVE
from harness.throttle.clients.case import MUST, PROFILES, Case, CaseResult, Ruling
from harness.throttle.clients.cases import CASES
from harness.throttle.clients.play import Play
from harness.throttle.clients.plays import PLAIN
from harness.throttle.clients.ruling import blind
from harness.throttle.clients.sight import EXITED, Sight
from harness.units import NS_PER_S

KEY_BYTES: Final = 16
PAUSE_S: Final = 2

_LEAD_NS: Final = 2 * NS_PER_S  # until it was measured
_RUNS_MOST: Final = 3  # of an inconclusive case: one among others, two alone
_AGAIN_WITHIN_S: Final = 60.0  # for all that is played again, unless everything is asked for


@dataclass(frozen=True, slots=True)
class AskedClient:
    """What the user asked for."""

    driver: Driver
    profile: str = PROFILES[0]
    only: tuple[str, ...] = ()
    full: bool = False
    at_once: int = 8
    pause_s: int = PAUSE_S
    on_inconclusive: str = "fail"


class ClientCheck(NamedTuple):
    """What it came to."""

    asked: AskedClient
    results: tuple[CaseResult, ...]
    duration_s: float
    why_not: str = ""  # why nothing was played but the first play

    @property
    def exit_code(self) -> int:
        """3 with a failure that a profile calls a must, 4 with an open case, else 0."""
        if any(r.ruling.verdict == FAIL and r.level == MUST for r in self.results):
            return EXIT_CHECK_FAILED
        is_open = any(r.ruling.verdict == INCONCLUSIVE for r in self.results)
        return EXIT_INCONCLUSIVE if is_open and self.asked.on_inconclusive == "fail" else EXIT_OK


def choose(only: Sequence[str], *, full: bool, cases: Sequence[Case] = CASES) -> tuple[Case, ...]:
    """The cases that these names mean: a group, a case, or a case with all its variants.

    Of a group the default ones, unless `full`; a case that is named is meant. Raises UsageError.
    """
    if not only:
        return tuple(case for case in cases if full or not case.is_full)
    chosen: list[Case] = []
    for name in only:
        wanted = name.upper().partition(".")
        named = [c for c in cases if name.lower() in {c.name.lower(), c.name.lower().partition(".")[0]}]
        if len(wanted[0]) == 1:
            named = [c for c in cases if c.group == wanted[0] and (full or not c.is_full)]
        if not named:
            raise UsageError(f"--only {name}: there is no such case or group; --list shows them")
        chosen += named
    return tuple(case for case in cases if case in chosen)


def expected_s(cases: Iterable[Case], at_once: int) -> float:
    """How long it takes by the costs in the table, for a client that does what is asked."""
    plays = {case.play.name: case.play for case in cases}.values()
    slots = [0.0] * max(1, at_once)
    for play in sorted(plays, key=lambda play: -play.cost_s):
        slots[slots.index(min(slots))] += play.cost_s + 1.0
    return max(slots) + PLAIN.cost_s + 2.0


def check_client(
    asked: AskedClient,
    *,
    say: Callable[[str], None],
    stopping: threading.Event | None = None,
    clock: Clock | None = None,
    fresh_key: Callable[[], str] = lambda: secrets.token_hex(KEY_BYTES),
) -> ClientCheck:
    """Judge the program by the cases that are asked for.

    Once `stopping` is set, every program is ended within moments. Raises StoppedError then, and UsageError,
    MockStartError, MockGoneError.
    """
    stopping = stopping if stopping is not None else threading.Event()
    clock = clock if clock is not None else SystemClock()
    cases = choose(asked.only, full=asked.full)
    began_ns = clock.now_ns()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-check-")))
        stack.callback(stopping.set)
        conditions = Conditions(asked.driver, clock, fresh_key, folder, _LEAD_NS, asked.pause_s, stopping)
        stages = Stages(stack)
        plain = stages.play(PLAIN, conditions)
        _go_on(stopping)
        trouble = blind(plain[0]) or _broken(plain[0])
        if trouble is not None:
            return ClientCheck(
                asked,
                tuple(CaseResult(c, c.level(asked.profile), trouble) for c in cases),
                (clock.now_ns() - began_ns) / NS_PER_S,
                trouble.evidence,
            )
        ending = plain[0].ending
        known = {
            "plain_bytes": ending.peak_bytes,
            "plain_errors": ending.errors,
            "plain_code": ending.code,
        }
        conditions = conditions._replace(lead_ns=_lead_ns(plain[0]), known=known)
        going = _Going(asked, cases, conditions, stages, say)
        sights = _play_all(going, plain)
        _go_on(stopping)
        rulings = {case.name: case.judge(sights[case.play.name]) for case in cases}
        runs = _play_again(going, rulings, sights)
    took_s = {name: max(s.ending.ran_ns for s in of_play) / NS_PER_S for name, of_play in sights.items()}
    return ClientCheck(
        asked,
        tuple(
            CaseResult(c, c.level(asked.profile), rulings[c.name], runs[c.play.name], took_s[c.play.name])
            for c in cases
        ),
        (clock.now_ns() - began_ns) / NS_PER_S,
    )


class StoppedError(HarnessError):
    """Somebody stopped it; nothing was judged."""

    exit_code = EXIT_INTERRUPTED


class _Going(NamedTuple):
    """A check on its way."""

    asked: AskedClient
    cases: tuple[Case, ...]
    conditions: Conditions
    stages: "Stages"
    say: Callable[[str], None]


class Stages:
    """The mocks: as many as plays are on at once, each begun when it is first needed."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack: Final = stack
        self._free: Final[SimpleQueue[MockStage]] = SimpleQueue()
        self._lock: Final = threading.Lock()

    def play(self, play: Play, conditions: Conditions) -> list[Sight]:
        """Play it on a free one."""
        stage = self._take()
        try:
            return stage.play(play, conditions)
        finally:
            self._free.put(stage)

    def _take(self) -> MockStage:
        if not self._free.empty():
            with self._lock:
                if not self._free.empty():
                    return self._free.get()
        stage = MockStage()
        with self._lock:
            self._stack.enter_context(stage)
        return stage


def _play_all(going: _Going, plain: list[Sight]) -> dict[str, list[Sight]]:
    """Every play of these cases once, the longest first, several at once."""
    asked, cases, conditions, stages, say = going
    plays = {case.play.name: case.play for case in cases}
    sights = {PLAIN.name: plain}
    plays.pop(PLAIN.name, None)
    at_once = 1 if asked.driver.one_at_a_time else asked.at_once
    say(
        f"{len(cases)} cases in {len(plays) + 1} plays, about "
        f"{expected_s(cases, at_once):.0f} s for a client that does what is asked"
    )
    with ThreadPoolExecutor(at_once) as pool:
        try:
            waiting = {
                pool.submit(stages.play, play, conditions): play
                for play in sorted(plays.values(), key=lambda play: -play.within_s)
            }
            for done in as_completed(waiting):
                sights[waiting[done].name] = done.result()
        except BaseException:
            conditions.stopping.set()
            pool.shutdown(cancel_futures=True)
            raise
    return sights


def _play_again(
    going: _Going, rulings: dict[str, Ruling], sights: dict[str, list[Sight]]
) -> Mapping[str, int]:
    """Play alone what stayed open, twice at most, and once what a good client fails by chance."""
    asked, cases, conditions, stages, say = going
    runs = dict.fromkeys((case.play.name for case in cases), 1)
    spent_s = 0.0
    while True:
        again = [case for case in cases if _is_wanted(case, rulings[case.name], runs[case.play.name])]
        if not again or (spent_s > _AGAIN_WITHIN_S and not asked.full):
            return runs
        play = min(again, key=lambda case: case.play.within_s).play
        of_play = [case for case in again if case.play.name == play.name]
        say(f"again, alone: {', '.join(case.name for case in of_play)}")
        began_ns = conditions.clock.now_ns()
        sights[play.name] = stages.play(play, conditions)
        _go_on(conditions.stopping)
        spent_s += (conditions.clock.now_ns() - began_ns) / NS_PER_S
        runs[play.name] += 1
        for case in of_play:
            rulings[case.name] = case.judge(sights[play.name])


def _is_wanted(case: Case, ruling: Ruling, runs: int) -> bool:
    if ruling.verdict == INCONCLUSIVE:
        return runs < _RUNS_MOST
    return case.by_chance and ruling.verdict == FAIL and runs == 1


def _go_on(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise StoppedError("interrupted; the programs were ended, and nothing was judged")


def _broken(plain: Sight) -> Ruling | None:
    """Why the program cannot be judged, if it fails where nothing is in its way."""
    is_short = len(plain.stored) < plain.events
    if plain.ending.how == EXITED and plain.ending.code and is_short:
        said = f"with nothing in its way {len(plain.stored)} of {plain.events} messages arrived"
        return Ruling(INCONCLUSIVE, f"{said}; {plain.ending.said}")
    return None


def _lead_ns(plain: Sight) -> int:
    """How long it takes to its first request, with as much again for a busier moment."""
    return 2 * (plain.calls[0].at_ns - plain.started_ns) + NS_PER_S // 2
