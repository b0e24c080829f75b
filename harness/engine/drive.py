"""Drive a prepared run through Locust's own environment and local runner."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust.env import Environment
from locust.event import Events

from harness.engine.run import USERS_AT_FIRST, Replay
from harness.engine.users import Replayer
from harness.units import NS_PER_S


def drive(replay: Replay, events: Events | None = None) -> None:
    """Run to the end, to a stop, to a signal, or to an error; `replay.error` says which.

    `events` are Locust's, where somebody listens to them.
    """
    environment: Any = Environment(user_classes=[Replayer], events=events or Events())  # type: ignore[no-untyped-call]  # Locust's own
    environment.replay = replay
    runner = environment.create_local_runner()
    environment.events.init.fire(environment=environment, runner=runner, web_ui=None)
    users = replay.settings.users or USERS_AT_FIRST
    with _signals(replay):
        replay.begin(environment)
        try:
            runner.start(users, spawn_rate=users)
            replay.over.wait()
        finally:
            replay.end()
            runner.quit()


def rest(duration_ns: int) -> None:
    """Let so much time pass between two runs of one process."""
    gevent.sleep(max(0, duration_ns) / NS_PER_S)


@contextmanager
def _signals(replay: Replay) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM stops the run and lets answers come; a second stops it at once."""

    def heard() -> None:
        if replay.stopped_by is None:
            replay.stop("interrupted")
        else:
            replay.cut()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    watchers = [gevent.signal_handler(number, heard) for number in numbers]
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        # libev leaves the system's own handler behind, which ends the process without a word.
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
