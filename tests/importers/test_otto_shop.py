"""The recording that comes with the harness is what its page says, and is made by the importer."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.importers.registry import IMPORTERS, Input, import_lines
from harness.model import Item
from harness.recording.reader import open_recording
from harness.recording.survey import survey
from harness.recording.writer import write_recording
from tests.importers.sessions import BUYER, UNSORTED, VISITOR, otto_lines

RECORDING = Path(__file__).parents[2] / "recordings" / "otto-shop.ndjson"
PAGE = RECORDING.with_name("README.md")
MADE_OF_THE_SAMPLES = "cfb54b2cc00cc14709bb12c1c0884087bca370804ebf3d9249cb79017014d74e"


@pytest.fixture(scope="module")
def shop() -> list[tuple[Item, dict[str, Any]]]:
    with open_recording(str(RECORDING), needs_times=True) as recording:
        assert recording.header == IMPORTERS["otto"].header
        items = [(item, recording.message(item)) for item in recording.items()]
        assert recording.counts.resorted == recording.counts.too_late == recording.counts.oversize == 0
    return items


def test_it_is_small_and_says_that_it_is_public():
    assert RECORDING.stat().st_size < 1_500_000
    with open_recording(str(RECORDING), needs_times=True) as recording:
        assert recording.header.privacy == "public"
        assert recording.header.origin["licence"] == "CC-BY-4.0"


def test_it_has_what_its_page_counts(shop):
    found = Counter(
        (message["type"], message.get("event") or message.get("name") or "") for _, message in shop
    )
    assert found == {
        ("page", "Product"): 800,
        ("track", "Product Viewed"): 800,
        ("track", "Product Added"): 52,
        ("track", "Order Completed"): 5,
        ("identify", ""): 3,
    }
    page = PAGE.read_text()
    assert "1,660 messages of 20 people" in page
    for (kind, name), count in found.items():
        assert f"| {kind}{f' `{name}`' if name else ''} | {count} |" in page
    with open_recording(str(RECORDING), needs_times=True) as recording:
        assert survey(recording).people == 20


def test_it_is_sorted_and_its_times_are_real(shop):
    instants = [item.at_ns for item, _ in shop]
    assert instants == sorted(instants)
    assert [item.index for item, _ in shop] == list(range(1_660))
    assert shop[0][1]["timestamp"] == "2022-07-31T22:00:00.025Z"
    assert shop[-1][1]["timestamp"] == "2022-08-28T21:59:57.885Z"
    assert len({at_ns % 1_000_000_000 for at_ns in instants}) > 500, "milliseconds, not whole seconds"


def test_each_person_begins_anonymous_and_keeps_that_id(shop):
    first: dict[str, Any] = {}
    for _, message in shop:
        first.setdefault(message["anonymousId"], message)
    assert len(first) == 20
    assert Counter(message["type"] for message in first.values()) == {"page": 18, "track": 2}
    assert all("userId" not in message for message in first.values())


def test_an_identify_just_before_the_first_order_joins_the_ids(shop):
    known: dict[str, str] = {}
    previous: dict[str, Any] = {}
    for _, message in shop:
        person = message["anonymousId"]
        if message["type"] == "identify":
            assert person not in known
            known[person] = message["userId"]
        elif message.get("event") == "Order Completed" and previous[person]["type"] == "identify":
            assert previous[person]["timestamp"] == message["timestamp"]
        assert message.get("userId") == known.get(person)
        if message.get("event") == "Order Completed":
            assert person in known
        previous[person] = message
    assert len(set(known.values())) == 3


def test_a_page_is_followed_by_its_view_at_the_same_instant(shop):
    pages = [message for _, message in shop if message["type"] == "page"]
    views = [message for _, message in shop if message.get("event") == "Product Viewed"]
    assert sorted((page["timestamp"], page["properties"]["url"]) for page in pages) == sorted(
        (view["timestamp"], view["properties"]["url"]) for view in views
    )
    last: dict[str, Any] = {}
    for _, message in shop:
        if message.get("event") == "Product Viewed":
            before = last[message["anonymousId"]]
            assert (before["type"], before["timestamp"]) == ("page", message["timestamp"])
        last[message["anonymousId"]] = message


def test_it_holds_no_price_and_no_personal_data(shop):
    named = {name for _, message in shop for name in message.get("properties", {})}
    assert named == {
        "path",
        "referrer",
        "search",
        "title",
        "url",
        "product_id",
        "quantity",
        "order_id",
        "products",
    }
    assert {name for _, message in shop for name in message.get("traits", {})} == {"createdAt"}
    assert not any("writeKey" in message or "ip" in message["context"] for _, message in shop)


def test_the_importer_made_it_from_the_very_events_that_stand_in_it(shop, tmp_path):
    """Back to sessions, and imported again, it is byte for byte the same."""
    sessions: dict[int, list[dict[str, Any]]] = {}
    for item, message in shop:
        session, at_ms = int(message["messageId"].split(".")[1]), (item.at_ns or 0) // 1_000_000
        properties = message.get("properties", {})
        kind = {"Product Viewed": "clicks", "Product Added": "carts", "Order Completed": "orders"}.get(
            message.get("event", "")
        )
        for product in properties.get("products", [properties]) if kind else []:
            for _ in range(product["quantity"] if kind == "orders" else 1):
                event = {"aid": int(product["product_id"]), "ts": at_ms, "type": kind}
                sessions.setdefault(session, []).append(event)
    lines = [orjson.dumps({"session": number, "events": sessions[number]}) for number in sorted(sessions)]
    again = tmp_path / "again.ndjson"
    otto = IMPORTERS["otto"]
    write_recording(str(again), otto.header, import_lines(otto, [Input("again", lines)]))
    assert again.read_bytes() == RECORDING.read_bytes()


def test_the_same_sessions_make_the_same_bytes(tmp_path):
    path = tmp_path / "a.ndjson"
    otto = IMPORTERS["otto"]
    sessions = otto_lines(BUYER, VISITOR, UNSORTED)
    write_recording(str(path), otto.header, import_lines(otto, [Input("in", sessions)]))
    # A change here changes the ids and bodies of every import: make recordings/otto-shop.ndjson anew with it.
    assert hashlib.sha256(path.read_bytes()).hexdigest() == MADE_OF_THE_SAMPLES
