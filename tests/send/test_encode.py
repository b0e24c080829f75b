"""Claims about encoding."""

import json
from typing import Any

import msgspec
import pytest

from harness.errors import BadLineError
from harness.model import Arrival, Item, Message
from harness.segment.sizes import MESSAGE_BYTES
from harness.send import encode
from harness.send.encode import Encoder
from tests.send.hub import item

RECORDED: dict[int, Message] = {
    0: {
        "userId": "u",
        "event": "Bought",
        "sentAt": "old",
        "messageId": "old",
        "timestamp": "t0",
        "integrations": {"x": 1},
    },
    1: {"userId": "ü", "traits": {"plan": "pro"}},
    2: {"userId": "u", "properties": {"x": "y" * MESSAGE_BYTES}},
    3: {"userId": "u", "n": 2**70},
}


class Clock:
    def __init__(self) -> None:
        self.reads: list[int] = []
        self.sends = 0

    def read(self, of: Item) -> Message:
        self.reads.append(of.index)
        return RECORDED[of.index]

    def sent_at(self) -> str:
        self.sends += 1
        return f"sent {self.sends}"


def strip(message: Message) -> Message:
    return {field: value for field, value in message.items() if field not in ("sentAt", "messageId")}


def encoder(clock: Clock | None = None, **changes: Any) -> Encoder:
    clock = clock or Clock()
    asked: dict[str, Any] = {
        "read": clock.read,
        "strip": strip,
        "message_id": lambda of: f"run.{of.index}",
        "timestamp": lambda arrival: f"2026-01-02T03:04:05.{arrival.due_ns:03d}Z",
        "sent_at": clock.sent_at,
        "version": "1.2",
    }
    return Encoder(**(asked | changes))


def arrivals(*indexes: int) -> tuple[Arrival, ...]:
    kinds = ("track", "identify", "page", "group")
    return tuple(Arrival(100 + index, item(index, kinds[index], source="shop")) for index in indexes)


def test_one_message_goes_to_the_path_of_its_kind():
    sent = encoder()(arrivals(0), 1)
    assert (sent.method, sent.path, sent.api, sent.source, sent.attempt) == (
        "POST",
        "/v1/track",
        "tracking",
        "shop",
        1,
    )
    assert sent.arrivals == arrivals(0)
    assert json.loads(sent.body) == {
        "type": "track",
        "userId": "u",
        "event": "Bought",
        "integrations": {"x": 1},
        "messageId": "run.0",
        "timestamp": "2026-01-02T03:04:05.100Z",
        "sentAt": "sent 1",
    }
    assert encoder()(arrivals(1), 1).path == "/v1/identify"


def test_a_batch_has_one_sent_at_and_each_message_its_own_id_and_time():
    sent = encoder(batch=True)(arrivals(0, 1), 1)
    assert sent.path == "/v1/batch"
    body = json.loads(sent.body)
    assert set(body) == {"batch", "sentAt"}
    assert body["sentAt"] == "sent 1"
    assert [(each["messageId"], each["timestamp"], each["type"]) for each in body["batch"]] == [
        ("run.0", "2026-01-02T03:04:05.100Z", "track"),
        ("run.1", "2026-01-02T03:04:05.101Z", "identify"),
    ]
    assert all("sentAt" not in each for each in body["batch"])
    assert body["batch"][1]["userId"] == "ü"


def test_in_batch_mode_one_message_is_a_batch_of_one_unless_it_is_too_large_for_any():
    batching = encoder(batch=True)
    assert batching(arrivals(0), 1).path == "/v1/batch"
    large = batching(arrivals(2), 1)
    assert large.path == "/v1/page"
    assert json.loads(large.body)["sentAt"] == "sent 2"


@pytest.mark.parametrize("batch", [True, False])
def test_a_retry_differs_in_its_count_and_its_clock_alone(batch):
    encode_ = encoder(batch=batch)
    first, second, third = (encode_(arrivals(0), attempt) for attempt in (1, 2, 3))
    assert [dict(sent.headers).get("X-Retry-Count") for sent in (first, second, third)] == [None, "1", "2"]
    assert first.body.replace(b"sent 1", b"sent 3") == third.body


def test_headers_name_the_harness_and_no_credential():
    sent = encoder(extra_headers=[("X-Extra", "1")])(arrivals(0), 1)
    assert sent.headers == (
        ("Content-Type", "application/json"),
        ("User-Agent", "segment-harness/1.2"),
        ("X-Extra", "1"),
    )


