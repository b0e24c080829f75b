"""The message that every generator sends: an ordinary track call of a shop, 755 bytes with its clocks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

BATCH_MESSAGES: Final = 100
BODY_BYTES: Final = 755  # of a single call
ID_LETTERS: Final = 24
KEY: Final = "benchbenchbenchbenchbenchbench00"  # a made-up write key, for generators that are not ours
AUTHORIZATION: Final = "Basic YmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoMDA6"  # the same, as a header

_ID: Final = "0" * ID_LETTERS
_TIME: Final = "2026-03-01T10:00:07.123Z"
_EPOCH: Final = datetime(2026, 3, 1, tzinfo=UTC)


def fields(message_id: str, timestamp: str, person: int) -> dict[str, object]:
    """One message, as a client would have it before it is sent."""
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": f"user-{person:07d}",
        "anonymousId": f"5f0b1b2e-6b1e-4c9a-9d43-{person:012d}",
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
            "page": {"path": "/checkout", "url": "https://shop.example/checkout", "title": "Checkout - Shop"},
            "locale": "de-DE",
            "timezone": "Europe/Berlin",
            "library": {"name": "analytics.js", "version": "next-1.70.0"},
        },
        "integrations": {},
        "messageId": message_id,
        "timestamp": timestamp,
    }


def pieces() -> tuple[str, str, str]:
    """What stands before the id, between id and time, and behind the time: for generators that fill in both.

    A single call is `a ID b TIME c ,"sentAt":"TIME"}`, a message of a batch `a ID b TIME c }`.
    """
    text = json.dumps(fields(_ID, _TIME, 58_213), separators=(",", ":"))
    before, _, rest = text.partition(_ID)
    between, _, behind = rest.partition(_TIME)
    return before, between, behind.removesuffix("}")


def single(message_id: str, timestamp: str) -> str:
    """The body of a single call."""
    before, between, behind = pieces()
    return f'{before}{message_id}{between}{timestamp}{behind},"sentAt":"{timestamp}"}}'


def recorded_line(number: int, person: int, after_us: int) -> str:
    """A line of a recording: this message, sent so long after the first one."""
    at = _EPOCH + timedelta(microseconds=after_us)
    text = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    envelope = {"at": text, "source": "shop", "method": "POST", "path": "/v1/track"}
    body = fields(f"recorded-{number:015d}", text[:23] + "Z", person)
    return json.dumps(envelope | {"body": body}, separators=(",", ":")) + "\n"
