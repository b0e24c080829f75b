"""How true each generator is to a rate: our own schedule lag, and arrivals as a foreign server saw them."""

import itertools
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.engine.peers import Ask, Peer, environment, our_options
from benchmarks.engine.recordings import bursty, bursty_s, plain, poisson, poisson_s
from benchmarks.engine.target import watching
from benchmarks.engine.watch import Cores, run

RATES_PER_S: Final = (2_000, 10_000)
_LEFT_OUT: Final = 0.15  # of the arrivals, at the beginning: connecting and warming up
_RECORDED_PER_S: Final = 500


def measure(
    peers: Sequence[Peer],
    rates_per_s: Sequence[int],
    *,
    seconds: float,
    cores: Cores,
) -> list[dict[str, Any]]:
    """A row for each generator, rate and way of pacing. Raises GeneratorError."""
    rows = []
    for rate in rates_per_s:
        for peer in (peer for peer in peers if "rate" in peer.can):
            for pace in _paces(peer):
                row = _one(peer, rate, pace, seconds, cores)
                print(f"  {row}", file=sys.stderr)
                rows.append(row)
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table."""
    print(
        "\n| asked/s | generator | arrived/s | deviation p50 ms | p99 ms | max ms | lag p50 ms | lag p99 ms |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        told = [row["p50_ms"], row["p99_ms"], row["max_ms"], row["lag_p50_ms"], row["lag_p99_ms"]]
        cells = " | ".join("-" if figure is None else f"{figure:.3f}" for figure in told)
        print(f"| {row['asked_per_s']:,} | {row['generator']} | {row['arrived_per_s']:,.0f} | {cells} |")


def deviations_ms(stamps_ns: Sequence[int], offsets_s: Sequence[float]) -> list[float]:
    """Each arrival against its offset; the median, which is the way and the start, is taken off."""
    apart = [stamp / 1e6 - offset * 1e3 for stamp, offset in zip(stamps_ns, offsets_s, strict=True)]
    middle = statistics.median(apart)
    return [each - middle for each in apart]


def percentile(figures: Sequence[float], share: float) -> float:
    """Of sorted figures, the nearest rank."""
    return figures[min(len(figures) - 1, math.ceil(len(figures) * share) - 1)]


def drift(minutes: float, *, cores: Cores) -> dict[str, Any]:
    """Ours alone over the recorded times of a Poisson process. Raises GeneratorError."""
    seconds = round(minutes * 60)
    offsets_s = list(poisson_s(_RECORDED_PER_S, seconds))
    return _recorded(poisson(_RECORDED_PER_S, seconds), offsets_s, seconds, cores)


def bursts(seconds: int, *, cores: Cores) -> dict[str, Any]:
    """Ours alone over recorded bursts of about twenty messages. Raises GeneratorError."""
    offsets_s = list(bursty_s(_RECORDED_PER_S, seconds))
    return _recorded(bursty(_RECORDED_PER_S, seconds), offsets_s, seconds, cores)


def _recorded(recording: Path, offsets_s: Sequence[float], seconds: int, cores: Cores) -> dict[str, Any]:
    """How true the arrivals are, and how much later the last tenth of them comes than the first."""
    with watching(cores.server, "--spin") as watched, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "harness", "replay", str(recording), "--target", watched.url,
            "--exceed-limits", "--order", "none", "--run-dir", f"{folder}/run",
        ]  # fmt: skip
        ask = Ask(watched.url, Path(folder), seconds)
        run(
            command, environment(ask), core=cores.generator, server=watched.server, count=lambda: 0,
            lasts_s=seconds, every_s=1,
        )  # fmt: skip
        stamps_ns = sorted(watched.stamps_ns())
    apart_ms = deviations_ms(stamps_ns, offsets_s)
    tenth = len(apart_ms) // 10
    sizes = sorted(map(abs, apart_ms))
    return {
        "seconds": seconds,
        "arrivals": len(apart_ms),
        "drift_ms": statistics.median(apart_ms[-tenth:]) - statistics.median(apart_ms[:tenth]),
        "p50_ms": percentile(sizes, 0.5),
        "p99_ms": percentile(sizes, 0.99),
        "gap_variation_recorded": variation(offsets_s),
        "gap_variation_arrived": variation(stamps_ns),
    }


def variation(instants: Sequence[float]) -> float:
    """The coefficient of variation of the gaps."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    return statistics.pstdev(gaps) / statistics.fmean(gaps)


def _paces(peer: Peer) -> tuple[str | None, ...]:
    return ("spin", "auto") if peer.is_ours and "--pace" in our_options() else (None,)


def _one(peer: Peer, rate: int, pace: str | None, seconds: float, cores: Cores) -> dict[str, Any]:
    with watching(cores.server, "--spin") as watched, tempfile.TemporaryDirectory() as folder:
        ask = Ask(
            watched.url, Path(folder), seconds, rate_per_s=rate,
            recording=plain() if peer.is_ours else None, more=("--pace", pace) if pace else (),
        )  # fmt: skip
        run(
            peer.command(ask), environment(ask), core=cores.generator, server=watched.server,
            count=lambda: 0, lasts_s=seconds, allowed=(0, 4) if peer.is_ours else (0,),
        )  # fmt: skip
        stamps_ns = sorted(watched.stamps_ns())
        lag = _lag_ms(ask) if peer.is_ours else {}
    kept = stamps_ns[int(len(stamps_ns) * _LEFT_OUT) :]
    sizes = sorted(map(abs, deviations_ms(kept, [number / rate for number in range(len(kept))])))
    return {
        "asked_per_s": rate,
        "generator": peer.name + (f", --pace {pace}" if pace else ""),
        "arrived_per_s": (len(kept) - 1) / ((kept[-1] - kept[0]) / 1e9),
        "p50_ms": percentile(sizes, 0.5),
        "p99_ms": percentile(sizes, 0.99),
        "max_ms": sizes[-1],
        "lag_p50_ms": lag.get("p50"),
        "lag_p99_ms": lag.get("p99"),
    }


def _lag_ms(ask: Ask) -> dict[str, float]:
    document = json.loads((ask.folder / "run" / "run.json").read_text("utf-8"))
    lag: dict[str, float] = document["schedule_lag_ms"] or {}
    return lag
