"""Measure how much processor time the mock spends on a request, and on a message of a batch.

    python benchmarks/mock_throughput.py [--runs 5] [--requests 10000] [--batches 150] [--connections 50]

It starts `harness mock --limits none` on one core, loads it from this process over keep-alive connections
with one request in flight on each, and asks the ledger whether every id that was sent arrived exactly once.
On a slow or busy machine compare CPU time over an empty loop step, which is measured in the same round.
It needs Linux (`/proc`, epoll), talks over loopback alone, and takes well under a minute.
"""

import argparse
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

BATCH_MESSAGES: Final = 100
DEADLINE_S: Final = 55.0  # for all of it
WRK_S: Final = 2

_KEY: Final = "bW9ja2tleTAxMjM0NTY3ODlhYmNkZWYwMTIzeDlRZDo="  # of a made-up key
_HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: mock\r\nAuthorization: Basic " + _KEY + "\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)
_GOOD: Final = b"HTTP/1.1 200 "
_LOOP_STEPS: Final = 2_000_000

_WRK_SCRIPT: Final = """
local thread = 0
function setup(t) t:set("number", thread); thread = thread + 1 end
function init() sent = 0 end
function request()
  sent = sent + 1
  local body = string.format(BODY, "PREFIX." .. number .. "." .. sent)
  return wrk.format("POST", "/v1/track",
    {["Authorization"] = "Basic KEY", ["Content-Type"] = "application/json"}, body)
end
"""


class Mock(NamedTuple):
    """A running mock."""

    pid: int
    port: int
    cores: frozenset[int]  # where it may run


class Round(NamedTuple):
    """One run of a load."""

    requests: int
    messages: int
    wall_s: float
    cpu_s: float
    step_ns: float  # an empty loop step, before and after


def message(message_id: str) -> str:
    """A track call of an ordinary shop, about 600 bytes."""
    return json.dumps(
        {
            "type": "track",
            "messageId": message_id,
            "userId": "user-58213",
            "anonymousId": "5f0b1b2e-6b1e-4c9a-9d43-0c7d5c4f8a11",
            "event": "Order Completed",
            "timestamp": f"2026-03-01T10:00:{sum(message_id.encode()) % 60:02d}.{len(message_id):03d}Z",
            "properties": {
                "order_id": "o-48151623",
                "total": 129.9,
                "currency": "EUR",
                "products": [
                    {"product_id": "p1", "sku": "sku-1", "name": "Shirt", "price": 19.9, "quantity": 2},
                    {"product_id": "p2", "sku": "sku-2", "name": "Shoes", "price": 89.9, "quantity": 1},
                ],
            },
            "context": {
                "ip": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
                "page": {"path": "/checkout", "url": "https://shop.example/checkout"},
                "locale": "de-DE",
            },
        },
        separators=(",", ":"),
    )


def request(path: str, body: str) -> bytes:
    """The bytes of one call."""
    content = body.encode()
    return _HEAD.format(path=path, size=len(content)).encode() + content


def singles(prefix: str, count: int) -> list[bytes]:
    """So many calls of one message."""
    return [request("/v1/track", message(f"{prefix}.{number}")) for number in range(count)]


def batches(prefix: str, count: int) -> list[bytes]:
    """So many calls of 100 messages."""
    return [
        request(
            "/v1/batch",
            '{"sentAt":"2026-03-01T10:01:00.000Z","batch":['
            + ",".join(message(f"{prefix}.{number}.{within}") for within in range(BATCH_MESSAGES))
            + "]}",
        )
        for number in range(count)
    ]


@contextmanager
def running_mock(core: int | None, ledger: Path) -> Iterator[Mock]:
    """A mock of its own process, pinned where that can be done, which ends with the block."""
    command = [sys.executable, "-m", "harness", "mock", "--limits", "none", "--parent-pipe"]
    process = subprocess.Popen(
        [*command, "--ledger", str(ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            if core is not None:
                os.sched_setaffinity(ready["pid"], {core})
            yield Mock(ready["pid"], ready["port"], frozenset(os.sched_getaffinity(ready["pid"])))
        finally:
            process.terminate()


def load(port: int, requests: Sequence[bytes], connections: int, deadline_s: float) -> None:
    """Send every request once, with one in flight on each connection; any answer but 200 ends the program."""
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    unsent: dict[int, memoryview] = {}
    answered: dict[int, bytes] = {}
    waiting = iter(requests)
    left = len(requests)

    def send_next(fd: int) -> None:
        following = next(waiting, None)
        if following is not None:
            unsent[fd] = memoryview(following)
            go_on(fd)

    def go_on(fd: int) -> None:
        try:
            sent = sockets[fd].send(unsent[fd])
        except BlockingIOError:
            sent = 0
        unsent[fd] = unsent[fd][sent:]
        poll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if unsent[fd] else 0))

    try:
        for _ in range(min(connections, left)):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            sockets[connection.fileno()] = connection
            answered[connection.fileno()] = b""
            poll.register(connection.fileno(), select.EPOLLIN)
        for fd in sockets:
            send_next(fd)
        while left:
            if time.monotonic() > deadline_s:
                sys.exit("the mock did not answer in time")
            for fd, event in poll.poll(1.0):
                if event & select.EPOLLOUT:
                    go_on(fd)
                if event & ~select.EPOLLOUT:
                    answered[fd] += sockets[fd].recv(65_536)
                    if answered[fd].endswith(b"}"):
                        if not answered[fd].startswith(_GOOD):
                            sys.exit(f"the mock answered {answered[fd][:200]!r}")
                        answered[fd] = b""
                        left -= 1
                        send_next(fd)
    finally:
        for connection in sockets.values():
            connection.close()
        poll.close()


def load_with_wrk(wrk: str, port: int, connections: int, prefix: str) -> None:
    """A load by `wrk`, whose calls are made by a script so that no two ids are equal."""
    body = json.dumps(message("ID").replace("%", "%%").replace("ID", "%s"))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_WRK_SCRIPT.replace("BODY", body).replace("KEY", _KEY).replace("PREFIX", prefix))
        script.flush()
        command = [wrk, "-t1", f"-c{connections}", f"-d{WRK_S}s", "-s", script.name]
        subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], check=True, timeout=WRK_S + 10, stdout=subprocess.DEVNULL
        )


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, in user mode and in the kernel."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9


