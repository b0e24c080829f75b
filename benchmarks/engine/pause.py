"""One source is answered 429 for long: what becomes of another at 2,000/s, of memory, of what waits."""

import json
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.engine.peers import Ask, environment
from benchmarks.engine.recordings import two_sources
from benchmarks.engine.target import watching
from benchmarks.engine.timing import deviations_ms, percentile
from benchmarks.engine.watch import Cores, GeneratorError, Sample, run

_CALM_PER_S: Final = 2_000
_PAUSED_PER_S: Final = 200
_BEFORE_S: Final = 5
_AFTER_SHARE: Final = 0.5  # of the pause, so that what waited can drain
_PAUSED_KEY: Final = "pausedpausedpausedpausedpaused00"
_PAUSED_AUTHORIZATION: Final = "cGF1c2VkcGF1c2VkcGF1c2VkcGF1c2VkcGF1c2VkMDA6"


def measure(pause_s: int, *, cores: Cores) -> dict[str, Any]:
    """The calm source before and in the pause, memory, and the paused one's end. Raises GeneratorError."""
    lasts_s = _BEFORE_S + pause_s + max(5, round(pause_s * _AFTER_SHARE))
    recording = two_sources(_CALM_PER_S, _PAUSED_PER_S, lasts_s)
    how = ("--spin", "--pause", _PAUSED_AUTHORIZATION, str(_BEFORE_S), str(pause_s))
    with watching(cores.server, *how) as watched, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "harness", "replay", str(recording), "--target", watched.url,
            "--limit", "tracking=2500/s", "--retry-for", "1h", "--run-dir", f"{folder}/run",
            "--source", "calm=SEGMENT_WRITE_KEY", "--source", "paused=BENCH_PAUSED_KEY",
        ]  # fmt: skip
        asked = {**environment(Ask(watched.url, Path(folder), lasts_s)), "BENCH_PAUSED_KEY": _PAUSED_KEY}
        samples = run(
            command, asked, core=cores.generator, server=watched.server,
            count=lambda: 0, lasts_s=lasts_s + 120, every_s=0.25, allowed=(0, 3, 4),
        )  # fmt: skip
        counts, stamps_ns = watched.counts(), sorted(watched.stamps_ns())
        document = json.loads(Path(f"{folder}/run/run.json").read_text("utf-8"))
    sent = document["messages"]
    if sent["accepted"] != sent["selected"] or not document["sums_hold"]:
        raise GeneratorError(f"not all was accepted in the end: {sent}")
    apart_ms = deviations_ms(stamps_ns, [number / _CALM_PER_S for number in range(len(stamps_ns))])
    starts_ns = counts["pause_starts_ns"]
    ends_ns = starts_ns + pause_s * 1_000_000_000
    parts: list[list[float]] = [[], [], []]
    for each, at_ns in zip(apart_ms, stamps_ns, strict=True):
        parts[0 if at_ns < starts_ns else 1 if at_ns < ends_ns else 2].append(each)
    (before, before_p99), (within, within_p99), (after, after_p99) = map(_middle_and_p99, parts)
    waiting = round(pause_s * _PAUSED_PER_S)
    start_rss, peak_rss = _rss(samples, starts_ns), max(sample.rss_bytes for sample in samples)
    return {
        "pause_s": pause_s,
        "calm_p99_ms_before": before_p99,
        "calm_p99_ms_in_the_pause": within_p99,
        "calm_p99_ms_after": after_p99,
        "calm_later_ms_in_the_pause": within - before,
        "calm_later_ms_after": after - before,
        "429s": counts["refused"],
        "rss_mb_before": start_rss / 1e6,
        "rss_mb_peak": peak_rss / 1e6,
        "waiting_messages": waiting,
        "bytes_each": (peak_rss - start_rss) / waiting,
        "backlog_stops": document["engine"]["backlog_stops"],
        "verdict": document["verdict"],
    }


def _rss(samples: Sequence[Sample], at_ns: int) -> int:
    """At this instant, before which what waits takes nothing."""
    return max((sample.rss_bytes for sample in samples if sample.at_s < at_ns / 1e9), default=0)


def _middle_and_p99(apart_ms: list[float]) -> tuple[float, float]:
    """The median of a part, and how far 99 % stay from it."""
    if not apart_ms:
        return math.nan, math.nan
    middle = statistics.median(apart_ms)
    return middle, percentile(sorted(abs(each - middle) for each in apart_ms), 0.99)
