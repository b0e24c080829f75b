"""Where the time of a run goes: ours under a profiler, as fast as it is answered, the run alone.

py-spy looks at the running program from outside and slows it little; what a function spends in C and in the
kernel is its own, and what goes before and behind the run is left out. cProfile counts from inside: it tells
C apart, makes small functions dear, and takes the whole program.
"""

import os
import pstats
import re
import subprocess
import sys
import tempfile
from collections import Counter as Tally
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.engine.bodies import BATCH_MESSAGES
from benchmarks.engine.peers import PEERS, PY_SPY, Ask, environment
from benchmarks.engine.recordings import plain
from benchmarks.engine.target import Counter, nginx
from benchmarks.engine.watch import ROOT, Cores, GeneratorError, run, steady

SHOWN: Final = 25
PROFILERS: Final = ("py-spy", "cProfile")
_FRAME: Final = re.compile(r"(?P<function>.*) \((?P<file>[^()]*?)(:\d+)?\)$")
_LOOP: Final = ("harness/engine/", "gevent/hub.py")  # a stack with one of these belongs to the run itself
_BESIDE: Final = ("harness/recording/survey.py", "harness/conclude.py", "<frozen importlib")
_LOOKS_PER_S: Final = 250


class Share(NamedTuple):
    """One function."""

    function: str  # file:function
    own: float  # share of the run's time in itself
    all: float  # and in what it calls


def measure(batch: int, profiler: str, *, seconds: float, cores: Cores) -> dict[str, Any]:
    """The functions with the most time of their own, and what a message takes. Raises GeneratorError."""
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cores.server) as target:
        plainly = Ask(target.url, Path(folder) / "plainly", seconds, batch=batch, recording=plain())
        watched = plainly._replace(folder=Path(folder) / "watched")
        for ask in (plainly, watched):
            ask.folder.mkdir()
        command = PEERS[0].command
        counter = Counter(target.server.port)
        samples = run(
            command(plainly), environment(plainly), core=cores.generator, server=target.server,
            count=counter.requests, lasts_s=seconds,
        )  # fmt: skip
        counter.close()
        file = Path(folder) / "profile"
        if profiler == PROFILERS[0] and not PY_SPY.exists():
            raise GeneratorError("py-spy is not installed; take --profile cProfile")
        shares = _by_py_spy if profiler == PROFILERS[0] else _by_cprofile
        found = shares(command(watched), watched, file, cores.generator)
    cpu_us = steady(samples).cpu_us_per_request
    return {
        "batch": batch,
        "by": profiler,
        "cpu_us_per_message": cpu_us / batch,
        "functions": [
            {**share._asdict(), "us_per_message": share.own * cpu_us / batch} for share in found[:SHOWN]
        ],
    }


def show(profile: dict[str, Any]) -> None:
    """Print a table."""
    kind = "single calls" if profile["batch"] == 1 else f"batches of {BATCH_MESSAGES}"
    print(f"\n{kind}, {profile['by']}: {profile['cpu_us_per_message']:.2f} µs of processor time a message\n")
    print("| function | of itself | µs a message | with what it calls |\n|---|---:|---:|---:|")
    for each in profile["functions"]:
        print(
            f"| {each['function']} | {each['own']:.1%} | {each['us_per_message']:.2f} | {each['all']:.1%} |"
        )


def _by_py_spy(command: list[str], ask: Ask, file: Path, core: int | None) -> list[Share]:
    options = ["-f", "raw", "-r", str(_LOOKS_PER_S), "-o", str(file)]
    _run([str(PY_SPY), "record", *options, "--", *_pinned(core), *command], ask)
    own, every, total = Tally[str](), Tally[str](), 0
    for line in file.read_text("utf-8").splitlines():
        stack, _, looks = line.rpartition(" ")
        frames = [_named(frame) for frame in stack.split(";")]
        if any(frame.startswith(_BESIDE) for frame in frames):
            continue
        if not any(frame.startswith(_LOOP) for frame in frames):
            continue
        total += int(looks)
        own[frames[-1]] += int(looks)
        every.update(dict.fromkeys(frames, int(looks)))
    return [Share(name, looks / total, every[name] / total) for name, looks in own.most_common()]


def _by_cprofile(command: list[str], ask: Ask, file: Path, core: int | None) -> list[Share]:
    _run([*_pinned(core), sys.executable, "-m", "cProfile", "-o", str(file), *command[1:]], ask)
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = vars(pstats.Stats(str(file)))[
        "stats"
    ]
    rows = [(_short(path) + ":" + name, each[2], each[3]) for (path, _, name), each in stats.items()]
    total = sum(own for _, own, _ in rows)
    rows.sort(key=lambda row: -row[1])
    return [Share(name, own / total, every / total) for name, own, every in rows]


def _pinned(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "-c", str(core)]


def _run(command: list[str], ask: Ask) -> None:
    asked = {**os.environ, "PYTHONPATH": str(ROOT), **environment(ask)}
    done = subprocess.run(command, cwd=ROOT, env=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2_000:]}")


def _named(frame: str) -> str:
    match = _FRAME.match(frame)
    return frame if match is None else f"{_short(match['file'])}:{match['function']}"


def _short(path: str) -> str:
    for cut in (f"{ROOT}/", "site-packages/"):
        path = path.rpartition(cut)[2]
    return path
