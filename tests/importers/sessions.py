"""Three small sessions in OTTO's format, made up; read by several tests."""

from typing import Any

import orjson

BUYER = {
    "session": 7,
    "events": [
        {"aid": 11, "ts": 1_659_304_800_100, "type": "clicks"},
        {"aid": 11, "ts": 1_659_304_801_000, "type": "carts"},
        {"aid": 12, "ts": 1_659_304_802_000, "type": "clicks"},
        {"aid": 11, "ts": 1_659_304_803_000, "type": "orders"},
        {"aid": 12, "ts": 1_659_304_803_000, "type": "orders"},
        {"aid": 11, "ts": 1_659_304_803_000, "type": "orders"},
        {"aid": 13, "ts": 1_659_304_804_000, "type": "clicks"},
        {"aid": 13, "ts": 1_659_304_805_000, "type": "orders"},
    ],
}
VISITOR = {"session": 8, "events": [{"aid": 11, "ts": 1_659_304_800_050, "type": "clicks"}]}
UNSORTED = {
    "session": 9,
    "events": [
        {"aid": 22, "ts": 1_659_304_802_500, "type": "clicks"},
        {"aid": 21, "ts": 1_659_304_800_075, "type": "clicks"},
    ],
}


def otto_lines(*sessions: Any) -> list[bytes]:
    """Sessions as lines of a file."""
    return [orjson.dumps(session) + b"\n" for session in sessions]
