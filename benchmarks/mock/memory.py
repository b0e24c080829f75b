"""How much memory the ledger of many messages takes: sent through the wire in batches of 1,000."""

import json
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.mock.calls import batches, small_message
from benchmarks.mock.load import by_loop
from benchmarks.mock.peers import Peer
from benchmarks.mock.process import free_port, get, running

_EACH: Final = 1_000
_STEPS: Final = 10
_CONNECTIONS: Final = 8


def measure(peer: Peer, messages: int, core: int | None, folder: Path) -> None:
    """Print memory and rate in ten steps; ends the program when the ledger has not got each id once."""
    port = free_port()
    calls = max(1, messages // _EACH // _STEPS)
    with running(peer.command(port, folder), port, peer.ready_path, core) as server:
        print(f"{peer.name}: {server.idle_bytes / 2**20:.0f} MiB when idle")
        for step in range(1, _STEPS + 1):
            begun_s = time.monotonic()
            by_loop(port, batches(f"m{step}", calls, _EACH, small_message()), _CONNECTIONS)
            took_s = time.monotonic() - begun_s
            sent = step * calls * _EACH
            counts = json.loads(get(port, "/__admin/ledger")[1])
            if not counts["received"] == counts["unique"] == sent:
                sys.exit(f"sent {sent}, but the ledger has {counts['received']}, unique {counts['unique']}")
            held = server.rss_bytes()
            print(
                f"{sent:>12,} messages  {held / 2**20:>6.0f} MiB"
                f"  {(held - server.idle_bytes) / sent:>6.1f} bytes a message"
                f"  {calls * _EACH / took_s:>9,.0f} messages/s"
            )
