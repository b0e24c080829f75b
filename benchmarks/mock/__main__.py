"""Measure the mock beside its peers, on one core each, in interleaved rounds.

    python benchmarks/mock/peers.py install      # once
    python -m benchmarks.mock [--rounds 3] [--seconds 2] [--only ours,WireMock]
    python -m benchmarks.mock --memory 10000000

Each server has one core, the load the other. Every answer must be 200, and who counts must have counted what
was answered, or the program ends. It needs Linux (`/proc`, epoll) and talks over loopback alone.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.mock.calls import BATCH_MESSAGES, batches, message, singles, small_message
from benchmarks.mock.load import BadAnswerError, Load, by_loop, by_wrk, has_wrk
from benchmarks.mock.memory import measure
from benchmarks.mock.peers import PEERS, Peer
from benchmarks.mock.process import Server, StartError, free_port, get, running

DEADLINE_S: Final = 220.0  # no new round after that
YARDSTICK: Final = "bare Protocol"
WARM_CALLS: Final = 1_000
LOOP_CALLS: Final = {False: 20_000, True: 400}  # where there is no wrk: single calls, batches

COLUMNS: Final = (
    "", "single requests/s", "of bare", "p50 ms", "p99 ms", "CPU us/request",
    "messages/s in batches", "of bare", "CPU us/message", "ready s", "idle MiB",
)  # fmt: skip

_Key = tuple[str, bool]  # a server's name; whether it got batches


class Round(NamedTuple):
    """One load of one server."""

    requests_per_s: float
    cpu_us_per_request: float
    p50_ms: float
    p99_ms: float


def counted(peer: Peer, server: Server) -> int | None:
    """How many distinct messages a server says it took; None where it does not say."""
    if peer.counts_at is None:
        return None
    told = json.loads(get(server.port, peer.counts_at)[1])
    if "unique" not in told:
        return int(told["messages"])
    if told["received"] != told["unique"]:
        sys.exit(f"{peer.name}: {told['received']} messages came, but only {told['unique']} ids")
    return int(told["unique"])


def load(server: Server, prefix: str, options: argparse.Namespace, *, batched: bool, wrk: bool) -> Load:
    """By wrk for a time, or by a loop of ours for a number of calls."""
    if wrk:
        return by_wrk(
            server.port,
            prefix,
            options.text,
            batched=batched,
            connections=options.connections,
            duration_s=options.seconds,
        )
    count, text = LOOP_CALLS[batched], options.text
    calls = batches(prefix, count, BATCH_MESSAGES, text) if batched else singles(prefix, count, text)
    return by_loop(server.port, list(calls), options.connections)


def measured(
    peer: Peer, server: Server, prefix: str, options: argparse.Namespace, *, batched: bool, wrk: bool
) -> Round:
    """One load, checked: a server that counts has got what it answered."""
    before, used_s = counted(peer, server), server.cpu_s()
    done = load(server, prefix, options, batched=batched, wrk=wrk)
    used_s = server.cpu_s() - used_s
    after = counted(peer, server)
    if before is not None and after is not None:
        each = BATCH_MESSAGES if batched else 1
        # wrk stops with a call in flight on each connection: taken, and not seen answered.
        unseen = (after - before) / each - done.requests
        if not 0 <= unseen <= (options.connections if wrk else 0):
            sys.exit(f"{peer.name} answered {done.requests} calls, but counts {unseen:+g} beside them")
    return Round(done.requests / done.wall_s, used_s / done.requests * 1e6, done.p50_ms, done.p99_ms)


def started(stack: ExitStack, only: set[str], core: int | None) -> dict[Peer, Server]:
    """The servers that can be had; the others are named."""
    servers: dict[Peer, Server] = {}
    for peer in PEERS:
        missing = peer.lacks()
        if only and peer.name not in only:
            continue
        if missing:
            print(f"without {peer.name}: not here: {', '.join(missing)}", file=sys.stderr)
            continue
        folder, port = Path(stack.enter_context(tempfile.TemporaryDirectory())), free_port()
        try:
            server = stack.enter_context(running(peer.command(port, folder), port, peer.ready_path, core))
        except StartError as error:
            print(f"without {peer.name}: it does not start: {error}", file=sys.stderr)
            continue
        if peer.prepare is not None:
            peer.prepare(port)
        by_loop(port, singles("warm", WARM_CALLS, message()), 8)
        servers[peer] = server
    return servers


def show(servers: dict[Peer, Server], rounds: dict[_Key, list[Round]]) -> None:
    """Print one table: medians, and the median of the ratios to the yardstick of the same round."""
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" + "|---:" * (len(COLUMNS) - 1) + "|")
    for peer, server in servers.items():
        single, batched = rounds[peer.name, False], rounds[peer.name, True]
        cells = (
            peer.name,
            f"{_median(r.requests_per_s for r in single):,.0f}",
            _ratio(single, rounds.get((YARDSTICK, False))),
            f"{_median(r.p50_ms for r in single):.1f}",
            f"{_median(r.p99_ms for r in single):.1f}",
            f"{_median(r.cpu_us_per_request for r in single):.1f}",
            f"{_median(r.requests_per_s for r in batched) * BATCH_MESSAGES:,.0f}",
            _ratio(batched, rounds.get((YARDSTICK, True))),
            f"{_median(r.cpu_us_per_request for r in batched) / BATCH_MESSAGES:.2f}",
            f"{server.ready_s:.2f}",
            f"{server.idle_bytes / 2**20:.0f}",
        )
        print("| " + " | ".join(cells) + " |")


def _median(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def _ratio(rounds: list[Round], yardstick: list[Round] | None) -> str:
    if yardstick is None:
        return "-"
    pairs = zip(rounds, yardstick, strict=False)
    return f"{_median(ours.requests_per_s / theirs.requests_per_s for ours, theirs in pairs):.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mock", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--only", default="", metavar="NAMES", help="of servers, with commas between them")
    parser.add_argument(
        "--small",
        dest="text",
        action="store_const",
        const=small_message(),
        default=message(),
        help=f"messages of {len(small_message())} bytes in place of {len(message())}",
    )
    parser.add_argument("--memory", type=int, metavar="MESSAGES", help="measure our memory instead")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1] if len(cores) > 1 else None
    if core is not None:
        os.sched_setaffinity(0, cores[:-1])
    if options.memory is not None:
        with tempfile.TemporaryDirectory() as folder:
            measure(PEERS[0], options.memory, core, Path(folder))
        return
    end_s, wrk = time.monotonic() + DEADLINE_S, has_wrk()
    with ExitStack() as stack:
        servers = started(stack, set(filter(None, options.only.split(","))), core)
        rounds: dict[_Key, list[Round]] = {
            (peer.name, kind): [] for peer in servers for kind in (False, True)
        }
        for number in range(options.rounds):
            if time.monotonic() > end_s - len(servers) * 2 * (options.seconds + 1):
                print(f"stopped after {number} rounds: no time for another", file=sys.stderr)
                break
            for batched in (False, True):
                for peer, server in servers.items():
                    prefix = f"{'b' if batched else 's'}{number}x"
                    done = measured(peer, server, prefix, options, batched=batched, wrk=wrk)
                    rounds[peer.name, batched].append(done)
        where = f"core {core}" if core is not None else "the only core, which it shares with its load"
        print(f"{platform.platform()}, Python {platform.python_version()}; each server on {where}")
        print(f"{options.rounds} rounds of {options.seconds} s, {options.connections} connections,", end=" ")
        print(f"messages of {len(options.text)} bytes, batches of {BATCH_MESSAGES}; medians\n")
        show(servers, rounds)


if __name__ == "__main__":
    try:
        main()
    except (BadAnswerError, StartError) as error:
        sys.exit(str(error))
