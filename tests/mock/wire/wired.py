"""A mock's process as its clients have it: HTTP from outside, raw bytes, and many callers at once."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson

from harness.mock.launch import RunningMock
from tests.mock.boxed import KEY, request, track

CALLERS = 64
TOKEN = "a-made-up-token"
SPACE = "spa_one"

WEB = "webkey0123456789abcdef0123456web"
IOS = "ioskey0123456789abcdef0123456ios"
FOREIGN = "foreignkey0123456789abcdef01frgn"
OFF = "offkey0123456789abcdef0123456off"
SOURCES = f"""
[config]
workspace_slug = "acme"

[[sources]]
slug = "web"
write_keys = ["{WEB}"]
space = "{SPACE}"
destinations = [
    {{ name = "Amplitude" }},
    {{ name = "Mixpanel" }},
    {{ name = "Warehouse", metadata = {{ categories = ["Warehouses"] }} }},
]

[[sources]]
slug = "ios"
write_keys = ["{IOS}"]
space = "spa_two"

[[sources]]
slug = "foreign"
write_keys = ["{FOREIGN}"]
workspace = "other"

[[sources]]
slug = "off"
write_keys = ["{OFF}"]
enabled = false
"""


class Seen(NamedTuple):
    """What a client saw of one connection."""

    data: bytes
    ending: str  # closed, reset, or open: nothing came for a while

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


class Wired:
    """One mock, steered and asked over HTTP alone."""

    def __init__(self, running: RunningMock, verify: Any = False) -> None:
        self.running = running
        self.port = running.port
        self.http = httpx.Client(base_url=running.url, trust_env=False, verify=verify, timeout=10)

    def close(self) -> None:
        self.http.close()

    def admin(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else orjson.dumps(body)
        answer = self.http.request(method, f"/__admin/{path}", content=content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def begin(self) -> None:
        """As if it had just been started: no faults, no limits, nothing received, real time."""
        self.admin("POST", "clock", {"reset": True})
        self.set_faults()
        self.set_limits()
        self.admin("POST", "reset")

    def set_faults(self, *rules: dict[str, Any]) -> None:
        self.admin("PUT", "faults", list(rules))

    def faults(self) -> dict[str, Any]:
        """Each fault's account, by its name."""
        return {line["name"]: line for line in self.admin("GET", "faults")["faults"]}

    def fault(self) -> Any:
        """The account of the only fault."""
        (line,) = self.faults().values()
        return line

    def set_limits(self, *rules: dict[str, Any], preset: str = "none") -> None:
        self.admin("PUT", "limits", {"preset": preset, "rules": rules})

    def limit(self) -> Any:
        """The account of the only limit."""
        (row,) = self.admin("GET", "limits")["limits"]
        return row

    def freeze(self) -> None:
        self.admin("POST", "clock", {"freeze": True})

    def advance(self, seconds: float) -> None:
        self.admin("POST", "clock", {"advance_s": seconds})

    def waiting(self) -> int:
        """How many answers wait for their instant."""
        found: int = self.admin("GET", "clock")["waiting"]
        return found

    def counts(self, key: str | None = None) -> Any:
        return self.admin("GET", "ledger" if key is None else f"ledger?write_key={key}")

    def classes(self, key: str | None = None) -> dict[str, int]:
        """The classes of the ledger that are not empty."""
        counts = self.counts(key)
        names = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")
        return {name: counts[name] for name in names if counts[name]}

    def send(
        self, body: object = None, *, path: str = "/v1/track", key: str = KEY, **headers: str
    ) -> httpx.Response:
        return self.http.post(
            path, content=orjson.dumps(body), auth=httpx.BasicAuth(key, ""), headers=headers
        )

    def track(self, message_id: str, *, key: str = KEY, **more: Any) -> httpx.Response:
        return self.send(track(message_id, **more), key=key)

    def profile(self, identifier: str, what: str = "traits", *, space: str = SPACE, **query: Any) -> Any:
        collection = "accounts" if identifier.startswith("group_id:") else "users"
        return self.http.get(
            f"/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/{what}",
            params=query,
            auth=httpx.BasicAuth(TOKEN, ""),
        )

    def config(self, path: str, *, token: str = TOKEN, method: str = "GET", **more: Any) -> httpx.Response:
        return self.http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)


def exchange(port: int, data: bytes, *, quiet_s: float = 5.0) -> Seen:
    """Send these bytes, and read until the mock ends the connection or is quiet for so long."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(data)
        return read_out(connection, quiet_s)


def read_out(connection: socket.socket, quiet_s: float = 5.0) -> Seen:
    """What comes until the mock ends the connection or is quiet for so long."""
    connection.settimeout(quiet_s)
    seen = b""
    while True:
        try:
            piece = connection.recv(65_536)
        except ConnectionResetError:
            return Seen(seen, "reset")
        except TimeoutError:
            return Seen(seen, "open")
        if not piece:
            return Seen(seen, "closed")
        seen += piece


def get(path: str, authorization: str) -> bytes:
    """The bytes of a GET."""
    return request("GET", path, key=None, headers=[("Authorization", authorization)])


class Caller:
    """One connection that sends a call and then reads its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def call(self, data: bytes) -> httpx.Response:
        self._writer.write(data)
        return await self.answer()

    async def answer(self) -> httpx.Response:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *rest = head[:-4].decode("latin-1").split("\r\n")
        headers = httpx.Headers([(line.partition(": ")[0], line.partition(": ")[2]) for line in rest])
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return httpx.Response(int(first.split(" ")[1]), headers=headers, content=body)


@asynccontextmanager
async def many_callers(port: int, count: int = CALLERS) -> AsyncIterator[list[Caller]]:
    """So many connections, all open at once."""
    opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(count)))
    try:
        yield [Caller(reader, writer) for reader, writer in opened]
    finally:
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)


async def all_call(callers: Sequence[Caller], calls: Iterable[bytes]) -> list[int]:
    """The statuses of calls that every caller has under way at the same time."""
    answers = await asyncio.gather(*(caller.call(data) for caller, data in zip(callers, calls, strict=True)))
    return [answer.status_code for answer in answers]


def open_files(pid: int) -> int:
    """How many files and sockets a process holds."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
