"""The recordings that the benchmark replays: made from a seed, and kept in a cache outside the repository."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.engine.bodies import recorded_line

_CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "segment-harness"
    / "engine-recordings-1"
)
_HEADER: Final = '{"harness":"recording/1","privacy":"synthetic","origin":{"made_by":"benchmarks.engine"}}\n'
_SEED: Final = 4

Lines = Callable[[random.Random], Iterator[str]]


def plain(messages: int = 50_000, people: int = 50_000) -> Path:
    """Messages of 755 bytes when sent, one a millisecond, each of any of the people (41 MB)."""

    def lines(chance: random.Random) -> Iterator[str]:
        for number in range(messages):
            yield recorded_line(number, chance.randrange(people), number * 1_000)

    return _kept(f"plain-{messages}-{people}", lines)


def poisson(rate_per_s: int, lasts_s: int) -> Path:
    """Small messages whose gaps are those of a Poisson process (140 bytes each)."""

    def lines(chance: random.Random) -> Iterator[str]:
        for number, at_s in enumerate(poisson_s(rate_per_s, lasts_s)):
            yield _small(number, chance.randrange(100_000), at_s)

    return _kept(f"poisson-{rate_per_s}-{lasts_s}", lines)


def poisson_s(rate_per_s: int, lasts_s: int) -> Iterator[float]:
    """The offsets of `poisson`, to the microsecond."""
    chance, at_s = random.Random(_SEED + 1), 0.0
    while at_s < lasts_s:
        yield round(at_s, 6)
        at_s += chance.expovariate(rate_per_s)


def bursty(rate_per_s: int, lasts_s: int) -> Path:
    """Small messages in bursts with long gaps between them (140 bytes each)."""

    def lines(chance: random.Random) -> Iterator[str]:
        for number, at_s in enumerate(bursty_s(rate_per_s, lasts_s)):
            yield _small(number, chance.randrange(100_000), at_s)

    return _kept(f"bursty-{rate_per_s}-{lasts_s}", lines)


def bursty_s(rate_per_s: int, lasts_s: int) -> Iterator[float]:
    """The offsets of `bursty`: about 20 messages 100 us apart, then a gap that keeps the mean rate."""
    chance, at_s = random.Random(_SEED + 2), 0.0
    longer_s = 20 / rate_per_s - 19 * 100e-6
    while at_s < lasts_s:
        yield round(at_s, 6)
        at_s += 100e-6 if chance.random() < 0.95 else chance.expovariate(1 / longer_s)


def crowd(messages: int, people: int) -> Path:
    """Small messages of many people, one a millisecond (140 bytes each: 1.4 GB for ten million)."""

    def lines(chance: random.Random) -> Iterator[str]:
        for number in range(messages):
            yield _small(number, chance.randrange(people), number / 1_000)

    return _kept(f"crowd-{messages}-{people}", lines)


def two_sources(calm_per_s: int, paused_per_s: int, lasts_s: int) -> Path:
    """Small messages of the sources `calm` and `paused`, each at its even rate, with people of its own.

    A person of both would keep its order, and so wait in one source for the other.
    """

    def lines(chance: random.Random) -> Iterator[str]:
        due = [(number / calm_per_s, "calm") for number in range(calm_per_s * lasts_s)]
        due += [(number / paused_per_s, "paused") for number in range(paused_per_s * lasts_s)]
        for number, (at_s, source) in enumerate(sorted(due)):
            person = chance.randrange(1_000_000) + (1_000_000 if source == "paused" else 0)
            yield _small(number, person, at_s, source)

    return _kept(f"sources-{calm_per_s}-{paused_per_s}-{lasts_s}", lines)


def _small(number: int, person: int, at_s: float, source: str = "shop") -> str:
    return (
        f'{{"at":{at_s:.6f},"source":"{source}","path":"/v1/track","body":{{"type":"track","event":"Seen",'
        f'"userId":"u-{person}","properties":{{"number":{number}}}}}}}\n'
    )


def _kept(name: str, lines: Lines) -> Path:
    path = _CACHE / f"{name}.ndjson"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        growing = path.with_suffix(f".{os.getpid()}")
        with growing.open("w", encoding="utf-8") as file:
            file.write(_HEADER)
            file.writelines(lines(random.Random(_SEED)))
        growing.rename(path)
    return path