def test_integrations_given_replace_the_messages_own():
    body = json.loads(encoder(batch=True, integrations={"All": False})(arrivals(0, 1), 1).body)
    assert [each["integrations"] for each in body["batch"]] == [{"All": False}] * 2


def test_no_timestamp_leaves_the_messages_own():
    encode_ = encoder(timestamp=None)
    assert json.loads(encode_(arrivals(0), 1).body)["timestamp"] == "t0"
    assert "timestamp" not in json.loads(encode_(arrivals(1), 1).body)


def test_the_recorded_message_is_never_altered():
    before = json.dumps(RECORDED)
    encoder(integrations={})(arrivals(0), 1)
    assert json.dumps(RECORDED) == before


def test_sizes_measured_add_up_to_the_batch_that_is_sent():
    encode_ = encoder(batch=True)
    sizes = [encode_.measure(arrival) for arrival in arrivals(0, 1)]
    sent = encode_(arrivals(0, 1), 1)
    assert len(sent.body) == len(b'{"batch":[],"sentAt":"sent 1"}') + sum(sizes) + 1


def test_a_measured_message_is_read_once_and_a_retried_one_again():
    clock = Clock()
    encode_ = encoder(clock, batch=True)
    for _ in range(3):
        encode_.measure(arrivals(0)[0])
    first = encode_(arrivals(0), 1)
    assert clock.reads == [0]
    assert encode_(arrivals(0), 2).body == first.body.replace(b"sent 1", b"sent 2")
    assert clock.reads == [0, 0]


def test_measured_messages_that_are_never_sent_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(encode, "_KEPT_BYTES", 100_000)
    clock = Clock()
    encode_ = encoder(clock, read=lambda of: RECORDED[2])
    for index in range(50):
        encode_.measure(Arrival(0, item(index)))
    kept = encode_._kept
    assert sum(map(len, kept.values())) == encode_._kept_bytes <= 100_000
    assert list(kept) == [47, 48, 49], "the latest"
    encode_((Arrival(0, item(48)),), 1)
    assert list(kept) == [47, 49]
    assert sum(map(len, kept.values())) == encode_._kept_bytes


def test_a_message_that_json_cannot_hold_is_told_with_its_line():
    with pytest.raises(BadLineError, match=r"recording\.ndjson:1: .*JSON"):
        encoder()(arrivals(3), 1)


def test_what_was_prepared_is_not_read_again_and_is_the_same_request():
    reads = []

    def read(of):
        reads.append(of.index)
        return RECORDED[of.index]

    prepared, plain = encoder(read=read), encoder()
    prepared.prepare(arrivals(0)[0])
    prepared.prepare(arrivals(0)[0])
    assert reads == [0]
    assert prepared(arrivals(0), 1) == plain(arrivals(0), 1)
    assert reads == [0]


@pytest.mark.parametrize("changes", [{}, {"timestamp": None}, {"integrations": {"All": False}}])
@pytest.mark.parametrize("received", [{}, {"receivedAt": "2026-01-01T00:00:00Z"}])
def test_a_message_taken_as_fields_is_sent_as_if_it_had_been_read(changes, received):
    for index in (0, 1, 2):
        recorded = {**RECORDED[index], **received}
        by_reading = encoder(read=lambda _of, recorded=recorded: recorded, **changes)
        by_fields = encoder(read=lambda _of: pytest.fail("read again"), **changes)
        arrival = arrivals(0, 1, 2)[index]
        raw = json.dumps(recorded, ensure_ascii=False).encode()
        by_fields.take(arrival.item, msgspec.Raw(raw))
        read, taken = by_reading((arrival,), 1), by_fields((arrival,), 1)
        assert json.loads(taken.body) == json.loads(read.body)
        assert taken.path == read.path
        common = by_fields.common(arrival.item, msgspec.Raw(raw))
        prepared = arrival._replace(item=arrival.item._replace(prepared=common))
        by_fields.take(arrival.item, msgspec.Raw(raw))
        assert by_fields.measure(prepared) == by_fields.measure(arrival)
        for attempt in (1, 2):
            sent = json.loads(by_fields((prepared,), attempt).body)
            assert sent | {"sentAt": None} == json.loads(read.body) | {"sentAt": None}
