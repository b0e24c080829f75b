"""The short way of a plainly good call does what the long way would have done."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.edge.settings import TrackingSettings
from harness.mock.plain import Bounds, plainly_good
from harness.mock.settings import MockSettings
from harness.segment.endpoints import Endpoint
from tests.mock.boxed import KEY, Client, box_of, request, track

TRACK = Endpoint("tracking", "track", is_batch=False)
BATCH = Endpoint("tracking", None, is_batch=True)
BOUNDS = Bounds(32_768, 500_000, 2_500)
# With so few properties kept, every call has to be looked at as a whole.
LONG_WAY = MockSettings(tracking=TrackingSettings(properties_most=5_000))

TEXTS = st.sampled_from(["u1", "ünï", "", "a\nb", "x" * 40])
ODD = st.one_of(TEXTS, st.none(), st.integers(0, 3), st.booleans(), st.just({}), st.just(["x"]))
CLOCKS = st.sampled_from(
    [
        "2026-03-01T10:00:00.123Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456+02:00",
        "2026-03-01T10:00:00",
        "2026-03-01",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "noon",
        17,
        None,
    ]
)
FIELDS = st.fixed_dictionaries(
    {"messageId": st.sampled_from(["m1", "m2", "m3", "m4", "m5"]) | ODD, "userId": TEXTS | ODD},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "odd"]) | ODD,
        "anonymousId": ODD,
        "event": st.sampled_from(["E", "Segment Consent Preference Updated"]) | ODD,
        "name": ODD,
        "category": ODD,
        "properties": ODD,
        "traits": ODD,
        "context": ODD | st.just({"consent": {"categoryPreferences": 3}}),
        "timestamp": CLOCKS,
        "sentAt": CLOCKS,
        "writeKey": ODD,
    },
)
SOUND = st.builds(lambda number, clock: track(f"s{number}", timestamp=clock), st.integers(0, 6), CLOCKS)
MESSAGES = st.lists(SOUND | FIELDS, max_size=6)


def seen(settings_: MockSettings | None, calls: list[tuple[str, Any]]) -> Any:
    client = Client(box_of(settings=settings_))
    answers = [client.call("POST", path, body) for path, body in calls]
    counts = client.call("GET", "/__admin/ledger").json()
    return (
        [(answer.status, answer.json()) for answer in answers],
        {
            name: counts[name]
            for name in counts
            if name not in ("by_write_key", "stages", "limits", "kept_bytes")
        },
        client.call("GET", "/__admin/ledger/ids").lines(),
        client.call("GET", "/__admin/ledger/messages").json(),
    )


@given(
    st.lists(st.tuples(st.sampled_from(["/v1/track", "/v1/page", "/v1/i", "/v1/batch"]), MESSAGES, CLOCKS))
)
@settings(max_examples=100, deadline=None)
def test_both_ways_answer_count_and_keep_the_same(calls):
    bodies: list[tuple[str, Any]] = []
    for path, messages, clock in calls:
        if path == "/v1/batch":
            envelope = {"batch": messages} if clock is None else {"batch": messages, "sentAt": clock}
            bodies.append((path, envelope))
        else:
            bodies += [(path, message) for message in messages]
    assert seen(None, bodies) == seen(LONG_WAY, bodies)


SOUND_BATCH = {"sentAt": "2026-03-01T10:00:00Z", "batch": [track("m1"), track("m2")]}


@pytest.mark.parametrize(
    ("endpoint", "body", "is_good"),
    [
        (TRACK, track("m1"), True),
        (TRACK, {"messageId": "m1", "userId": "u", "event": "E", "type": "other"}, True),
        (BATCH, SOUND_BATCH, True),
        (TRACK, {**track("m1"), "pad": "x" * 33_000}, False),
        (BATCH, {"batch": []}, False),
        (BATCH, {"batch": [track("m1"), track("m2", pad="x" * 33_000)]}, False),
        (BATCH, {"batch": [track("m1")] * 2_501}, False),
        (TRACK, track("m1", event="Segment Consent Preference Updated"), False),
        (TRACK, {"messageId": "m1", "event": "E"}, False),
    ],
)
def test_the_short_way_is_for_plainly_good_calls_alone(endpoint, body, is_good):
    assert (plainly_good(endpoint, json.dumps(body).encode(), BOUNDS) is not None) is is_good


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3(", b"\xed\xa0\x80"])
def test_bytes_that_are_no_utf_8_are_not_passed_over(bad):
    body = b'{"messageId":"m1","userId":"u","event":"E","properties":{"a":"' + bad + b'"}}'
    assert plainly_good(TRACK, body, BOUNDS) is None
    assert Client(box_of()).call("POST", "/v1/track", body).status == 400


@given(st.binary(max_size=30), st.integers(0, 80))
def test_a_body_with_a_dent_in_it_is_answered_the_same_both_ways(dent, place):
    whole = json.dumps(track("m1", properties={"a": [1, 2.5, "x"]})).encode()
    body = whole[:place] + dent + whole[place + len(dent) :]
    short, long = Client(box_of()), Client(box_of(settings=LONG_WAY))
    answers = [client.send(request("POST", "/v1/track", body, key=KEY)) for client in (short, long)]
    if b"e" not in dent.lower():  # a number beyond a double's range is the one known difference
        assert answers[0] == answers[1]


@given(
    st.lists(st.tuples(st.integers(0, 260), st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.integers(120, 320),
)
def test_a_message_above_its_size_is_never_plainly_good(shapes, message_bytes):
    messages = []
    for number, (filling, first, twice) in enumerate(shapes):
        message = {"messageId": f"m{number}", "userId": "u", "type": "track", "event": "E"}
        filled = {"properties": {"messageId" if twice else "p": "x" * filling}}
        messages.append(filled | message if first else message | filled)
    body = json.dumps({"batch": messages}, separators=(",", ":")).encode()
    largest = max(len(json.dumps(message, separators=(",", ":"))) for message in messages)
    good = plainly_good(BATCH, body, Bounds(message_bytes, 500_000, 2_500)) is not None
    assert good is (largest <= message_bytes)
