"""Import shop sessions in OTTO's format: each click, cart and order becomes what a shop's site would send.

In: one JSON object a line, `{"session": 1, "events": [{"aid": 9, "ts": 1659304800025, "type": "clicks"}]}`,
`ts` in ms since 1970, `type` one of clicks, carts, orders (github.com/otto-de/recsys-dataset, README, "Data
Format"). Out: envelopes of Segment calls as analytics.js makes them, named by Segment's e-commerce spec v2.
What OTTO does not publish (prices, names, categories, people) is left out; ids are derived from its numbers.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

import orjson

from harness.errors import RecordingError
from harness.importers.order import TimedLine
from harness.model import Message
from harness.recording.header import Header
from harness.segment.endpoints import single_path
from harness.units import NS_PER_MS, format_instant_ms

HEADER: Final = Header(
    privacy="public",
    origin={
        "data": "OTTO Recommender Systems Dataset",
        "url": "https://github.com/otto-de/recsys-dataset",
        "licence": "CC-BY-4.0",
        "made_by": "harness import otto",
    },
)

_SOURCE: Final = "shop"
_SITE: Final = "https://shop.example"
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/otto-de/recsys-dataset")
_CONTEXT: Final = {
    "library": {"name": "analytics.js", "version": "next-1.70.0"},
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0",
    "locale": "de-DE",
    "timezone": "Europe/Berlin",
}
_TYPES: Final = ("clicks", "carts", "orders")
_LAST_TS_MS: Final = 253_402_300_799_999  # the end of year 9999, the last that ISO-8601 writes in four digits


class _Event(NamedTuple):
    aid: int
    ts_ms: int
    type: str


def import_otto(lines: Iterable[bytes], *, name: str) -> Iterator[TimedLine]:
    """The calls of each session in the order of its events; sessions follow each other unsorted.

    `name` stands for the input in errors. Blank lines are passed over.

    Raises:
        RecordingError: a line is no session.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            session, events = _parse(line, f"{name}:{number}")
            yield from _Visitor(session).calls(events)


def _parse(line: bytes, where: str) -> tuple[int, list[_Event]]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        fields = None
    session = fields.get("session") if isinstance(fields, dict) else None
    rows = fields.get("events") if isinstance(fields, dict) else None
    if type(session) is not int or not isinstance(rows, list):
        raise RecordingError(
            f'{where}: no session of OTTO\'s; a line is {{"session": NUMBER, "events": [{{…}}, …]}}'
        )
    events = []
    for position, row in enumerate(rows):
        event = _event(row)
        if event is None:
            raise RecordingError(
                f'{where}: events[{position}] needs a number "aid", a "ts" in ms and a "type", one of '
                f"{', '.join(_TYPES)}; correct or remove it"
            )
        events.append(event)
    # An order's articles share an instant: behind whatever else has it, they stand together.
    events.sort(key=lambda event: (event.ts_ms, event.type == "orders"))
    return session, events


def _event(row: object) -> _Event | None:
    if not isinstance(row, dict):
        return None
    aid, ts_ms, kind = row.get("aid"), row.get("ts"), row.get("type")
    if type(aid) is not int or type(ts_ms) is not int or kind not in _TYPES:
        return None
    return _Event(aid, ts_ms, kind) if 0 <= ts_ms <= _LAST_TS_MS else None


class _Visitor:
    """One session's browser: what it knows of its person, and the page it came from."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._anonymous_id = str(uuid.uuid5(_NAMESPACE, f"session {session}"))
        self._user_id: str | None = None  # known from the first order on
        self._page_path = ""
        self._referrer = ""
        self._messages = 0
        self._orders = 0

    def calls(self, events: Iterable[_Event]) -> Iterator[TimedLine]:
        # The articles of one order are events of type orders at one instant.
        for (ts_ms, kind), group in groupby(events, key=lambda event: (event.ts_ms, event.type)):
            aids = [event.aid for event in group]
            if kind == "orders":
                yield from self._order(ts_ms, aids)
                continue
            for aid in aids:
                yield from self._click(ts_ms, aid) if kind == "clicks" else self._cart(ts_ms, aid)

    def _click(self, ts_ms: int, aid: int) -> Iterator[TimedLine]:
        self._go_to(f"/p/{aid}")
        page = self._page(f"Product {aid}")
        yield self._call(ts_ms, "page", {"name": "Product", "properties": page}, page)
        properties = {"product_id": str(aid), "url": page["url"]}
        yield self._call(ts_ms, "track", {"event": "Product Viewed", "properties": properties}, page)

    def _cart(self, ts_ms: int, aid: int) -> Iterator[TimedLine]:
        # Carts and orders name no page; a shop puts a product into the cart from its own page.
        self._go_to(f"/p/{aid}")
        page = self._page(f"Product {aid}")
        properties = {"product_id": str(aid), "quantity": 1, "url": page["url"]}
        yield self._call(ts_ms, "track", {"event": "Product Added", "properties": properties}, page)

    def _order(self, ts_ms: int, aids: list[int]) -> Iterator[TimedLine]:
        self._go_to("/checkout")
        page = self._page("Checkout")
        if self._user_id is None:
            self._user_id = f"customer-{self._session}"
            traits = {"createdAt": format_instant_ms(ts_ms * NS_PER_MS)}
            yield self._call(ts_ms, "identify", {"traits": traits}, page)
        self._orders += 1
        properties = {
            "order_id": f"order-{self._session}-{self._orders}",
            "products": [{"product_id": str(aid), "quantity": count} for aid, count in Counter(aids).items()],
        }
        yield self._call(ts_ms, "track", {"event": "Order Completed", "properties": properties}, page)

    def _go_to(self, path: str) -> None:
        if path != self._page_path:
            self._referrer = _SITE + self._page_path if self._page_path else ""
            self._page_path = path

    def _page(self, title: str) -> dict[str, str]:
        return {
            "path": self._page_path,
            "referrer": self._referrer,
            "search": "",
            "title": title,
            "url": _SITE + self._page_path,
        }

    def _call(self, ts_ms: int, kind: str, fields: Message, page: dict[str, str]) -> TimedLine:
        self._messages += 1
        at = format_instant_ms(ts_ms * NS_PER_MS)
        ids: dict[str, Any] = {"anonymousId": self._anonymous_id}
        if self._user_id is not None:
            ids["userId"] = self._user_id
        body = {
            "type": kind,
            **fields,
            **ids,
            "context": {**_CONTEXT, "page": page},
            "integrations": {},
            "messageId": f"otto.{self._session}.{self._messages}",
            "timestamp": at,
        }
        envelope = {"at": at, "source": _SOURCE, "method": "POST", "path": single_path(kind), "body": body}
        return TimedLine(ts_ms * NS_PER_MS, orjson.dumps(envelope))
