"""Write one line for each settled item to `trace.ndjson`, for who wants to follow a single message.

`due_ns`, `sent_ns` and `done_ns` all count from the start of the run; `due_at` is wall clock. What does
not exist (nothing was due, nothing was sent, no HTTP answer) is null.
"""

import os
from collections.abc import Callable
from pathlib import Path

import orjson

from harness.errors import HarnessError
from harness.model import Item, Settlement
from harness.units import format_instant_us


class TraceError(HarnessError):
    """The trace cannot be written."""


class TraceWriter:
    """Appends lines to the file at `path`, readable by its owner only; `flush` hands them to the kernel."""

    __slots__ = ("_file", "_message_id", "_path")

    def __init__(self, path: Path, message_id: Callable[[Item], str]) -> None:
        """Open or make the file. Raises TraceError."""
        self._path = path
        self._message_id = message_id
        try:
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")
        except OSError as error:
            raise TraceError(
                f"{path}: cannot write the trace: {error.strerror}; choose another --run-dir"
            ) from error

    def write(self, settlement: Settlement, *, start_ns: int, start_wall_ns: int, closed_loop: bool) -> None:
        """One line for one item. Raises TraceError."""
        due_ns, item = settlement.arrival
        waits = settlement.waits
        line = orjson.dumps(
            {
                "index": item.index,
                "message_id": self._message_id(item),
                "due_at": None if closed_loop else format_instant_us(start_wall_ns + due_ns),
                "due_ns": None if closed_loop else due_ns,
                "lane_wait_ns": waits and waits.lane_ns,
                "limit_wait_ns": waits and waits.limit_ns,
                "batch_wait_ns": waits and waits.batch_ns,
                "user_wait_ns": waits and waits.user_ns,
                "sent_ns": None if settlement.sent_ns is None else settlement.sent_ns - start_ns,
                "done_ns": settlement.done_ns - start_ns,
                "attempts": settlement.attempts,
                "status": settlement.status,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        try:
            self._file.write(line)
        except OSError as error:
            raise self._failed(error) from error

    def flush(self) -> None:
        """Hand what is buffered to the kernel. Raises TraceError."""
        try:
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Flush and close. Raises TraceError."""
        try:
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> TraceError:
        return TraceError(f"{self._path}: cannot write the trace: {error.strerror}; free some disk space")
