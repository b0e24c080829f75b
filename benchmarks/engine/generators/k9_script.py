"""K9 with a body of its own for each request, from a Python script; run by `k9 run`."""

import json
import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import k9  # type: ignore[import-not-found]  # of the peers' own environment

_BATCH = int(os.environ["BENCH_BATCH"])
_RATE = int(os.environ["BENCH_RATE"] or 0)
_URL = os.environ["BENCH_URL"] + ("/v1/batch" if _BATCH > 1 else "/v1/track")
_HEADERS = {"Authorization": os.environ["BENCH_AUTHORIZATION"], "Content-Type": "application/json"}
_A, _B, _C = json.loads(Path(os.environ["BENCH_PIECES"]).read_text("utf-8"))
_NUMBERS = count()
_LASTS = os.environ["BENCH_SECONDS"] + "s"
_PACED = {
    "executor": "constant-arrival-rate", "rate": _RATE, "timeUnit": "1s", "duration": _LASTS,
    "preAllocatedVUs": 200,
}  # fmt: skip
_FLAT_OUT = {"executor": "constant-vus", "vus": int(os.environ["BENCH_CONNECTIONS"]), "duration": _LASTS}

options: dict[str, Any] = {"scenarios": {"load": _PACED if _RATE else _FLAT_OUT}}


async def default() -> None:
    """One request."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    if _BATCH == 1:
        body = f'{_A}{next(_NUMBERS):024d}{_B}{now}{_C},"sentAt":"{now}"}}'
    else:
        messages = [f"{_A}{next(_NUMBERS):024d}{_B}{now}{_C}}}" for _ in range(_BATCH)]
        body = f'{{"batch":[{",".join(messages)}],"sentAt":"{now}"}}'
    await k9.http.post(_URL, data=body, headers=_HEADERS)
