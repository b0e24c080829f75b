"""Make items and requests by hand, for the tests of what is told of them."""

from harness.model import Arrival, Item, Place, Request

START_NS = 5_000_000_000
WALL_NS = 1_767_323_045_678_901_000


def an_arrival(index, *, due_ns=0, **item):
    return Arrival(due_ns, an_item(index, **item))


def an_item(index, *, source="shop", api="tracking", kind="track", keys=("u:1",)):
    return Item(index, api, kind, source, index, 0, keys, None, Place("a.ndjson", index + 1, 0, 1, -1, None))


def a_request(arrivals, attempt=1):
    item = arrivals[0].item
    return Request(item.api, item.source, "POST", "/v1/track", (), b"{}", tuple(arrivals), attempt)
