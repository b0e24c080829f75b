"""A client of Segment with known manners: good unless told to misbehave, by names in its arguments.

It is run by `harness check client`, and stands for what a careful developer, or a careless one, writes.
"""

import contextlib
import json
import os
import random
import re
import signal
import sys
import threading
import time
import urllib.parse
from collections import deque
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPMessage
from pathlib import Path
from typing import Any

BAD = frozenset(sys.argv[1:])
RETRIED = {408, 410, 429, 460, *range(500, 600)} - {501, 505, 511}
BATCH_MESSAGES = 1 if "all-at-once" in BAD else 40 if "big" in BAD else 20
BATCH_BYTES, MESSAGE_BYTES = 450_000, 32_000
QUEUE_MOST, TRIES_MOST, CAP_S, ANSWER_S, PAUSE_MOST_S = 1_000, 10, 30.0, 4.0, 300.0

Message = dict[str, Any]


class Batch:
    """Messages that share a request, and what was tried."""

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        self.retries = self.counted = self.refused = 0


class Client:
    def __init__(self) -> None:
        url = urllib.parse.urlsplit(os.environ["HARNESS_URL"])
        self.host, self.port = url.hostname or "", url.port
        self.key = os.environ["HARNESS_WRITE_KEY"]
        self.queue: deque[Message] = deque()
        self.lost: list[int] = []
        self.not_before = 0.0
        self.first_pause: float | None = None
        self.failures = 0
        self.left_behind: list[Batch] = []
        self.told_to_end = threading.Event()

    # What goes out

    def post(self, batch: Batch) -> tuple[int, HTTPMessage | None]:
        messages = batch.messages
        if "new-id" in BAD:
            messages = [{**m, "messageId": f"{random.getrandbits(64):x}"} for m in messages]
        if "new-time" in BAD:
            messages = [{**m, "timestamp": f"2026-01-02T03:04:05.{batch.retries:03d}Z"} for m in messages]
        body = json.dumps({"batch": messages, "writeKey": self.key, "sentAt": now()}).encode()
        headers = {"Content-Type": "application/json"}
        if batch.retries and "no-count" not in BAD:
            headers["X-Retry-Count"] = str(batch.retries)
        connection = HTTPConnection(self.host, self.port, timeout=None if "patient" in BAD else ANSWER_S)
        try:
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            status = answer.status
            if "crash" in BAD:
                json.loads(answer.read())
            if "parse-body" in BAD and status < 300:
                try:
                    json.loads(answer.read())
                except ValueError:
                    return 503, None
        except (OSError, HTTPException):
            if "crash" in BAD:
                raise
            return 0, None
        finally:
            connection.close()
        return status, answer.headers

    def deliver(self, batch: Batch) -> None:
        """Send it until it is taken or given up; under `starve` once only."""
        while True:
            self.wait_until(self.not_before)
            if self.told_to_end.is_set():
                return self.lose(batch)
            status, headers = self.post(batch)
            if "heed-all" in BAD and headers is not None and headers["Retry-After"]:
                status = 429
            if 200 <= status < 300 or ("redirect-ok" in BAD and 300 <= status < 400):
                if "remembers" not in BAD:
                    self.failures = 0
                if "twice" in BAD:
                    self.post(batch)
                return None
            if "no-retry" in BAD or not ("retry-all" in BAD or status in RETRIED or status == 0):
                return self.lose(batch)
            if not self.plan_next(batch, status, headers):
                return self.lose(batch)
            if "starve" in BAD:
                self.left_behind.append(batch)
                return None

    def plan_next(self, batch: Batch, status: int, headers: HTTPMessage | None) -> bool:
        """Say when this batch leaves again; False when it does no more."""
        pause = None if headers is None else wait_of(headers, status)
        if "sticky" in BAD and pause is not None:
            self.first_pause = pause = self.first_pause or pause
        batch.retries += 1
        if pause is None or "count-waits" in BAD:
            batch.counted += 1
        if batch.counted > TRIES_MOST:
            return False
        if pause is None:
            self.failures += 1
            seconds = backoff(self.failures)
        else:
            batch.refused += 1
            slower = 1.0 if "steady-waits" in BAD else min(1.5, 1.15 ** (batch.refused - 1))
            seconds = pause if "no-jitter" in BAD else pause * slower + random.uniform(0, 0.2 * pause)
        if "pause-one" in BAD:
            time.sleep(seconds)
        else:
            self.not_before = time.monotonic() + seconds
        return True

    def wait_until(self, instant: float) -> None:
        while (left := instant - time.monotonic()) > 0 and not self.told_to_end.wait(min(left, 1e6)):
            pass

    def lose(self, batch: Batch) -> None:
        self.lost += [message["properties"]["harness_seq"] for message in batch.messages]

    # What comes in

    def run(self) -> int:
        events, every_ms = int(os.environ["HARNESS_EVENTS"]), int(os.environ["HARNESS_EVERY_MS"])
        pad = "x" * int(os.environ["HARNESS_PAD_BYTES"])
        if "deaf" in BAD:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif "sudden" not in BAD:
            signal.signal(signal.SIGTERM, lambda *_: self.told_to_end.set())
        done = threading.Event()
        worker = threading.Thread(target=self.work, args=(done,))
        worker.start()
        for number in range(1, events + 1):
            if "loses" in BAD and number == 3:
                continue
            message = self.message(number, pad)
            is_big = len(json.dumps(message)) > MESSAGE_BYTES and "big" not in BAD
            if is_big or (len(self.queue) >= QUEUE_MOST and "unbounded" not in BAD):
                self.lose(Batch([message]))
            else:
                self.queue.append(message)
            if every_ms:
                time.sleep(every_ms / 1000)
        if "eager" in BAD and not events:
            self.post(Batch([]))
        done.set()
        worker.join()
        if "silent" in BAD:
            return 0
        lines = "".join(f"{number}\n" for number in self.lost)
        Path(os.environ["HARNESS_DROPPED"]).write_text(lines, "utf-8")
        return 1 if self.lost else 0

    def message(self, number: int, pad: str) -> Message:
        properties = {"harness_seq": number, **({"harness_pad": pad} if pad else {})}
        identity = {"messageId": f"{self.key}-{number}", "timestamp": now()}
        return {"type": "track", "event": "Seen", "userId": "u1", "properties": properties, **identity}

    def work(self, done: threading.Event) -> None:
        threads = []
        while True:
            messages: list[Message] = []
            size = 0
            while self.queue and len(messages) < BATCH_MESSAGES:
                size += len(json.dumps(self.queue[0]))
                if size > BATCH_BYTES and messages and "big" not in BAD:
                    break
                messages.append(self.queue.pop() if "shuffle" in BAD else self.queue.popleft())
            if messages and BAD & {"pause-one", "all-at-once"}:
                threads.append(threading.Thread(target=self.deliver, args=(Batch(messages),)))
                threads[-1].start()
                time.sleep(0 if "all-at-once" in BAD else 0.15)
            elif messages:
                self.deliver(Batch(messages))
                if "one-a-second" in BAD:
                    time.sleep(1)
            elif done.is_set():
                break
            else:
                time.sleep(0.01)
        for thread in threads:
            thread.join()
        while self.left_behind:
            self.deliver(self.left_behind.pop())


