"""Play one play: tell the mock, start the processes, watch them until they are done, gather what was seen."""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from harness.client_runs.driver import Driver, Given, read_marks, told_success
from harness.client_runs.look import Counts, counts_of, elsewhere, seen_of, times_played
from harness.clock import Clock
from harness.mock.admin_client import AdminClient
from harness.mock.launch import RunningMock, launch
from harness.throttle.clients.play import DELIVERED, NEVER, NOTHING, REFUSED, SHUTDOWN, Moment, Play, Staged
from harness.throttle.clients.program import NotStartedError, Program, waited_ns
from harness.throttle.clients.sight import EXITED, NOT_STARTED, OUTLIVED, QUIET, Ending, Sight
from harness.units import NS_PER_MS, NS_PER_S

LIMITS: Final = "none"

_LOOK_S: Final = 0.05  # how often we see whether it has ended
_ASK_NS: Final = 300 * NS_PER_MS  # and ask the mock how far it is
_LATE_NS: Final = 20 * NS_PER_MS  # what we are late by without this machine having stalled
_QUIET_NS: Final = {DELIVERED: 3 * NS_PER_S // 2, REFUSED: 4 * NS_PER_S, NOTHING: 3 * NS_PER_S}
_ARGUMENT_TOO_LONG: Final = "what it has to send does not fit into one argument of --input"


_NONE_YET: Final = Counts(0, 0)


class Conditions(NamedTuple):
    """What all plays of a check share."""

    driver: Driver
    clock: Clock
    fresh_key: Callable[[], str]
    folder: Path  # for what the programs write, and nobody else
    lead_ns: int  # how long the program takes to its first request, generously
    pause_s: int
    stopping: threading.Event  # set when all is to end at once
    known: Mapping[str, Any] = MappingProxyType({})  # of the program, from the first play


@dataclass(slots=True)
class Watched:
    """One process in a play."""

    play: Play  # as it is for this copy
    given: Given
    staged: Staged
    program: Program | None  # None: it could not be started
    started_ns: int  # since 1970
    trouble: str = ""
    how: str = ""  # "" while it runs
    counts: Counts = _NONE_YET
    changed_ns: int = 0  # by the program's own time, when the counts last changed
    peak_bytes: int | None = None
    waited_ns: int = 0  # all that it was kept waiting
    stalled_ns: int = 0  # of it since the first request: what came before it changes no wait
    jolt_ns: int = 0  # the most of that at once
    told_ns: int | None = None  # when it was told to end
    stop_ns: int | None = None
    code: int | None = None
    ran_ns: int = 0


class MockStage:
    """A mock that one play after the other is played at. A context manager that ends it."""

    def __init__(self) -> None:
        self._mock: Final[RunningMock] = launch(limits=LIMITS)
        self._admin: Final = AdminClient(self._mock.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_of: object) -> None:
        self._mock.stop()

    def play(self, play: Play, conditions: Conditions) -> list[Sight]:
        """What was seen of each copy. Raises MockGoneError."""
        if play.starts_refused:
            return _play_behind_a_closed_port(play, conditions)
        if play.limit_per_s is not None:
            rule = {"count": play.limit_per_s, "name": play.name}
            self._admin.ask("PUT", "/limits", {"preset": LIMITS, "rules": [rule]})
        sights = _play(play, conditions, self._mock, self._admin, self._mock.url)
        if play.limit_per_s is not None:
            self._admin.ask("PUT", "/limits", {"preset": LIMITS})
        self._admin.ask("DELETE", "/faults")
        self._admin.ask("POST", "/reset")
        return sights


def _play_behind_a_closed_port(play: Play, conditions: Conditions) -> list[Sight]:
    """Nothing listens when the program starts; a mock of its own comes later, at the same port."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))  # bound and not listening: who connects is refused
        port = held.getsockname()[1]
        with ExitStack() as stack:
            watched = _start(play, conditions, f"http://127.0.0.1:{port}", stack)
            threading.Event().wait(conditions.lead_ns / NS_PER_S + play.starts_refused)
            held.close()
            mock = stack.enter_context(launch(limits=LIMITS, extra=("--port", str(port))))
            opened_ns = conditions.clock.wall_ns()
            admin = AdminClient(mock.url)
            _watch(play, conditions, watched, mock, admin)
            facts = {"refused_s": round((opened_ns - watched[0].started_ns) / NS_PER_S, 1)}
            return [
                _sight(each, admin, is_e2e=conditions.driver.is_e2e, keys=_keys(watched), facts=facts)
                for each in watched
            ]


def _play(play: Play, conditions: Conditions, mock: RunningMock, admin: AdminClient, url: str) -> list[Sight]:
    clock = conditions.clock
    with ExitStack() as stack:
        apart_ns = clock.wall_ns() - clock.now_ns()
        watched = _start(play, conditions, url, stack, admin)
        _watch(play, conditions, watched, mock, admin)
        drift_ns = clock.wall_ns() - clock.now_ns() - apart_ns
        return [
            _sight(
                each,
                admin,
                is_e2e=conditions.driver.is_e2e,
                keys=_keys(watched),
                drift_ns=drift_ns,
                facts={**conditions.known, **each.staged.facts},
            )
            for each in watched
        ]


def _start(
    play: Play, conditions: Conditions, url: str, stack: ExitStack, admin: AdminClient | None = None
) -> list[Watched]:
    """Every copy, as close together as can be; the stack ends them."""
    driver, clock = conditions.driver, conditions.clock
    keys = [conditions.fresh_key() for _ in range(play.copies)]
    wall_ns = clock.wall_ns()
    moments = [Moment(key, wall_ns, conditions.lead_ns, conditions.pause_s) for key in keys]
    staged = [play.stage(moment) for moment in moments]
    if admin is not None:
        faults = [
            {
                "api": "tracking",
                **fault,
                "write_key": moment.write_key,
                "name": f"{moment.write_key[:16]} {place}",
            }
            for moment, of_key in zip(moments, staged, strict=True)
            for place, fault in enumerate(of_key.faults)
        ]
        admin.ask("PUT", "/faults", {"faults": faults})
    watched = []
    for copy, (key, of_key) in enumerate(zip(keys, staged, strict=True)):
        own = play.of_copy(copy)
        given = driver.given(own, copy, url, key, conditions.folder)
        arguments = driver.arguments(own, given)
        program, trouble = None, _ARGUMENT_TOO_LONG
        if arguments is not None:
            try:
                program = Program(arguments, driver.environment(own, given, os.environ), key, clock)
            except NotStartedError as error:
                trouble = str(error)
            else:
                stack.callback(program.end)
        watched.append(Watched(own, given, of_key, program, clock.wall_ns(), trouble))
    return watched


def _watch(
    play: Play, conditions: Conditions, watched: list[Watched], mock: RunningMock, admin: AdminClient
) -> None:
    """Return once each has ended by itself, or was ended for a reason that its `how` gives."""
    clock = conditions.clock
    within_ns = round(play.within_s * NS_PER_S) + 2 * conditions.lead_ns
    host = _Host(mock.pid, clock)
    asked_ns = clock.now_ns()
    while running := [each for each in watched if each.program is not None and not each.how]:
        if conditions.stopping.is_set():
            return
        if not any(each.counts.received for each in watched):
            host.forget()
        host.rest(running[0].program)
        is_time = clock.now_ns() - asked_ns >= _ASK_NS
        if is_time:
            asked_ns = clock.now_ns()
        for each in running:
            _look(play, each, admin, within_ns, is_time=is_time)
    for each in watched:
        each.stalled_ns += host.stalled_ns
        each.jolt_ns += host.jolt_ns


class _Host:
    """How late this machine was with us and with the mock, since it was last told to forget."""

    def __init__(self, mock_pid: int, clock: Clock) -> None:
        self._mock_pid: Final = mock_pid
        self._clock: Final = clock
        self._waited_ns = waited_ns(mock_pid)
        self.stalled_ns = self.jolt_ns = 0

    def forget(self) -> None:
        """Begin anew."""
        self.stalled_ns = self.jolt_ns = 0

    def rest(self, program: Program | None) -> None:
        """Wait a little, or until this program ends, and see by how much it was longer."""
        began_ns = self._clock.now_ns()
        if program is not None and program.wait(_LOOK_S) is None:
            late_ns = self._clock.now_ns() - began_ns - round(_LOOK_S * NS_PER_S)
            self._add(late_ns if late_ns > _LATE_NS else 0)
        waited = waited_ns(self._mock_pid)
        self._add(waited - self._waited_ns)
        self._waited_ns = waited

    def _add(self, late_ns: int) -> None:
        self.stalled_ns += late_ns
        self.jolt_ns = max(self.jolt_ns, late_ns)


def _look(play: Play, each: Watched, admin: AdminClient, within_ns: int, *, is_time: bool) -> None:
    program = each.program
    assert program is not None  # noqa: S101 - `_watch` passes running ones alone
    code, ran_ns = program.wait(0), program.ran_ns
    if code is not None:
        each.how, each.code, each.ran_ns = EXITED, code, ran_ns
        if each.told_ns is not None:
            each.stop_ns = ran_ns - each.told_ns
        return
    _measure(each, program)
    if is_time:
        counts = counts_of(admin, each.given.write_key)
        if counts != each.counts:
            each.counts, each.changed_ns = counts, ran_ns
        if play.settled == SHUTDOWN and counts.received and each.told_ns is None:
            if ran_ns - each.changed_ns > play.held_up_s * NS_PER_S:
                program.tell_to_end()
                each.told_ns = ran_ns
        elif _is_settled(play, counts) and ran_ns - each.changed_ns > _QUIET_NS[play.settled]:
            each.how, each.ran_ns = QUIET, ran_ns
    if not each.how and ran_ns > within_ns:
        each.how, each.ran_ns = OUTLIVED, ran_ns
    if each.how:
        program.end()


def _is_settled(play: Play, counts: Counts) -> bool:
    if play.settled in {SHUTDOWN, NEVER}:
        return False
    return (counts.unique if play.settled == DELIVERED else counts.received) >= play.events


def _measure(each: Watched, program: Program) -> None:
    size = program.memory_bytes()
    if size is not None:
        each.peak_bytes = max(size, each.peak_bytes or 0)
    waited = program.stalled_ns()
    if each.counts.received and waited > each.waited_ns:
        each.stalled_ns += waited - each.waited_ns
        each.jolt_ns = max(each.jolt_ns, waited - each.waited_ns)
    each.waited_ns = max(waited, each.waited_ns)


def _sight(
    each: Watched,
    admin: AdminClient,
    *,
    is_e2e: bool,
    keys: list[str],
    drift_ns: int = 0,
    facts: Mapping[str, Any],
) -> Sight:
    if each.program is None:
        ending = Ending(NOT_STARTED, errors=each.trouble)
        return Sight(each.play.events, each.started_ns, (), ending, played=1)
    each.program.end()  # what is left of its tree; then all that it said is there
    output, errors = each.program.said
    key = each.given.write_key
    seen = seen_of(admin, key)
    told = told_success(output) if is_e2e else None
    played = times_played(admin, key[:16]) if each.play.meets_fault else 1
    return Sight(
        events=each.play.events,
        started_ns=each.started_ns,
        attempts=seen.attempts,
        ending=Ending(each.how, each.code, each.ran_ns, output, errors, each.peak_bytes, each.stop_ns, told),
        played=played,
        drift_ns=drift_ns,
        stall_ns=each.stalled_ns,
        jolt_ns=each.jolt_ns,
        produced=read_marks(each.given.produced),
        dropped=read_marks(each.given.dropped),
        elsewhere=elsewhere(admin, keys),
        lost_sight=not seen.is_whole,
        until_ns=each.staged.until_ns,
        facts=facts,
    )


def _keys(watched: list[Watched]) -> list[str]:
    return [each.given.write_key for each in watched]
