"""Requests a second of each generator, as fast as it is answered: single calls, over TLS, and batches."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.engine.bodies import BATCH_MESSAGES
from benchmarks.engine.peers import Ask, Peer, environment, our_options
from benchmarks.engine.recordings import plain
from benchmarks.engine.target import Counter, Target, nginx, watching
from benchmarks.engine.watch import Cores, GeneratorError, Steady, run, steady

KINDS: Final = ("single", "tls", "batch")
TITLES: Final = {
    "single": "single calls/s",
    "tls": "single calls/s over TLS",
    "batch": f"messages/s in batches of {BATCH_MESSAGES}",
}
_YARDSTICKS: Final = ("wrk with Lua", "Locust FastHttpUser")
_CHECK_S: Final = 1.0


class Rates:
    """What came of all rounds: by kind and generator."""

    def __init__(self) -> None:
        self.rounds: dict[tuple[str, str], list[Steady]] = {}
        self.checks: dict[tuple[str, str], str] = {}

    def as_json(self) -> list[dict[str, Any]]:
        """Medians, and how far the rounds are apart."""
        return [
            {
                "figure": TITLES[kind],
                "generator": name,
                "per_s": _median(each.requests_per_s for each in rounds) * _messages(kind),
                "lowest": min(each.requests_per_s for each in rounds) * _messages(kind),
                "highest": max(each.requests_per_s for each in rounds) * _messages(kind),
                "of": {other: self._ratio(kind, name, other) for other in _YARDSTICKS},
                "cpu_us": _median(each.cpu_us_per_request for each in rounds) / _messages(kind),
                "busy": _median(each.busy for each in rounds),
                "server_busy": _median(each.server_busy for each in rounds),
                "rounds": len(rounds),
                "ids": self.checks.get((kind, name)),
            }
            for (kind, name), rounds in self.rounds.items()
        ]

    def show(self) -> None:
        """Print a table for each kind."""
        for kind in KINDS:
            rows = [each for each in self.as_json() if each["figure"] == TITLES[kind]]
            if not rows:
                continue
            unit = "a request" if kind != "batch" else "a message"
            print(f"\n| {TITLES[kind]} | median | lowest to highest | of wrk | of FastHttpUser |", end="")
            print(f" CPU µs {unit} | busy | server busy | ids |")
            print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
            for row in rows:
                ratios = ["-" if ratio is None else f"{ratio:.2f}" for ratio in row["of"].values()]
                spread = f"{row['lowest']:,.0f} to {row['highest']:,.0f}"
                shares = f"{row['busy']:.0%} | {row['server_busy']:.0%} | {row['ids'] or '-'} |"
                cost = f"{row['cpu_us']:.2f} | {shares}"
                cells = " | ".join((f"{row['per_s']:,.0f}", spread, *ratios))
                print(f"| {row['generator']} | {cells} | {cost}")

    def _ratio(self, kind: str, name: str, other: str) -> float | None:
        theirs = self.rounds.get((kind, other))
        if not theirs:
            return None
        pairs = zip(self.rounds[kind, name], theirs, strict=False)
        return _median(ours.requests_per_s / peer.requests_per_s for ours, peer in pairs)


def measure(
    peers: Sequence[Peer],
    kinds: Sequence[str],
    *,
    rounds: int,
    seconds: float,
    cores: Cores,
    ends_s: float,
) -> Rates:
    """Interleaved rounds, after a pass in which the ids are counted. Raises GeneratorError."""
    rates = Rates()
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cores.server) as target:
        counter = Counter(target.server.port)
        for number in range(rounds):
            begun_s = time.monotonic()
            for kind in kinds:
                for peer in peers:
                    if kind not in peer.can or not _has_tls(peer, kind, first=number == 0):
                        continue
                    if number == 0 and kind != "tls":
                        checked = check(peer, kind, cores)
                        rates.checks[kind, peer.name] = checked
                    done = _round(peer, kind, target, counter, seconds, cores.generator)
                    rates.rounds.setdefault((kind, peer.name), []).append(done)
            if time.monotonic() * 2 - begun_s > ends_s and number + 1 < rounds:
                print(f"stopped after {number + 1} rounds: no time for another", file=sys.stderr)
                break
        counter.close()
    return rates


def check(peer: Peer, kind: str, cores: Cores) -> str:
    """A second against a server that reads every id: what it found. Raises GeneratorError when ids repeat."""
    with watching(cores.server, "--ids") as watched, tempfile.TemporaryDirectory() as folder:
        ask = _ask(peer, kind, watched.url, Path(folder), _CHECK_S)
        run(
            peer.command(ask), environment(ask), core=cores.generator, server=watched.server,
            count=lambda: 0, lasts_s=_CHECK_S,
        )  # fmt: skip
        counts = watched.counts()
        if counts["unreadable"] or not counts["requests"]:
            raise GeneratorError(f"{peer.name}: the checking server got {counts}")
        if peer.one_body:
            return "one fixed body"
        if counts["unique"] != counts["messages"]:
            raise GeneratorError(f"{peer.name}: {counts['messages']} messages, {counts['unique']} ids")
        if peer.is_ours:
            _hold_to_account(ask, counts["requests"], counts["messages"])
        return f"{counts['unique']:,} of {counts['messages']:,}"


def _round(  # noqa: PLR0917 - one caller
    peer: Peer, kind: str, target: Target, counter: Counter, seconds: float, core: int | None
) -> Steady:
    with tempfile.TemporaryDirectory() as folder:
        url = (target.tls_url or "") if kind == "tls" else target.url
        ca = target.ca if kind == "tls" else None
        ask = _ask(peer, kind, url, Path(folder), seconds)._replace(ca=ca)
        before = counter.requests()
        samples = run(
            peer.command(ask), environment(ask), core=core, server=target.server,
            count=counter.requests, lasts_s=seconds,
        )  # fmt: skip
        if peer.is_ours:
            _hold_to_account(ask, counter.requests() - before, None)
    found = steady(samples)
    print(f"  {kind:<7}{peer.name:<22}{found.requests_per_s * _messages(kind):>12,.0f}", file=sys.stderr)
    return found


def _hold_to_account(ask: Ask, requests: int, messages: int | None) -> None:
    """Our own account must be the server's, to the request."""
    document = json.loads((ask.folder / "run" / "run.json").read_text("utf-8"))
    ours = document["requests"]["sent"]
    # Whether the target is a mock is asked with a GET or two, which nginx counts and the other does not.
    beside = requests - ours
    if not document["sums_hold"] or not 0 <= beside <= 4:
        raise GeneratorError(
            f"ours says {ours} requests, the server {requests}; sums hold: {document['sums_hold']}"
        )
    if messages is not None and messages != document["messages"]["accepted"]:
        raise GeneratorError(f"ours says {document['messages']}, the server {messages} messages")


def _ask(peer: Peer, kind: str, url: str, folder: Path, seconds: float) -> Ask:
    batch = BATCH_MESSAGES if kind == "batch" else 1
    return Ask(url, folder, seconds, batch=batch, recording=plain() if peer.is_ours else None)


def _has_tls(peer: Peer, kind: str, *, first: bool) -> bool:
    if kind == "tls" and peer.is_ours and "--ca-file" not in our_options():
        if first:
            print("ours is left out over TLS: this version does not speak it", file=sys.stderr)
        return False
    return True


def _messages(kind: str) -> int:
    return BATCH_MESSAGES if kind == "batch" else 1


def _median(figures: Iterable[float]) -> float:
    return statistics.median(figures)
