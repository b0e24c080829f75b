"""A small server with a limit, right in all that is checked, and a family that are each wrong once.

They speak HTTP on loopback, keep a ledger, and have a clock that is steered as the mock's is.
"""

import asyncio
import json
import math
import threading
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.clock import ManualClock, SystemClock
from harness.units import NS_PER_S


class Limiter:
    """A sliding log for each key; what is wrong with a server is one method that a subclass changes."""

    name = "segment-harness"  # as whose mock it shows itself; only such a server has a ledger and a clock
    steered = True

    def __init__(self, count: int = 10, window_ns: int = NS_PER_S) -> None:
        self.count, self.window_ns = count, window_ns
        self.clock: Any = ManualClock() if self.steered else SystemClock()
        self.logs: dict[str, list[int]] = defaultdict(list)
        self.stored: list[str] = []
        self.asked = 0
        self.keys: set[str] = set()

    # What a limiter decides.

    def key(self, authorization: str) -> str:
        return authorization

    def cost(self, ids: list[str], size_bytes: int) -> int:
        return 1

    def used(self, log: list[int], now_ns: int) -> list[int]:
        return [at for at in log if at > now_ns - self.window_ns]

    async def admit(self, log: list[int], cost: int, now_ns: int) -> bool:
        log[:] = self.used(log, now_ns)
        if len(log) + cost > self.count and log:
            return False
        log.extend([now_ns] * cost)
        return True

    def wait_ns(self, log: list[int], now_ns: int) -> int:
        return (log[0] if log else now_ns) + self.window_ns - now_ns

    def on_refusal(self, wait_ns: int) -> dict[str, object]:
        seconds = max(1, math.ceil(wait_ns / NS_PER_S))
        return {"Retry-After": seconds, "X-RateLimit-Reset": seconds}

    def on_success(self, remaining: int) -> dict[str, object]:
        return {"X-RateLimit-Remaining": max(0, remaining)}

    def store(self, ids: list[str], *, admitted: bool) -> None:
        if admitted:
            self.stored += ids

    async def answer(
        self, authorization: str, ids: list[str], size_bytes: int
    ) -> tuple[int, dict[str, object]]:
        self.asked += 1
        self.keys.add(authorization)
        log, now_ns = self.logs[self.key(authorization)], self.clock.now_ns()
        admitted = await self.admit(log, self.cost(ids, size_bytes), now_ns)
        self.store(ids, admitted=admitted)
        if admitted:
            return 200, self.on_success(self.count - len(log))
        return 429, {**self.on_refusal(self.wait_ns(log, now_ns)), **self.on_success(0)}


class Low(Limiter):
    """Refuses the one that is the limit."""

    async def admit(self, log, cost, now_ns):
        log[:] = self.used(log, now_ns)
        return len(log) < self.count - 1 and await super().admit(log, cost, now_ns)


class Half(Limiter):
    """Has a lower limit than it should."""

    async def admit(self, log, cost, now_ns):
        log[:] = self.used(log, now_ns)
        return len(log) < self.count // 2 and await super().admit(log, cost, now_ns)


class High(Limiter):
    """Admits one more."""

    async def admit(self, log, cost, now_ns):
        log[:] = self.used(log, now_ns)
        if len(log) > self.count:
            return False
        log.append(now_ns)
        return True


class Unlimited(Limiter):
    async def admit(self, log, cost, now_ns):
        return True


class Even(Limiter):
    """Admits one at a time, evenly spaced."""

    async def admit(self, log, cost, now_ns):
        if log and now_ns < log[-1] + self.window_ns // self.count:
            return False
        log.append(now_ns)
        return True


