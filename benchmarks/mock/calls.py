"""The calls that every server gets: ordinary track calls of a shop, no two with the same id."""

import json
from collections.abc import Iterator
from typing import Final

BATCH_MESSAGES: Final = 100
ID: Final = "ID0123456789abcdef01234"  # stands where an id of the same length goes
KEY: Final = "bW9ja2tleTAxMjM0NTY3ODlhYmNkZWYwMTIzeDlRZDo="  # of a made-up write key, as in a Basic header

_HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {key}\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)
_BATCH: Final = '{"sentAt":"2026-03-01T10:01:00.000Z","batch":[', "]}"


def message() -> str:
    """A message of about 600 bytes, with ID for its id."""
    return json.dumps(
        {
            "type": "track",
            "messageId": ID,
            "userId": "user-58213",
            "anonymousId": "5f0b1b2e-6b1e-4c9a-9d43-0c7d5c4f8a11",
            "event": "Order Completed",
            "timestamp": "2026-03-01T10:00:07.123Z",
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


def small_message() -> str:
    """A message as short as they come, for counting many of them."""
    return f'{{"type":"track","messageId":"{ID}","userId":"u-1","event":"Seen"}}'


def numbered(prefix: str, number: int) -> str:
    """An id of the length of ID."""
    return f"{prefix}.{number:0{len(ID) - len(prefix) - 1}d}"


def head(path: str, body_bytes: int) -> str:
    """The head of a call, with the empty line that ends it."""
    return _HEAD.format(path=path, key=KEY, size=body_bytes)


def single_pieces(text: str) -> tuple[str, str]:
    """What stands before and behind the id in a call of one message of this text, head included."""
    before, _, behind = text.partition(ID)
    return head("/v1/track", len(text)) + before, behind


def batch_pieces(messages: int, text: str) -> tuple[str, str, str, str]:
    """A batch call: its start up to the first id, what joins two messages, what follows the last, its end."""
    start, end = _BATCH
    before, _, behind = text.partition(ID)
    size = len(start) + messages * (len(text) + 1) - 1 + len(end)
    return head("/v1/batch", size) + start + before, behind + "," + before, behind, end


def singles(prefix: str, count: int, text: str) -> Iterator[bytes]:
    """So many calls of one message of this text."""
    before, behind = single_pieces(text)
    for number in range(count):
        yield (before + numbered(prefix, number) + behind).encode()


def batches(prefix: str, count: int, each: int, text: str) -> Iterator[bytes]:
    """So many calls of `each` messages of this text."""
    start, between, behind, end = batch_pieces(each, text)
    for first in range(0, count * each, each):
        ids = (numbered(prefix, number) for number in range(first, first + each))
        yield (start + between.join(ids) + behind + end).encode()
