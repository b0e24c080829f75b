"""Measure how truly a recording's timing arrives, at the mock's ledger, beside a loop that sleeps the gaps.

Each round replays the bundled recording at the demo's speed with `--order none --trace`, then sends the same
messages with a plain loop that sleeps from one recorded instant to the next, as replayers without absolute
due times do (GoReplay's method). Both are judged by the ledger's `received_at`. The benchmark verifies its
own answer: every message must be in the ledger once.

    python benchmarks/pacing.py [ROUNDS]

Wanted: schedule lag p99 under 5 ms; in the ledger within 5 ms of `due_at` at p99; the coefficient of
variation of the inter-arrival times within 5 % of the recording's. Quote medians: machines differ.
"""

import http.client
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "recordings" / "otto-shop.ndjson"
SPEED = 110_000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    due_s = recorded_dues()
    asked = variation(due_s)
    print(
        f"empty loop step {loop_step_ns():.0f} ns; recording: {len(due_s):,} items, gap variation {asked:.3f}"
    )
    ours, peers = [], []
    for number in range(rounds):
        ours.append(round_of_ours(asked))
        peers.append(round_of_gap_sleeper(due_s, asked))
        print(f"round {number + 1}: harness {line(ours[-1])}\n         gap sleeper {line(peers[-1])}")
    print(f"median:  harness {line(medians(ours))}\n         gap sleeper {line(medians(peers))}")


def round_of_ours(asked: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        subprocess.run(
            [sys.executable, "-m", "harness", "replay", RECORDING, "--speed", str(SPEED), "--order", "none",
             "--trace", "--run-dir", run],
            check=False, capture_output=True, cwd=ROOT,
        )  # fmt: skip
        document = json.loads((run / "run.json").read_text())
        trace = [json.loads(text) for text in (run / "trace.ndjson").read_text().splitlines()]
        with Mock(run / "mock") as mock:
            arrivals = mock.arrivals(document["run_id"] + ".")
    due_at = {each["message_id"]: seconds(each["due_at"]) for each in trace}
    assert len(arrivals) == len(due_at) == document["messages"]["accepted"], "the ledger does not agree"
    late_ms = [(at - due_at[name]) * 1e3 for name, at in arrivals.items()]
    figures = judged(late_ms, sorted(arrivals.values()), asked)
    return figures | {"lag p99 ms": document["schedule_lag_ms"]["p99"]}


def round_of_gap_sleeper(due_s: list[float], asked: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, Mock(Path(folder)) as mock:
        connection = http.client.HTTPConnection("127.0.0.1", mock.port)
        start_s, last_s = time.time(), 0.0
        for place, due in enumerate(due_s):
            time.sleep(due - last_s)
            last_s = due
            body = json.dumps(
                {"event": "E", "userId": "u", "messageId": f"peer.{place}", "writeKey": "k" * 32}
            )
            connection.request("POST", "/v1/track", body)
            connection.getresponse().read()
        connection.close()
        arrivals = mock.arrivals("peer.")
    assert len(arrivals) == len(due_s), "the ledger does not agree"
    late_ms = [(at - start_s - due_s[int(name[5:])]) * 1e3 for name, at in arrivals.items()]
    return judged(late_ms, sorted(arrivals.values()), asked)


def judged(late_ms: list[float], arrived_s: list[float], asked: float) -> dict[str, float]:
    late_ms = sorted(late_ms)
    return {
        "late p50 ms": statistics.median(late_ms),
        "late p99 ms": late_ms[int(len(late_ms) * 0.99)],
        "drift ms": late_ms[-1],
        "variation off %": abs(variation(arrived_s) / asked - 1) * 100,
    }


class Mock:
    """A mock on a ledger of its own, without limits."""

    def __init__(self, ledger: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness", "mock", "--limits", "none", "--ledger", ledger],
            stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.port: int = json.loads(self._process.stdout.readline())["port"]

    def arrivals(self, prefix: str) -> dict[str, float]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", f"/__admin/ledger/ids?prefix={prefix}")
        lines = [json.loads(text) for text in connection.getresponse().read().splitlines()]
        connection.close()
        return {each["id"]: seconds(each["received_at"]) for each in lines}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def recorded_dues() -> list[float]:
    lines: list[dict[str, Any]] = [json.loads(text) for text in RECORDING.read_text("utf-8").splitlines()]
    at_s = sorted(seconds(each["at"]) for each in lines if "at" in each)
    return [(at - at_s[0]) / SPEED for at in at_s]


def variation(instants_s: list[float]) -> float:
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants_s)]
    return statistics.pstdev(gaps) / statistics.mean(gaps)


def seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def line(figures: dict[str, float]) -> str:
    return " · ".join(f"{name} {value:.3f}" for name, value in figures.items())


def loop_step_ns() -> float:
    start_s = time.perf_counter()
    for _ in range(2_000_000):
        pass
    return (time.perf_counter() - start_s) * 500


if __name__ == "__main__":
    main()