class Early(Limiter):
    """Gives back after half a window."""

    def used(self, log, now_ns):
        return [at for at in log if at > now_ns - self.window_ns // 2]


class Starving(Limiter):
    """Gives back what was used only after two windows."""

    def used(self, log, now_ns):
        return [at for at in log if at > now_ns - 2 * self.window_ns]

    def wait_ns(self, log, now_ns):
        return self.window_ns


class Fixed(Limiter):
    """Counts by the windows of its clock."""

    def used(self, log, now_ns):
        wall_ns = self.clock.wall_ns()
        began_ns = now_ns - wall_ns % self.window_ns
        return [at for at in log if at >= began_ns]


class FromFirst(Limiter):
    """Counts by windows that begin with the first request after the last window."""

    def used(self, log, now_ns):
        return log if log and now_ns < log[0] + self.window_ns else []


class Racy(Limiter):
    """Looks, lets others run, then counts."""

    async def admit(self, log, cost, now_ns):
        log[:] = self.used(log, now_ns)
        fits = len(log) + cost <= self.count
        await asyncio.sleep(0.02)
        if fits:
            log.append(now_ns)
        return fits


class Silent(Limiter):
    def on_refusal(self, wait_ns):
        return {}


class OfInstant(Limiter):
    """Says when instead of how long."""

    def on_refusal(self, wait_ns):
        return {"Retry-After": (self.clock.wall_ns() + wait_ns) // NS_PER_S}


class Milliseconds(Limiter):
    def on_refusal(self, wait_ns):
        return {"Retry-After": wait_ns // 1_000_000}


class Word(Limiter):
    def on_refusal(self, wait_ns):
        return {"Retry-After": "soon"}


class Nought(Limiter):
    def on_refusal(self, wait_ns):
        return {"Retry-After": 0}


class ResetIsInstant(Limiter):
    def on_refusal(self, wait_ns):
        return super().on_refusal(wait_ns) | {"X-RateLimit-Reset": self.clock.wall_ns() // NS_PER_S}


class Date(Limiter):
    """Says it as a date, which HTTP allows and this API does not document."""

    def on_refusal(self, wait_ns):
        at = datetime.fromtimestamp(self.clock.wall_ns() // NS_PER_S, UTC) + timedelta(seconds=2)
        return {"Retry-After": f"{at:%a, %d %b %Y %H:%M:%S GMT}", "X-RateLimit-Reset": 1}


class TooShort(Limiter):
    """Has people come back too early."""

    window_s = 2

    def on_refusal(self, wait_ns):
        return {"Retry-After": wait_ns // NS_PER_S // 2, "X-RateLimit-Reset": wait_ns // NS_PER_S // 2}


class TooLong(Limiter):
    """Has people wait in vain."""

    def on_refusal(self, wait_ns):
        return {"Retry-After": 5, "X-RateLimit-Reset": 5}


class Boasting(Limiter):
    def on_success(self, remaining):
        return {"X-RateLimit-Remaining": self.count}


class CountsRefused(Limiter):
    """A refused request uses up quota too."""

    async def admit(self, log, cost, now_ns):
        admitted = await super().admit(log, cost, now_ns)
        if not admitted:
            log.append(now_ns)
        return admitted


class Forgetful(Limiter):
    """After a refusal it has half of its limit, for three windows."""

    refused_ns = -(1 << 62)

    async def admit(self, log, cost, now_ns):
        log[:] = self.used(log, now_ns)
        half = now_ns < self.refused_ns + 3 * self.window_ns
        if half and now_ns > self.refused_ns and len(log) >= self.count // 2:
            return False
        admitted = await super().admit(log, cost, now_ns)
        if not admitted:
            self.refused_ns = now_ns
        return admitted


class OneForAll(Limiter):
    def key(self, authorization):
        return ""


class CountsMessages(Limiter):
    def cost(self, ids, size_bytes):
        return len(ids)


class CountsBytes(Limiter):
    def cost(self, ids, size_bytes):
        return 1 + size_bytes // 10_000


class StoresRefused(Limiter):
    def store(self, ids, *, admitted):
        self.stored += ids


class LosesAdmitted(Limiter):
    def store(self, ids, *, admitted):
        if admitted and len(self.stored) < 3:
            self.stored += ids


class Failing(Limiter):
    """Answers 503 where it should refuse."""

    async def answer(self, authorization, ids, size_bytes):
        status, headers = await super().answer(authorization, ids, size_bytes)
        return (503 if status == 429 else status), headers


class Stranger(Limiter):
    """Knows nobody's key."""

    async def answer(self, authorization, ids, size_bytes):
        self.asked += 1
        return 401, {}


class Silenced(Limiter):
    """Answers once, then never."""

    async def answer(self, authorization, ids, size_bytes):
        status, headers = await super().answer(authorization, ids, size_bytes)
        if self.asked > 1:
            await asyncio.sleep(60)
        return status, headers


class Queueing(Limiter):
    """Holds back what it should refuse, in real time."""

    name = "another"
    steered = False

    async def admit(self, log, cost, now_ns):
        free_ns = log[-self.count] + self.window_ns if len(log) >= self.count else now_ns
        log.append(max(free_ns, now_ns))
        await asyncio.sleep((log[-1] - now_ns) / NS_PER_S)
        return True


class Another(Limiter):
    """Right, but nobody's mock: no ledger, no clock to steer."""

    name = "another"
    steered = False


class AnotherUnlimited(Another, Unlimited):
    pass


@contextmanager
def serving(limiter: Limiter):
    """Its URL, while it answers."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def main() -> None:
        stop = found["stop"] = asyncio.Event()
        found["loop"] = asyncio.get_running_loop()
        server = await asyncio.start_server(lambda r, w: _talk(limiter, r, w), "127.0.0.1", 0, backlog=200)
        found["port"] = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield f"http://127.0.0.1:{found['port']}"
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(5)


async def _talk(limiter: Limiter, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            _, path, _ = first.split(" ")
            status, more, content = await _answer(limiter, path, headers, body)
            told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\n{told}Content-Length: {len(content)}\r\n\r\n".encode() + content
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def _answer(limiter: Limiter, path: str, headers: dict[str, str], body: bytes):
    if path == "/__admin/health":
        return 200, {}, json.dumps({"mock": limiter.name, "instance": "1"}).encode()
    if path == "/__admin/clock":
        order = json.loads(body)
        if "advance_s" in order:
            limiter.clock.advance(round(order["advance_s"] * NS_PER_S))
        now = datetime.fromtimestamp(limiter.clock.wall_ns() / NS_PER_S, UTC)
        return 200, {}, json.dumps({"now": now.isoformat(), "frozen": True, "scale": 1.0}).encode()
    if path.startswith("/__admin/ledger/ids"):
        lines = (json.dumps({"id": id_, "class": "stored"}) + "\n" for id_ in limiter.stored)
        return 200, {}, "".join(lines).encode()
    document = json.loads(body) if body else {}
    messages = document.get("batch", [document])
    ids = [message.get("messageId", "") for message in messages]
    status, more = await limiter.answer(headers["authorization"], ids, len(body))
    return status, more, b"{}"
