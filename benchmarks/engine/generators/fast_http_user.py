"""Locust's FastHttpUser with a body of its own for each request; run by `locust -f`."""

import os
from datetime import UTC, datetime
from itertools import count

from locust import FastHttpUser, constant_throughput, task

from benchmarks.engine.bodies import AUTHORIZATION, ID_LETTERS, pieces

_BATCH = int(os.environ["BENCH_BATCH"])
_RATE = float(os.environ["BENCH_RATE"] or 0)
_PATH = "/v1/batch" if _BATCH > 1 else "/v1/track"
_A, _B, _C = pieces()
_NUMBERS = count()


class Fast(FastHttpUser):
    """One connection."""

    insecure = True
    if _RATE:
        wait_time = constant_throughput(_RATE / int(os.environ["BENCH_CONNECTIONS"]))

    def on_start(self) -> None:
        self.own = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}

    @task
    def send(self) -> None:
        """One request."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
        if _BATCH == 1:
            body = f'{_A}{next(_NUMBERS):0{ID_LETTERS}d}{_B}{now}{_C},"sentAt":"{now}"}}'
        else:
            messages = [f"{_A}{next(_NUMBERS):0{ID_LETTERS}d}{_B}{now}{_C}}}" for _ in range(_BATCH)]
            body = f'{{"batch":[{",".join(messages)}],"sentAt":"{now}"}}'
        self.client.post(_PATH, data=body, headers=self.own)
