"""Run the command whose traffic is observed: tell it where to send, pass its output on, end all of it."""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.clock import Clock
from harness.errors import UsageError
from harness.measure.observed import CommandEnd
from harness.units import NS_PER_S

URL_VARIABLE: Final = "SEGMENT_MOCK"
SHOWN_MOST_BYTES: Final = 1 << 20
_READ_BYTES: Final = 64 << 10
_LINE_BYTES: Final = 4 << 10
_END_WITHIN_NS: Final = 5 * NS_PER_S
_LOOK_EVERY_S: Final = 0.05


class ObservedCommand:
    """A process with a group of its own. `end` it always."""

    def __init__(
        self, command: Sequence[str], *, told: Mapping[str, str], say: Callable[[str], None], clock: Clock
    ) -> None:
        """Start it; `told` goes into its environment, and its output to `say`. Raises UsageError."""
        self._say = say
        self._clock = clock
        self.name: Final = Path(command[0]).name
        self._output_bytes = self._shown_bytes = 0
        self._line = b""
        self._output, child_output = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - what the user asks to be run, without a shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=child_output,
                stderr=child_output,
                env={**os.environ, **told},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(self._output)
            why = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"{command[0]}: cannot be started: {why}; name a program that is there"
            ) from error
        finally:
            os.close(child_output)

    @property
    def output(self) -> int:
        """What can be waited for; -1 once nothing more can come."""
        return self._output

    @property
    def has_ended(self) -> bool:
        """Whether the command itself is over; what it started may still run."""
        return self._process.poll() is not None

    def pass_on(self) -> None:
        """Show what it has written; beyond a bound it is read and counted alone."""
        piece = os.read(self._output, _READ_BYTES)
        if not piece:
            os.close(self._output)
            self._output = -1
        self._output_bytes += len(piece)
        if self._shown_bytes > SHOWN_MOST_BYTES:
            return
        self._shown_bytes += len(piece)
        *lines, self._line = (self._line + piece).split(b"\n")
        if len(self._line) > _LINE_BYTES or (self._line and not piece):
            lines.append(self._line)
            self._line = b""
        for line in lines:
            self._say(line.decode("utf-8", "replace").rstrip("\r"))
        if self._shown_bytes > SHOWN_MOST_BYTES:
            self._say(
                f"harness: {self.name} writes more than {SHOWN_MOST_BYTES >> 20} MiB; the rest is not shown"
            )

    def end(self, within_ns: int = _END_WITHIN_NS) -> CommandEnd:
        """End it and all it started, SIGTERM first and then SIGKILL; answers how it had ended."""
        exit_code = self._process.poll()
        group = self._process.pid
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not _signal(group, number):
                break
            give_up_ns = self._clock.now_ns() + within_ns
            while self._clock.now_ns() < give_up_ns and self._is_alive(group):
                self._drain(_LOOK_EVERY_S)
        self._process.wait()
        self._drain(0)
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
        return CommandEnd(
            self.name, exit_code, self._output_bytes, min(self._shown_bytes, self._output_bytes)
        )

    def _is_alive(self, group: int) -> bool:
        self._process.poll()  # so that it is no zombie, which would still be a member
        return _signal(group, 0)

    def _drain(self, wait_s: float) -> None:
        if self._output < 0:
            select.select([], [], [], wait_s)
            return
        while self._output >= 0 and select.select([self._output], [], [], wait_s)[0]:
            self.pass_on()
            wait_s = 0


def _signal(group: int, number: int) -> bool:
    """Send to all of a group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # only processes of somebody else are left, which are not ours to end
        return False
    return True
