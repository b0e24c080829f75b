"""Read the files of a run folder: the told document, the delivery map, the timeline and the trace."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from struct import Struct
from typing import Any, Final, NamedTuple

_HEADER: Final = Struct("<8sIIQ")
_MAP_BEGINS: Final = 4096
_MIB: Final = 1 << 20

STATES: Final = (
    "unread", "filtered", "waiting", "in flight", "accepted", "rejected",
    "abandoned", "dropped", "cancelled", "waiting again",
)  # fmt: skip
# What a state is called once nobody will write it any more.
BECAME: Final = {"waiting": "cancelled", "in flight": "pending", "waiting again": "pending"}
NEVER_SENT: Final = ("unread", "filtered", "waiting", "dropped", "cancelled")
SENT_AGAIN, MAYBE_RECEIVED, THROTTLED, EARLIER_LEG = 0x10, 0x20, 0x40, 0x80


class DeliveryMap(NamedTuple):
    """The byte of each item, by index, and what the header says."""

    run_id: str
    fingerprint: Any
    items: bytes

    def state(self, index: int) -> str:
        """`unread` for an index that was never written."""
        return STATES[self.byte(index) & 0x0F]

    def became(self, index: int) -> str:
        state = self.state(index)
        return BECAME.get(state, state)

    def byte(self, index: int) -> int:
        return self.items[index] if 0 <= index < len(self.items) else 0


class Seen(NamedTuple):
    """A line of the trace: one settled item. Instants count from the start of the run."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    due_ns: int | None
    pieces_ns: tuple[int, int, int, int] | None  # lane, limit, batch, user
    sent_ns: int | None
    done_ns: int
    attempts: int
    status: int | None
    message_id: str

    @property
    def lag_ns(self) -> int | None:
        """The rest of the way from due to first send."""
        if self.due_ns is None or self.sent_ns is None or self.pieces_ns is None:
            return None
        return self.sent_ns - self.due_ns - sum(self.pieces_ns)


class Folder:
    """A run folder; each file is read when it is asked for."""

    def __init__(self, path: Path, told: Path | None = None) -> None:
        """`told` is a document to compare with in place of the folder's own `run.json`."""
        self.path = path
        self.told: dict[str, Any] = json.loads((told or path / "run.json").read_bytes())

    @cached_property
    def map(self) -> DeliveryMap | None:
        path = self.path / "delivery.map"
        if not path.exists():
            return None
        content = path.read_bytes()
        magic, version, about_bytes, count = _HEADER.unpack_from(content)
        if magic != b"HARNESS\0" or version != 1:
            raise SystemExit(f"{path}: is no delivery map of version 1")
        about = json.loads(content[_HEADER.size : _HEADER.size + about_bytes])
        items = content[_MAP_BEGINS : _MAP_BEGINS + count]
        return DeliveryMap(about["run_id"], about["fingerprint"], items)

    @cached_property
    def timeline(self) -> Sequence[dict[str, Any]]:
        """The whole records; what follows the first torn one does not count."""
        return list(self._records())

    @cached_property
    def trace(self) -> Sequence[Seen] | None:
        """None without a trace. A death may have cut its last line."""
        path = self.path / "trace.ndjson"
        if not path.exists():
            return None
        *lines, _ = path.read_bytes().split(b"\n")
        return [_seen(json.loads(line)) for line in lines]

    @property
    def head(self) -> dict[str, Any]:
        """The first record of the timeline: its format, the limits, and whether the loop was closed."""
        return self.timeline[0] if self.timeline else {}

    @property
    def ended_ns(self) -> int | None:
        """When the run wrote its end, after its start; None when it died."""
        ends = [record["closed_after_ns"] for record in self.timeline if "closed_after_ns" in record]
        return ends[-1] if ends else None

    def _records(self) -> Iterator[dict[str, Any]]:
        for line in (self.path / "timeline.ndjson").read_bytes().splitlines(keepends=True):
            checksum, _, payload = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(payload):
                return
            yield json.loads(payload)


def fingerprint_of(path: Path) -> Any:
    """What the map's header and `run.json` say of the recording."""
    content = path.read_bytes()
    ends = (content[:_MIB], content[-_MIB:])
    first, last = (hashlib.blake2b(end, digest_size=16).hexdigest() for end in ends)
    return {"files": [{"size_bytes": len(content), "first_mib": first, "last_mib": last}]}


def _seen(line: dict[str, Any]) -> Seen:
    pieces = tuple(line[f"{name}_wait_ns"] for name in ("lane", "limit", "batch", "user"))
    return Seen(
        line["index"],
        line["due_ns"],
        None if None in pieces else pieces,
        line["sent_ns"],
        line["done_ns"],
        line["attempts"],
        line["status"],
        line["message_id"],
    )
