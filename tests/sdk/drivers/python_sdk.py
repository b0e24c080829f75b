"""segment-analytics-python as it comes, under `harness check client`; nothing is set but host and key."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from segment.analytics.client import Client  # type: ignore[import-untyped]  # the SDK has no types

PAD = "x" * int(os.environ["HARNESS_PAD_BYTES"])
lost: list[int] = []


def on_error(error: Exception, batch: list[Any]) -> None:
    sys.stderr.write(f"{type(error).__name__}: {error}; {len(batch)} messages given up\n")
    lost.extend(message["properties"]["harness_seq"] for message in batch)


client = Client(os.environ["HARNESS_WRITE_KEY"], host=os.environ["HARNESS_URL"], on_error=on_error)
for number in range(1, int(os.environ["HARNESS_EVENTS"]) + 1):
    properties = {"harness_seq": number, **({"harness_pad": PAD} if PAD else {})}
    try:
        taken, _ = client.track("harness-check", "Seen", properties)
    except RuntimeError as error:  # a message above its size
        sys.stderr.write(f"{error}\n")
        taken = False
    if not taken:
        lost.append(number)
    time.sleep(int(os.environ["HARNESS_EVERY_MS"]) / 1000)
client.flush()
client.join()
Path(os.environ["HARNESS_DROPPED"]).write_text("".join(f"{number}\n" for number in lost), "utf-8")
sys.exit(1 if lost else 0)
