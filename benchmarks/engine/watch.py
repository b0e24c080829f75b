"""Run a generator on its core, and look on: requests counted by the server, processor time, memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.mock.process import Server

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_EDGE: Final = 0.15  # of the requests at either end are left out: starting and stopping are no rate
_GIVEN_UP_AFTER_S: Final = 60.0


class GeneratorError(Exception):
    """A generator did not do what it was asked."""


class Sample(NamedTuple):
    """One look."""

    at_s: float
    requests: int  # counted by the server
    cpu_s: float  # of the generator
    server_cpu_s: float
    rss_bytes: int  # of the generator


class Cores(NamedTuple):
    """Who runs where; None where there is only one core."""

    generator: int | None
    server: int | None


class Steady(NamedTuple):
    """A generator between its start and its end."""

    requests_per_s: float
    cpu_us_per_request: float
    busy: float  # share of its core that it had
    server_busy: float  # the same of the server


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    core: int | None,
    server: Server,
    count: Callable[[], int],
    lasts_s: float,
    every_s: float = 0.05,
    allowed: Sequence[int] = (0,),
) -> list[Sample]:
    """Run it to its end. Raises GeneratorError when it fails, or runs for over a minute longer than asked."""

    def prepare() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    samples: list[Sample] = []
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, preexec_fn=prepare,  # noqa: PLW1509 - this program has one thread
        )  # fmt: skip
        own = Server(process.pid, 0, 0.0, 0)
        give_up_s = time.monotonic() + lasts_s + _GIVEN_UP_AFTER_S
        try:
            while process.poll() is None and time.monotonic() < give_up_s:
                try:
                    used_s, rss_bytes = own.cpu_s(), own.rss_bytes()
                except (OSError, IndexError):  # it, or a child of it, has just ended
                    continue
                samples.append(Sample(time.monotonic(), count(), used_s, server.cpu_s(), rss_bytes))
                time.sleep(every_s)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode not in allowed:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-2_000:]
            raise GeneratorError(f"{command[0]} ended with {process.returncode}: {words}")
    samples.append(samples[-1]._replace(at_s=time.monotonic(), requests=count()))
    return samples


def steady(samples: Sequence[Sample]) -> Steady:
    """The rate between the first and the last sixth of the requests.

    Raises GeneratorError where it ran too short a time.
    """
    begun, all_requests = samples[0].requests, samples[-1].requests - samples[0].requests
    low, high = begun + all_requests * _EDGE, begun + all_requests * (1 - _EDGE)
    inside = [sample for sample in samples[:-1] if low <= sample.requests <= high]
    if len(inside) < 3:
        raise GeneratorError("too few looks at it: it ran too short a time")
    first, last = inside[0], inside[-1]
    requests, lasted_s = last.requests - first.requests, last.at_s - first.at_s
    return Steady(
        requests / lasted_s,
        (last.cpu_s - first.cpu_s) / requests * 1e6,
        (last.cpu_s - first.cpu_s) / lasted_s,
        (last.server_cpu_s - first.server_cpu_s) / lasted_s,
    )


def two_cores() -> Cores:
    """A core for the generator, one for the server and this program."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        print("one core only: generator and server share it, and no figure here means much", file=sys.stderr)
        return Cores(None, None)
    os.sched_setaffinity(0, {usable[-1]})
    return Cores(usable[0], usable[-1])