def counts(port: int) -> Any:
    """The ledger's counts."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/__admin/ledger", timeout=10) as answer:
        return json.load(answer)


def loop_step_ns(mock: Mock) -> float:
    """Processor time of one step of an empty loop, now, on the core of an idle mock."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, mock.cores)
    begun_ns = time.process_time_ns()
    for _ in range(_LOOP_STEPS):
        pass
    used_ns = time.process_time_ns() - begun_ns
    os.sched_setaffinity(0, ours)
    return used_ns / _LOOP_STEPS


def measured(mock: Mock, requests: Sequence[bytes], each: int, connections: int, end_s: float) -> Round:
    """One load, and its proof: the ledger counts what was sent, once each."""
    before, step_ns = counts(mock.port), loop_step_ns(mock)
    begun_s, begun_cpu_s = time.monotonic(), cpu_s(mock.pid)
    load(mock.port, requests, connections, end_s)
    used_s, wall_s = cpu_s(mock.pid) - begun_cpu_s, time.monotonic() - begun_s
    step_ns = (step_ns + loop_step_ns(mock)) / 2
    sent = len(requests) * each
    after = counts(mock.port)
    for name in ("unique", "received"):
        if after[name] - before[name] != sent:
            sys.exit(f"sent {sent} messages, but the ledger's {name} grew by {after[name] - before[name]}")
    return Round(len(requests), sent, wall_s, used_s, step_ns)


def measured_with_wrk(wrk: str, mock: Mock, connections: int, prefix: str) -> Round:
    """As `measured`, but only the ledger knows how many it took."""
    before, step_ns = counts(mock.port), loop_step_ns(mock)
    begun_cpu_s = cpu_s(mock.pid)
    load_with_wrk(wrk, mock.port, connections, prefix)
    used_s = cpu_s(mock.pid) - begun_cpu_s
    after = counts(mock.port)
    taken = after["unique"] - before["unique"]
    if after["received"] - before["received"] != taken:
        sys.exit("wrk's ids were not all different")
    return Round(taken, taken, float(WRK_S), used_s, (step_ns + loop_step_ns(mock)) / 2)


def told(name: str, rounds: Sequence[Round]) -> None:
    """Print the medians of some rounds."""

    def median(figures: Iterator[float]) -> float:
        return statistics.median(figures)

    per_request_us = median(r.cpu_s / r.requests * 1e6 for r in rounds)
    per_message_us = median(r.cpu_s / r.messages * 1e6 for r in rounds)
    steps = median(r.cpu_s / r.messages * 1e9 / r.step_ns for r in rounds)
    print(
        f"{name:<26}{median(r.requests / r.wall_s for r in rounds):>9,.0f} requests/s"
        f"{median(r.messages / r.wall_s for r in rounds):>10,.0f} messages/s"
        f"{per_request_us:>9.1f} us CPU/request{per_message_us:>8.2f} us CPU/message"
        f"{steps:>8,.0f} loop steps/message  ({len(rounds)} runs)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--batches", type=int, default=150)
    parser.add_argument("--connections", type=int, default=50)
    options = parser.parse_args()
    end_s = time.monotonic() + DEADLINE_S
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:-1])
    pinned = cores[-1] if len(cores) > 1 else None
    single: list[Round] = []
    batched: list[Round] = []
    by_wrk: list[Round] = []
    wrk = shutil.which("wrk")
    with tempfile.TemporaryDirectory() as folder, running_mock(pinned, Path(folder)) as mock:
        load(mock.port, singles("warm", 2_000), options.connections, end_s)
        for number in range(options.runs):
            calls = singles(f"s{number}", options.requests)
            single.append(measured(mock, calls, 1, options.connections, end_s))
            calls = batches(f"b{number}", options.batches)
            batched.append(measured(mock, calls, BATCH_MESSAGES, options.connections, end_s))
            if wrk is not None and time.monotonic() < end_s - 3 * WRK_S:
                by_wrk.append(measured_with_wrk(wrk, mock, options.connections, f"w{number}"))
    rounds = single + batched
    where = f"core {pinned}" if pinned is not None else "the only core, which it shares with its client"
    print(f"mock on {where}; messages of {len(message('s0.12345'))} bytes; every id arrived once")
    print(f"an empty loop step takes {statistics.median(r.step_ns for r in rounds):.1f} ns")
    told("one message a request", single)
    told(f"batches of {BATCH_MESSAGES}", batched)
    if by_wrk:
        told("one message, by wrk", by_wrk)


if __name__ == "__main__":
    main()
