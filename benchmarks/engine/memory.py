"""How much memory ours takes for many messages of many people, in batches as fast as they are answered."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.engine.bodies import BATCH_MESSAGES
from benchmarks.engine.peers import Ask, environment
from benchmarks.engine.recordings import crowd
from benchmarks.engine.target import Counter, nginx
from benchmarks.engine.watch import Cores, GeneratorError, run, steady

_MESSAGES_A_PERSON: Final = 10
_SLOWEST_PER_S: Final = 2_000  # slower than that is given up


def measure(messages: int, *, cores: Cores) -> dict[str, Any]:
    """The most it held at any look, four a second. Raises GeneratorError when the sums do not hold."""
    people = max(1, messages // _MESSAGES_A_PERSON)
    print(f"making the recording, {messages * 140 / 1e9:.1f} GB where it is not there", file=sys.stderr)
    recording = crowd(messages, people)
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cores.server) as target:
        counter = Counter(target.server.port)
        command = [
            sys.executable, "-m", "harness", "replay", str(recording), "--target", target.url,
            "--rate", "max", "--exceed-limits", "--batch", str(BATCH_MESSAGES), "--users", "50",
            "--run-dir", f"{folder}/run",
        ]  # fmt: skip
        samples = run(
            command, environment(Ask(target.url, Path(folder), 0)), core=cores.generator,
            server=target.server, count=counter.requests, lasts_s=messages / _SLOWEST_PER_S, every_s=0.25,
        )  # fmt: skip
        requests = counter.requests()
        counter.close()
        document = json.loads(Path(f"{folder}/run/run.json").read_text("utf-8"))
    accepted = document["messages"]["accepted"]
    if accepted != messages or not document["sums_hold"] or requests < document["requests"]["sent"]:
        raise GeneratorError(f"{accepted} of {messages} accepted, the server counts {requests} requests")
    before = [sample.rss_bytes for sample in samples if sample.requests < samples[-1].requests * 0.01]
    return {
        "messages": messages,
        "people": people,
        "peak_mb": max(sample.rss_bytes for sample in samples) / 1e6,
        "peak_before_sending_mb": max(before, default=0) / 1e6,
        "messages_per_s": steady(samples).requests_per_s * accepted / document["requests"]["sent"],
        "took_s": samples[-1].at_s - samples[0].at_s,
        "before_sending_s": len(before) * 0.25,
    }
