"""Start a mock as a process of its own, and end it with ours.

The child holds the reading end of a pipe whose writing end is ours alone: when this process ends, however it
ends, the pipe closes and the child stops. It works in a process that gevent has patched: no event loop here.
"""

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NoReturn, Self

import orjson

from harness.clock import Clock, SystemClock
from harness.errors import EXIT_TOOL_FAILED, EXIT_USAGE, HarnessError
from harness.units import NS_PER_S

READY_WITHIN_S: Final = 10.0

_STOP_WITHIN_S: Final = 5.0
_LINE_CAP_BYTES: Final = 4_096


class MockStartError(HarnessError):
    """The mock did not start; the sentence is its own, where it said one."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(slots=True)
class RunningMock:
    """A mock that answers; a context manager that stops it."""

    url: str
    port: int
    pid: int
    instance: str
    _process: "subprocess.Popen[bytes]" = field(repr=False)
    _lifeline: int = field(repr=False)  # our end of the pipe; -1 once closed
    _output: int = field(repr=False)  # kept open so that the child never writes into nothing; -1 once closed

    def stop(self) -> None:
        """End it: SIGTERM, and after 5 s SIGKILL. Calling it again does nothing."""
        _end(self._process, self._lifeline, self._output)
        self._lifeline = self._output = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def launch(
    *,
    ledger: Path | None = None,
    limits: str | None = "documented",
    extra: Sequence[str] = (),
    ready_within_s: float = READY_WITHIN_S,
    clock: Clock | None = None,
) -> RunningMock:
    """A mock that listens at a free loopback port, keeps its account in `ledger`, and is ready.

    Without `limits` they are those of its settings. `extra` are further options of `harness mock`.
    Raises MockStartError when it is not ready in time.
    """
    command = [sys.executable, "-m", "harness", "mock", "--parent-pipe"]
    if limits is not None:
        command += ["--limits", limits]
    if ledger is not None:
        command += ["--ledger", str(ledger)]
    command += extra
    child_input, lifeline = os.pipe()
    output, child_output = os.pipe()
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                command,
                stdin=child_input,
                stdout=child_output,
                stderr=complaints,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
            )
        except OSError:
            os.close(lifeline)
            os.close(output)
            raise
        finally:
            os.close(child_input)
            os.close(child_output)
        try:
            ready = _ready_line(output, ready_within_s, clock if clock is not None else SystemClock())
            if ready is None:
                _raise_why(process, complaints, ready_within_s)
        except BaseException:
            _end(process, lifeline, output)
            raise
    return RunningMock(
        ready["url"], ready["port"], ready["pid"], ready["instance"], process, lifeline, output
    )


def _ready_line(output: int, within_s: float, clock: Clock) -> dict[str, Any] | None:
    """The child's first line, parsed; None when it ended, or said nothing in time."""
    deadline_ns = clock.now_ns() + round(within_s * NS_PER_S)
    line = b""
    while not line.endswith(b"\n") and len(line) < _LINE_CAP_BYTES:
        left_s = (deadline_ns - clock.now_ns()) / NS_PER_S
        if left_s <= 0 or not select.select([output], [], [], left_s)[0]:
            return None
        piece = os.read(output, _LINE_CAP_BYTES)
        if not piece:
            return None
        line += piece
    try:
        ready: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None  # something else wrote to its standard output
    return ready


def _raise_why(process: "subprocess.Popen[bytes]", complaints: IO[bytes], within_s: float) -> NoReturn:
    exit_code = process.poll()
    if exit_code is None:  # its output may close a moment before it can be waited for
        try:
            exit_code = process.wait(0.5)
        except subprocess.TimeoutExpired as error:
            raise MockStartError(f"the mock was not ready within {within_s:g} s", EXIT_TOOL_FAILED) from error
    complaints.seek(0)
    said = complaints.read().decode(errors="replace").strip().splitlines()
    reason = said[-1] if said else "it said nothing"
    code = EXIT_USAGE if exit_code == EXIT_USAGE else EXIT_TOOL_FAILED
    raise MockStartError(f"the mock did not start (exit {exit_code}): {reason}", code)


def _end(process: "subprocess.Popen[bytes]", *ours: int) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for fd in ours:
        if fd >= 0:
            os.close(fd)
