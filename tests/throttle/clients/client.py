"""A client of Segment with known manners: good unless told to misbehave, by names in its arguments.

It is run by `harness check client`, and stands for what a careful developer, or a careless one, writes.
"""

import json
import os
import random
import signal
import sys
import threading
import time
import urllib.parse
from collections import deque
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

BAD = frozenset(sys.argv[1:])
RETRIED = {408, 410, 429, 460, *range(500, 600)} - {501, 505, 511}
BATCH_MESSAGES, BATCH_BYTES, MESSAGE_BYTES = 20, 450_000, 32_000
QUEUE_MOST, TRIES_MOST, CAP_S, ANSWER_S = 1_000, 10, 30.0, 4.0


class Client:
    def __init__(self) -> None:
        url = urllib.parse.urlsplit(os.environ["HARNESS_URL"])
        self.host, self.port = url.hostname or "", url.port
        self.key = os.environ["HARNESS_WRITE_KEY"]
        self.queue: deque[dict] = deque()
        self.lost: list[int] = []
        self.not_before = 0.0
        self.told_to_end = threading.Event()

    # What goes out

    def post(self, batch: list[dict], retries: int) -> tuple[int, str | None]:
        body = json.dumps({"batch": batch, "writeKey": self.key, "sentAt": _now()}).encode()
        headers = {"Content-Type": "application/json"}
        if retries:
            headers["X-Retry-Count"] = str(retries)
        connection = HTTPConnection(self.host, self.port, timeout=ANSWER_S)
        try:
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            status, retry_after = answer.status, answer.headers.get("Retry-After")
            if 200 <= status < 300:
                return status, retry_after  # it is there, whatever the body says
            answer.read()
        except (OSError, HTTPException):
            return 0, None
        finally:
            connection.close()
        return status, retry_after

    def deliver(self, batch: list[dict]) -> None:
        retries = counted = 0
        while True:
            self.wait_until(self.not_before)
            if self.told_to_end.is_set():
                return self.lose(batch)
            status, retry_after = self.post(batch, retries)
            if 200 <= status < 300:
                return None
            if status in RETRIED or status == 0:
                pause = wait_of(retry_after)
                if pause is not None:
                    self.not_before = time.monotonic() + pause + random.uniform(0, 0.15 * pause + 0.2)
                else:
                    counted += 1
                    if counted > TRIES_MOST:
                        return self.lose(batch)
                    self.not_before = time.monotonic() + backoff(counted)
                retries += 1
                continue
            return self.lose(batch)

    def wait_until(self, instant: float) -> None:
        while (left := instant - time.monotonic()) > 0 and not self.told_to_end.wait(left):
            pass

    def lose(self, batch: list[dict]) -> None:
        self.lost += [message["properties"]["harness_seq"] for message in batch]

    # What comes in

    def run(self) -> int:
        events, every_ms = int(os.environ["HARNESS_EVENTS"]), int(os.environ["HARNESS_EVERY_MS"])
        pad = "x" * int(os.environ["HARNESS_PAD_BYTES"])
        signal.signal(signal.SIGTERM, lambda *_: self.told_to_end.set())
        done = threading.Event()
        worker = threading.Thread(target=self.work, args=(done,))
        worker.start()
        for number in range(1, events + 1):
            self.queue.append(self.message(number, pad))
            if every_ms:
                time.sleep(every_ms / 1000)
        done.set()
        worker.join()
        Path(os.environ["HARNESS_DROPPED"]).write_text(
            "".join(f"{number}\n" for number in self.lost), "utf-8"
        )
        return 1 if self.lost else 0

    def message(self, number: int, pad: str) -> dict:
        properties = {"harness_seq": number, **({"harness_pad": pad} if pad else {})}
        identity = {"messageId": f"{self.key}-{number}", "timestamp": _now()}
        return {"type": "track", "event": "Seen", "userId": "u1", "properties": properties, **identity}

    def work(self, done: threading.Event) -> None:
        while True:
            batch: list[dict] = []
            while self.queue and len(batch) < BATCH_MESSAGES:
                batch.append(self.queue.popleft())
            if batch:
                self.deliver(batch)
            elif done.is_set():
                return
            else:
                time.sleep(0.01)


def backoff(counted: int) -> float:
    full = min(CAP_S, 0.5 * 2 ** (counted - 1))
    return random.uniform(full / 2, full)


def wait_of(retry_after: str | None) -> float | None:
    """Seconds to wait, None where the header says nothing usable."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = instant.replace(tzinfo=instant.tzinfo or UTC).timestamp() - time.time()
    return min(seconds, 300.0) if seconds > 0 else None


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


if __name__ == "__main__":
    sys.exit(Client().run())
