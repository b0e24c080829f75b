"""Run a foreign program and see that it ends: its output bounded, its whole tree ended, never a hang."""

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from harness.clock import Clock
from harness.errors import HarnessError

TAIL_BYTES: Final = 16_384  # of each stream

_PIECE_BYTES: Final = 4_096
_PIPE_CLOSES_WITHIN_S: Final = 1.0
_TERM_WITHIN_S: Final = 1.0
_PROC: Final = Path("/proc")


class NotStartedError(HarnessError):
    """The command cannot be run."""


class Program:
    """A running command, in a session of its own. Whoever starts one calls `end`, whatever happens.

    `mark` is a value of its environment that nobody else has: by it what fled the session is found.
    """

    __slots__ = ("_clock", "_mark", "_process", "_readers", "_tails", "pid", "started_ns")

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], mark: str, clock: Clock
    ) -> None:
        """Start it. Raises NotStartedError."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise NotStartedError(f"{command[0]} cannot be started: {reason}") from error
        self._process: Final = process
        self._clock: Final = clock
        self._mark: Final = mark.encode()
        self.pid: Final = process.pid
        self.started_ns: Final = clock.now_ns()
        assert process.stdout is not None  # noqa: S101 - as asked for above
        assert process.stderr is not None  # noqa: S101 - as asked for above
        self._tails: Final = (Tail(), Tail())
        self._readers: Final = [
            threading.Thread(target=_drain, args=(stream, tail), daemon=True)
            for stream, tail in zip((process.stdout, process.stderr), self._tails, strict=True)
        ]
        for reader in self._readers:
            reader.start()

    def wait(self, seconds: float) -> int | None:
        """Its exit code, within so long; None while it runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def tell_to_end(self) -> None:
        """Send SIGTERM to its session, as a service manager would."""
        self._signal(signal.SIGTERM)

    def end(self) -> None:
        """End it and all that it started, if need be with force. Calling it again does nothing."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            if self.wait(_TERM_WITHIN_S) is None:
                self._signal(signal.SIGKILL)
        self._signal(signal.SIGKILL)  # what is left of its session
        for pid in self._fled():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(_PIPE_CLOSES_WITHIN_S)

    @property
    def ran_ns(self) -> int:
        """How long ago it was started."""
        return self._clock.now_ns() - self.started_ns

    @property
    def said(self) -> tuple[str, str]:
        """The last of its standard output and of its standard error."""
        return self._tails[0].text, self._tails[1].text

    def memory_bytes(self) -> int | None:
        """What it and its children hold now; None where the system does not tell."""
        sizes = [size for pid in _tree(self.pid) if (size := _resident_bytes(pid)) is not None]
        return sum(sizes) if sizes else None

    def stalled_ns(self) -> int:
        """As `waited_ns`, of it and its children."""
        return max(waited_ns(pid) for pid in _tree(self.pid))

    def _signal(self, number: int) -> None:
        # A session leader's id is its group's, and is not given anew while any of the group is there.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _fled(self) -> Iterator[int]:
        """Processes that hold our mark in their environment: they left the session, but are its children."""
        if not _PROC.is_dir():
            return
        for entry in _PROC.iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if self._mark in (entry / "environ").read_bytes():
                        yield int(entry.name)


class Tail:
    """The last bytes of a stream."""

    __slots__ = ("_bytes", "_pieces", "cut")

    def __init__(self) -> None:
        self._pieces: Final[deque[bytes]] = deque()
        self._bytes = 0
        self.cut = False

    def add(self, piece: bytes) -> None:
        """Take in what came, at the price of the oldest."""
        self._pieces.append(piece)
        self._bytes += len(piece)
        while self._bytes - len(self._pieces[0]) >= TAIL_BYTES:
            self._bytes -= len(self._pieces.popleft())
            self.cut = True

    @property
    def text(self) -> str:
        """What is kept."""
        return b"".join(self._pieces)[-TAIL_BYTES:].decode(errors="replace")


def waited_ns(pid: int) -> int:
    """How long the thread of a process that had to wait longest was ready to run and did not.

    0 where the system does not tell. Not the sum: a browser has hundreds of threads, which wait side by side.
    """
    longest = 0
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError, IndexError, ValueError):
                longest = max(longest, int((task / "schedstat").read_text("ascii").split()[1]))
    return longest


def _drain(stream: IO[bytes], tail: Tail) -> None:
    with stream:
        while piece := os.read(stream.fileno(), _PIECE_BYTES):
            tail.add(piece)


def _tree(pid: int) -> list[int]:
    """A process and its children, theirs included."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            children = (_PROC / f"{parent}/task/{parent}/children").read_text("ascii").split()
            found += [int(child) for child in children]
    return found


def _resident_bytes(pid: int) -> int | None:
    with contextlib.suppress(OSError, IndexError, ValueError):
        pages = int((_PROC / str(pid) / "statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None
