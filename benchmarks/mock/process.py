"""A server as a process of its own on a core of its own: its start, its processor time, its memory."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

_READY_WITHIN_S: Final = 30.0
_SETTLED_AFTER_S: Final = 0.5
_STOP_WITHIN_S: Final = 5.0


class StartError(Exception):
    """A server did not answer in time."""


class Server(NamedTuple):
    """A running server."""

    pid: int
    port: int
    ready_s: float  # from its start to its first answer
    idle_bytes: int  # memory a moment later, all of its processes together

    def cpu_s(self) -> float:
        """Processor time of its threads and its children's, in user mode and in the kernel, so far."""
        return sum(_cpu_ns(pid) for pid in _family(self.pid)) / 1e9

    def rss_bytes(self) -> int:
        """Memory it holds now, all of its processes together."""
        return sum(_rss_bytes(pid) for pid in _family(self.pid))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, ready_path: str, core: int | None) -> Iterator[Server]:
    """A server that ends with the block. Raises StartError when it does not answer."""

    def prepare() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    with tempfile.TemporaryFile() as said:
        begun_s = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - this program has one thread
        )
        try:
            ready_s = _wait(process, port, ready_path, begun_s)
            if ready_s is None:
                said.seek(0)
                words = said.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
                raise StartError(words[-1])
            time.sleep(_SETTLED_AFTER_S)
            idle_bytes = Server(process.pid, port, ready_s, 0).rss_bytes()
            yield Server(process.pid, port, ready_s, idle_bytes)
        finally:
            _end(process)


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait(process: "subprocess.Popen[bytes]", port: int, path: str, begun_s: float) -> float | None:
    while time.monotonic() < begun_s + _READY_WITHIN_S and process.poll() is None:
        try:
            if get(port, path)[0] < 500:
                return time.monotonic() - begun_s
        except (OSError, http.client.HTTPException):
            time.sleep(0.005)
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The whole session: some servers leave the work to children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            print(f"process {process.pid} does not end when asked to; killed", file=sys.stderr)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _family(pid: int) -> list[int]:
    """The process, its children, and theirs."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def _cpu_ns(pid: int) -> int:
    return sum(
        int((task / "schedstat").read_text("ascii").split()[0])
        for task in Path(f"/proc/{pid}/task").iterdir()
    )


def _rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024