def backoff(counted: int) -> float:
    if "hammer" in BAD:
        return 0.01
    if "immediate" in BAD and counted == 1:
        return 0.0
    if "slow" in BAD and counted > 2:
        return 40.0
    full = 0.5 * 2 ** (0 if "constant" in BAD else counted - 1)
    full = full if "no-cap" in BAD else min(CAP_S, full)
    return full if "no-jitter" in BAD else random.uniform(full / 2, full)


def wait_of(headers: HTTPMessage, status: int) -> float | None:
    """Seconds to wait, None where the answer says nothing usable."""
    text, reset = headers["Retry-After"], headers["X-RateLimit-Reset"]
    if "reset-first" in BAD and reset is not None:
        return float(reset)
    if "ignore-retry-after" in BAD or (status != 429 and "only-429" in BAD):
        return None
    if text is None:
        return None if "no-hints" in BAD else hint_of(headers)
    if "throw" in BAD:
        return float(int(text))
    if "trust" in BAD:
        with contextlib.suppress(ValueError):
            return max(0.0, float(text))
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    if "no-cap" in BAD:
        with contextlib.suppress(ValueError):
            return float(text)
    text = text.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    elif "no-dates" in BAD:
        return None
    else:
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = instant.replace(tzinfo=instant.tzinfo or UTC).timestamp() - time.time()
    return min(seconds, PAUSE_MOST_S) if seconds > 0 else None


def hint_of(headers: HTTPMessage) -> float | None:
    reset, found = headers["X-RateLimit-Reset"], re.search(r"\bt=(\d+)", headers["RateLimit"] or "")
    if reset is not None and reset.isdigit():
        return float(reset)
    return float(found[1]) if found is not None else None


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


if __name__ == "__main__":
    sys.exit(Client().run())
