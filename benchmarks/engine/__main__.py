"""Measure the engine beside its peers, one core for the generator, in interleaved rounds.

    python benchmarks/engine/peers.py install       # once
    python -m benchmarks.engine                     # under five minutes: rates and timing
    python -m benchmarks.engine --only ours,wrk --figures single,batch --rounds 5
    python -m benchmarks.engine --drift 10          # the minutes it says, and a little
    python -m benchmarks.engine --bursts 30         # the seconds it says, and a little
    python -m benchmarks.engine --memory 10000000   # as long as ours takes for so many
    python -m benchmarks.engine --pause 300         # one and a half times so many seconds, and a little
    python -m benchmarks.engine --profile           # half a minute

It needs Linux (`/proc`, epoll), nginx for the rates, and two cores. It talks over loopback alone.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.engine import hot_path, memory, pause, rates, timing
from benchmarks.engine.bodies import BATCH_MESSAGES, BODY_BYTES
from benchmarks.engine.peers import here
from benchmarks.engine.target import lacks_nginx
from benchmarks.engine.watch import Cores, GeneratorError, two_cores
from benchmarks.mock.process import StartError

DEADLINE_S: Final = 280.0  # a round that would end later is not begun
TIMING: Final = "timing"


def main() -> None:
    """Measure, print tables, and the same as JSON where that is asked."""
    options = _parser().parse_args()
    cores = two_cores()
    where = f"generator on core {cores.generator}, server on core {cores.server}"
    print(f"{platform.platform()}, Python {platform.python_version()}; {where}")
    begun_s = time.monotonic()
    found = _long(options, cores) or _side_by_side(options, cores)
    found = {"platform": platform.platform(), "took_s": round(time.monotonic() - begun_s, 1)} | found
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="of each load; of the timing, twice as long"
    )
    parser.add_argument("--only", default="", metavar="NAMES", help="of generators, with commas between them")
    parser.add_argument(
        "--figures",
        default=",".join([*rates.KINDS, TIMING]),
        metavar="NAMES",
        help="of single,tls,batch,timing",
    )
    parser.add_argument("--rates", default="2000,10000", help="that the timing asks for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--drift", type=float, metavar="MINUTES", help="measure drift instead")
    parser.add_argument("--bursts", type=int, metavar="SECONDS", help="measure how bursts keep shape instead")
    parser.add_argument("--memory", type=int, metavar="MESSAGES", help="measure memory instead")
    parser.add_argument("--pause", type=int, metavar="SECONDS", help="pause one of two sources instead")
    parser.add_argument(
        "--profile", nargs="?", const=hot_path.PROFILERS[0], choices=hot_path.PROFILERS,
        help="profile our hot path instead",
    )  # fmt: skip
    return parser


def _long(options: argparse.Namespace, cores: Cores) -> dict[str, Any] | None:
    """The figures that are measured alone; None when none is asked for."""
    if options.drift is not None:
        found = {"drift": timing.drift(options.drift, cores=cores)}
    elif options.bursts is not None:
        found = {"bursts": timing.bursts(options.bursts, cores=cores)}
    elif options.memory is not None:
        found = {"memory": memory.measure(options.memory, cores=cores)}
    elif options.pause is not None:
        found = {"pause": pause.measure(options.pause, cores=cores)}
    elif options.profile is not None:
        profiles = []
        for batch in (1, BATCH_MESSAGES):
            profiles.append(
                hot_path.measure(batch, options.profile, seconds=options.seconds * 3, cores=cores)
            )
            hot_path.show(profiles[-1])
        return {"profile": profiles}
    else:
        return None
    for name, figure in next(iter(found.values())).items():
        told = f"{figure:,.3f}" if isinstance(figure, float) else f"{figure}"
        print(f"{name.replace('_', ' '):<28}{told:>16}")
    return found


def _side_by_side(options: argparse.Namespace, cores: Cores) -> dict[str, Any]:
    ends_s = time.monotonic() + DEADLINE_S
    peers = here(set(filter(None, options.only.split(","))))
    figures = options.figures.split(",")
    kinds = [kind for kind in rates.KINDS if kind in figures]
    found: dict[str, Any] = {}
    print(
        f"{options.rounds} rounds of {options.seconds:g} s, 50 connections, bodies of {BODY_BYTES} bytes;",
        end=" ",
    )
    print("medians, counted by the server")
    if TIMING in figures:
        asked = [int(rate) for rate in options.rates.split(",")]
        found["timing"] = timing.measure(peers, asked, seconds=options.seconds * 2, cores=cores)
        timing.show(found["timing"])
    if kinds and lacks_nginx():
        print("nginx is not installed: no rates", file=sys.stderr)
    elif kinds:
        measured = rates.measure(
            peers, kinds, rounds=options.rounds, seconds=options.seconds, cores=cores,
            ends_s=ends_s,
        )  # fmt: skip
        measured.show()
        found["rates"] = measured.as_json()
    return found


if __name__ == "__main__":
    try:
        main()
    except (GeneratorError, StartError) as error:
        sys.exit(str(error))
