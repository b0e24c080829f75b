"""The story of observing: a mock listens, somebody else sends, and the run is told from what arrived."""

import os
import random
import select
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from harness.clock import Clock, SystemClock
from harness.conclude import INTERRUPTED, Result
from harness.engine.cores import usable_cores
from harness.errors import UsageError
from harness.expected_list import expected_values
from harness.listing import list_run
from harness.mock.call_notes import CallNotes
from harness.mock.launch import launch
from harness.observe_plan import ObservePlan, mock_options, observed_limits, told_command_line
from harness.observed_command import URL_VARIABLE, ObservedCommand
from harness.observed_document import observed_document
from harness.options import KEY_VARIABLE
from harness.prepare import make_folder, new_run_id
from harness.report.document import RUNNING, RunFacts, build_document, write_json
from harness.report.html import write_html
from harness.report.observed import as_observed
from harness.report.progress import Status, View
from harness.report.text import text_report
from harness.segment.write_key import made_up_key
from harness.watching import MOCK, TIMELINE, Watch

_LOOK_EVERY_S: Final = 0.1
_NO_CHANGE_NS: Final = 200_000_000  # between two looks at a journal that may be long


class _Ending:
    """Why observing ends, once it does; the first reason stays."""

    def __init__(self) -> None:
        self.by: str | None = None  # command, duration, signal


def observe_traffic(plan: ObservePlan, view: View, *, clock: Clock | None = None) -> Result:
    """Observe until the command ends, the time is up or somebody stops it; the report is in the run folder.

    Raises HarnessError.
    """
    clock = clock or SystemClock()
    limits = observed_limits(plan)
    if plan.expected is not None:
        next(
            expected_values(plan.expected, plan.key), None
        )  # a file that is not there is told before the start
    if plan.command and shutil.which(plan.command[0]) is None:
        raise UsageError(f"{plan.command[0]}: there is no such program; name one that can be started")
    run_id = new_run_id(clock.wall_ns(), random.SystemRandom())
    folder = plan.run_dir or Path("reports") / run_id
    make_folder(folder)
    ending = _Ending()
    with ExitStack() as stack:
        mock = stack.enter_context(launch(ledger=folder / MOCK, limits=plan.limits, extra=mock_options(plan)))
        notes = CallNotes(folder / MOCK)
        stack.callback(notes.close)
        facts = RunFacts(
            run_id=run_id,
            state=RUNNING,
            plan=plan.as_json(),
            recording={"name": f"traffic of {plan.as_json()['command'] or 'other senders'}"},
            target=mock.url,
            targets={"tracking": mock.url},
            started_wall_ns=clock.wall_ns(),
            mock={"instance": mock.instance, "bundled": True, "limits": plan.limits},
            command=told_command_line(plan),
            made_with={
                "harness": version("segment-harness"),
                "python": sys.version.split()[0],
                "cores": usable_cores(),
            },
        )
        write_json(folder / "run.json", as_observed(build_document(facts), None))
        expected = None if plan.expected is None else (plan.expected, plan.key)
        watch = Watch(folder / TIMELINE, notes, run_id=run_id, limits=limits, expected=expected)
        key = made_up_key(run_id, "").reveal()
        started_ns = clock.now_ns()
        command = None
        with _stopped_by_signals(ending) as stopped:
            view.say(f"The mock listens at {mock.url}, and takes any write key, such as {key}.")
            if plan.command:
                command = _started(plan, mock.url, key, say=view.say, clock=clock)
            else:
                view.say("Send to it; Ctrl-C ends it and writes the report.")
            try:
                _wait(_Scene(plan, watch, command, view, clock), ending, stopped)
            finally:
                end = None if command is None else command.end()
        facts = replace(
            facts,
            state=INTERRUPTED if ending.by == "signal" and plan.command else "finished",
            stopped_by=INTERRUPTED if ending.by == "signal" and plan.command else None,
            duration_ns=clock.now_ns() - started_ns,
        )
        mock.stop()  # what it had not written yet is written now
        watch.look()
        observed, complete = watch.close(clock.wall_ns(), sender_ended=ending.by == "command")
    document = observed_document(
        folder / TIMELINE,
        facts,
        replace(observed, command=end),
        plan.expect,
        plan.allow or {},
        complete=complete,
    )
    write_json(folder / "run.json", document)
    write_html(folder / "report.html", document)
    not_listed = list_run(folder)
    return Result(document, text_report(document), folder / "report.html", document["exit_code"], not_listed)


class _Scene(NamedTuple):
    """What goes on while we wait."""

    plan: ObservePlan
    watch: Watch
    command: ObservedCommand | None
    view: View
    clock: Clock


def _wait(scene: _Scene, ending: _Ending, stopped: int) -> None:
    """Look at what arrives until it ends; `stopped` can be read once somebody wants that."""
    plan, watch, command, view, clock = scene
    started_ns = clock.now_ns()
    shown_ns = looked_ns = 0
    while ending.by is None:
        waits_for = [stopped, *([command.output] if command is not None and command.output >= 0 else [])]
        ready = select.select(waits_for, [], [], _LOOK_EVERY_S)[0]
        if command is not None and command.output in ready:
            command.pass_on()
        now_ns = clock.now_ns()
        if now_ns - looked_ns >= _NO_CHANGE_NS:
            looked_ns = now_ns
            watch.look()
        elapsed_ns = now_ns - started_ns
        if now_ns - shown_ns >= _NO_CHANGE_NS:
            shown_ns = now_ns
            view.show(_status(plan, watch, elapsed_ns))
        if command is not None and command.has_ended:
            ending.by = "command"
        elif plan.duration_ns is not None and elapsed_ns >= plan.duration_ns:
            ending.by = "duration"


def _status(plan: ObservePlan, watch: Watch, elapsed_ns: int) -> Status:
    left_ns = None if plan.duration_ns is None else max(0, plan.duration_ns - elapsed_ns)
    return Status(
        share=None if plan.duration_ns is None else min(1.0, elapsed_ns / plan.duration_ns),
        rate_per_s=watch.observation.sent_in_last_second,
        accepted=watch.observation.counts["accepted"],
        throttled=watch.observation.counts["throttled"],
        lag_ms=None,
        left_ns=left_ns,
        elapsed_ns=elapsed_ns,
        recent=watch.recent(),
    )


def _started(
    plan: ObservePlan, url: str, key: str, *, say: Callable[[str], None], clock: Clock
) -> ObservedCommand:
    told = {URL_VARIABLE: url, KEY_VARIABLE: key}
    words = [word.replace("{url}", url).replace("{write_key}", key) for word in plan.command]
    return ObservedCommand(words, told=told, say=say, clock=clock)


@contextmanager
def _stopped_by_signals(ending: _Ending) -> Iterator[int]:
    """Let Ctrl-C and SIGTERM end it in peace, and a second one at once; yields what a wait can listen to."""
    reading, writing = os.pipe()

    def stop(number: int, _frame: FrameType | None) -> None:
        if ending.by is not None:
            raise KeyboardInterrupt
        ending.by = "signal"
        os.write(writing, bytes([number]))

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
