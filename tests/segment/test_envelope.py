"""What Segment makes of a message before it hands it on."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.segment.envelope import final_form, merged, sent_at, without_extra_properties
from harness.units import parse_instant_ns
from tests.segment.test_validity import JSON

RECEIVED = parse_instant_ns("2026-03-01T12:00:00.500Z")


def final(message, envelope=None):
    return final_form(
        message, envelope or {}, kind="track", message_id="m1", received_ns=RECEIVED, timestamp_ns=RECEIVED
    )


def test_the_envelope_is_merged_in_and_the_message_wins():
    form = final(
        {"context": {"ip": "own"}, "integrations": {"A": False}},
        {"context": {"ip": "around", "locale": "de"}, "integrations": {"All": False, "A": True}},
    )
    assert form["context"] == {"ip": "own", "locale": "de"}
    assert form["integrations"] == {"All": False, "A": False}
    assert final({}, {"context": {"locale": "de"}})["context"] == {"locale": "de"}
    assert final({"context": "odd"}, {"context": {"locale": "de"}})["context"] == "odd"
    assert final({"context": None}, {"context": {"locale": "de"}})["context"] == {"locale": "de"}
    assert "context" not in final({})
    assert "properties" not in final({}, {"properties": {"a": 1}})


def test_the_final_form_has_segments_clocks_and_no_key():
    message = {"writeKey": "secret", "timestamp": "2026-03-01T10:00:00.000Z", "event": "E"}
    form = final(message, {"sentAt": "2026-03-01T10:00:01.000Z", "writeKey": "secret"})
    assert "secret" not in str(form)
    assert form["originalTimestamp"] == "2026-03-01T10:00:00.000Z"
    assert form["timestamp"] == form["receivedAt"] == "2026-03-01T12:00:00.500Z"
    assert form["sentAt"] == "2026-03-01T10:00:01.000Z"
    assert (form["type"], form["messageId"]) == ("track", "m1")
    assert final({})["originalTimestamp"] == "2026-03-01T12:00:00.500Z"


def test_a_messages_own_sent_at_wins_over_its_batchs():
    assert sent_at({"sentAt": "own"}, {"sentAt": "around"}) == "own"
    assert sent_at({"sentAt": None}, {"sentAt": "around"}) == "around"
    assert sent_at({}, {}) is None


@settings(max_examples=50)
@given(message=st.dictionaries(st.sampled_from(["context", "integrations", "event"]), JSON), around=JSON)
def test_a_message_as_it_came_is_never_touched(message, around):
    before = copy.deepcopy((message, around))
    final(message, {"context": around, "integrations": around})
    assert (message, around) == before


@settings(max_examples=50)
@given(around=st.dictionaries(st.text(max_size=2), JSON), own=st.dictionaries(st.text(max_size=2), JSON))
def test_merging_loses_no_name_of_either(around, own):
    both = merged(around, own)
    assert both.keys() == around.keys() | own.keys()
    assert own.items() <= both.items() or all(both[name] == value for name, value in own.items())


def test_properties_beyond_the_most_are_dropped_and_counted():
    message = {"event": "E", "properties": {"a": 1, "b": 2, "c": 3}, "traits": {"d": 4}}
    assert without_extra_properties(message, 2) == (
        {"event": "E", "properties": {"a": 1, "b": 2}, "traits": {"d": 4}},
        1,
    )
    assert len(message["properties"]) == 3
    same, dropped = without_extra_properties(message, 3)
    assert same is message
    assert dropped == 0
    assert without_extra_properties({"properties": [1, 2]}, 1) == ({"properties": [1, 2]}, 0)
