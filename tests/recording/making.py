"""Make small recordings, and read them in every way that must come to the same."""

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from harness.model import Item
from harness.recording.reader import Recording, open_recording


def track(**fields: Any) -> dict[str, Any]:
    """A bare message, complete."""
    return {"type": "track", "event": "Clicked", "anonymousId": "a-1", **fields}


def call(at: Any, *, path: str = "/v1/track", body: Any = None, **fields: Any) -> dict[str, Any]:
    """An envelope around one call."""
    return {"at": at, "path": path, "body": track() if body is None else body, **fields}


def ndjson(*lines: Any) -> bytes:
    """Lines to bytes; bytes are taken as they stand."""
    return b"".join((line if isinstance(line, bytes) else orjson.dumps(line)) + b"\n" for line in lines)


def written(folder: Path, data: bytes, name: str = "a.ndjson") -> str:
    """A file with these bytes, gzipped when its name says so."""
    path = folder / name
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return str(path)


def in_pieces(data: bytes, sizes: Iterable[int]) -> Callable[[int, int], bytes]:
    """A `read_chunk` that gives `data` in pieces of these sizes, then whatever is left."""
    left = data
    remaining = iter(sizes)

    def read_chunk(descriptor: int, size_bytes: int) -> bytes:
        nonlocal left
        assert descriptor == 0
        size = min(next(remaining, size_bytes), size_bytes)
        piece, left = left[:size], left[size:]
        return piece

    return read_chunk


def piped(data: bytes, sizes: Iterable[int] = (), *, needs_times: bool = False) -> Recording:
    """The recording that standard input holds when it comes in pieces of these sizes."""
    return open_recording("-", needs_times=needs_times, read_chunk=in_pieces(data, sizes))


def essence(recording: Recording) -> list[tuple[Any, ...]]:
    """Each item and its message, without what differs between a file and a stream."""
    return [(_bare(item), recording.message(item)) for item in recording.items()]


def _bare(item: Item) -> tuple[Any, ...]:
    place = item.place
    group = item.group[1:] if isinstance(item.group, tuple) else None
    return (
        item.index,
        item.api,
        item.kind,
        item.source,
        item.at_ns,
        item.lateness_ns,
        item.keys,
        group,
        (place.line, place.offset, place.length, place.within),
    )


ARCHIVED = track(
    projectId="p1",
    userId="u-1",
    receivedAt="2026-01-02T03:04:07.500Z",
    sentAt="2026-01-02T03:04:06.000Z",
    timestamp="2026-01-02T03:04:06.500Z",
    context={"library": {"name": "analytics-node", "version": "3.1.0"}},
)
BATCH = call(
    "2026-01-02T03:04:08Z",
    path="/v1/batch",
    source="web",
    body={"batch": [track(), {"type": "page", "userId": "u-2"}], "context": {"ip": "1"}, "sentAt": "x"},
)
