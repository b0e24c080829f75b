"""What a line is, and the sentence for each thing that it is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording.shapes import NotAnItemError, lateness_ns, merged, shape_of
from harness.segment.messages import KINDS
from tests.recording.making import call, track

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["at", "path", "body", "type", "batch", "method", "api", "source", "timestamp", "harness"]
)


def test_each_kind_of_bare_message_is_an_item():
    for kind in KINDS:
        shape = shape_of({"type": kind, "projectId": "p1", "timestamp": "1970-01-01T00:00:01Z"})
        assert (shape.api, shape.kind, shape.source, shape.at_ns) == ("tracking", kind, "p1", 1_000_000_000)
        assert not shape.relative
        assert shape.batch is None


@pytest.mark.parametrize(
    ("fields", "at_ns"),
    [
        ({"receivedAt": "1970-01-01T00:00:03Z", "timestamp": "1970-01-01T00:00:01Z"}, 3),
        ({"timestamp": "1970-01-01T00:00:01Z", "sentAt": "1970-01-01T00:00:02Z"}, 1),
        ({"sentAt": "1970-01-01T00:00:02Z"}, 2),
        ({"receivedAt": None, "timestamp": None, "sentAt": "1970-01-01T00:00:02Z"}, 2),
        ({"receivedAt": "1970-01-01T00:00:03Z", "timestamp": "soon"}, 3),
    ],
)
def test_a_bare_message_has_the_first_of_its_three_times(fields, at_ns):
    assert shape_of(track(**fields)).at_ns == at_ns * 1_000_000_000


def test_a_bare_message_without_times_has_none():
    assert shape_of(track()).at_ns is None


def test_an_envelopes_time_is_its_own_alone():
    assert shape_of(call(None, body=track(timestamp="1970-01-01T00:00:01Z"))).at_ns is None
    assert shape_of(call(1.5)).at_ns == 1_500_000_000
    assert shape_of(call(1.5)).relative
    assert shape_of(call("1970-01-01T00:00:01.5Z")).at_ns == 1_500_000_000
    assert not shape_of(call("1970-01-01T00:00:01.5Z")).relative


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1/track", {"event": "Clicked"}, "track"),
        ("/v1/t", {"event": "Clicked"}, "track"),
        ("/v1/track/", {"event": "Clicked"}, "track"),
        ("/v1/track?x=1", {"event": "Clicked"}, "track"),
        ("/v1/page", {"type": "identify"}, "identify"),
        ("/v1/page", {"type": "unheard-of"}, "page"),
        ("/v1/page", {"type": 7}, "page"),
    ],
)
def test_a_calls_type_is_its_bodys_else_its_paths(path, body, kind):
    assert shape_of({"path": path, "body": body}).kind == kind


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import/", "/v1/b"])
def test_a_batch_is_as_many_items_as_it_has(path):
    shape = shape_of({"path": path, "body": {"batch": [track(), {"type": "page"}]}})
    assert shape.batch == [track(), {"type": "page"}]


@pytest.mark.parametrize(
    ("fields", "api", "kind"),
    [
        ({"path": "/v1/spaces/s/collections/users/profiles/u:1/traits"}, "profile", "GET"),
        (
            {"path": "/v1/spaces/s/collections/users/profiles/u:1/traits", "method": "GET", "body": None},
            "profile",
            "GET",
        ),
        ({"path": "/sources", "method": "PATCH", "body": {"a": 1}, "api": "config"}, "config", "PATCH"),
    ],
)
def test_profile_and_config_calls_are_items_by_their_method(fields, api, kind):
    shape = shape_of(fields)
    assert (shape.api, shape.kind, shape.batch) == (api, kind, None)


BAD: list[tuple[Any, str]] = [
    (7, "not a JSON object; a line is a Segment message or an envelope"),
    ([], "not a JSON object"),
    ("text", "not a JSON object"),
    (None, "not a JSON object"),
    ({}, '"type" must be one of identify, track, page, screen, group, alias'),
    ({"type": "unheard-of"}, '"type" must be one of'),
    ({"type": ["track"]}, '"type" must be one of'),
    ({"event": "Clicked", "at": 1}, '"type" must be one of'),
    ({"harness": "recording/1"}, "a header stands on line 1 only; remove the line"),
    ({"batch": [track()]}, 'a batch needs an envelope; write {"at": …, "path": "/v1/batch"'),
    (track(timestamp="soon"), '"timestamp" is no instant; write it like 2026-01-02T03:04:05.678Z'),
    (track(receivedAt=1_659_304_800_025), '"receivedAt" is no instant'),
    ({"body": {}}, 'an envelope needs a "path"'),
    ({"path": 7, "body": {}}, 'an envelope needs a "path"'),
    (call(0, path="https://api.segment.io/v1/track"), '"path" must be relative'),
    (call(0, path="//api.segment.io/v1/track"), '"path" must be relative'),
    (call(0, path="v1/track"), '"path" must be relative'),
    (call(0, path="/v1/unheard-of"), '"path" is none that Segment answers'),
    (call(0, path="/v1/pixel/track"), '"path" is none that Segment answers'),
    (call(0, api="profile"), '"api" and "path" disagree: the path is one of tracking'),
    (call(0, api=7), '"api" and "path" disagree'),
    (call(0, method="GET"), "the Tracking API is called with POST"),
    (call(0, method="post"), '"method" must be one of GET, POST, PUT, PATCH, DELETE'),
    (call(0, method=7), '"method" must be one of'),
    (call(0, source=7), '"source" must be a text'),
    ({"path": "/v1/track"}, '"body" must be an object'),
    (call(0, body="{}"), '"body" must be an object'),
    ({"path": "/sources", "body": [1]}, '"body" must be an object'),
    (call(0, path="/v1/batch", body={}), 'the "batch" of its "body" must be a list of messages'),
    (call(0, path="/v1/batch", body={"batch": []}), 'the "batch" of its "body" must be a list of messages'),
    (call(0, path="/v1/batch", body={"batch": {}}), 'the "batch" of its "body" must be a list of messages'),
    (call(0, path="/v1/batch", body={"batch": [track(), 7]}), "batch[1] is no JSON object"),
    (
        call(0, path="/v1/batch", body={"batch": [{"event": "Clicked"}]}),
        '"type" of batch[0] must be one of identify',
    ),
    (call("soon"), '"at" is no instant'),
    (call(True), '"at" is no instant'),
    (call([1]), '"at" is no instant'),
    (call(-1), '"at" as a number is seconds since the recording\'s start'),
    (call(1_659_304_800.025), '"at" as a number is seconds since the recording\'s start'),
]


@pytest.mark.parametrize(("fields", "says"), BAD, ids=[says[:40] for _, says in BAD])
def test_what_is_no_item_is_said_in_a_sentence(fields, says):
    with pytest.raises(NotAnItemError) as caught:
        shape_of(fields)
    sentence = str(caught.value)
    assert says in sentence
    assert ";" in sentence, "what to do stands behind a semicolon"


@given(st.dictionaries(_FIELDS, _JSON, max_size=5) | _JSON)
def test_any_json_is_an_item_or_one_sentence(fields):
    try:
        shape = shape_of(fields)
    except NotAnItemError as error:
        sentence = str(error)
    else:
        sentence = f"one of {shape.api}"
        assert shape.kind or shape.batch
    assert "\n" not in sentence


@given(st.text(alphabet="0123456789abcdef", min_size=12), _FIELDS)
def test_a_sentence_never_repeats_what_may_be_a_secret(secret, field):
    for fields in (
        {field: secret},
        {"path": f"https://{secret}@h/v1/track", "body": {}},
        {"path": "/v1/track", "body": secret},
        {"path": "/v1/track", "body": {}, "api": secret},
        {"path": "/v1/track", "body": {}, "method": secret},
        track(timestamp=secret + "!"),
    ):
        with pytest.raises(NotAnItemError) as caught:
            shape_of(fields)
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("own", "around", "becomes"),
    [
        ({}, {}, {}),
        ({}, {"context": {"ip": "1"}}, {"context": {"ip": "1"}}),
        ({"context": {"ip": "2"}}, {"context": {"ip": "1"}}, {"context": {"ip": "2"}}),
        (
            {"context": {"page": {"url": "b"}}},
            {"context": {"page": {"url": "a", "path": "p"}, "ip": "1"}},
            {"context": {"page": {"url": "b"}, "ip": "1"}},
        ),
        (
            {"integrations": {"All": False}},
            {"integrations": {"All": True, "X": True}},
            {"integrations": {"All": False, "X": True}},
        ),
        ({"context": "mine"}, {"context": {"ip": "1"}}, {"context": "mine"}),
        ({}, {"context": "theirs"}, {}),
        ({}, {"sentAt": "2026-01-02T03:04:05Z", "writeKey": "k"}, {}),
    ],
)
def test_a_message_of_a_batch_takes_context_and_integrations_and_its_own_values_win(own, around, becomes):
    before = (repr(own), repr(around))
    assert merged(track(**own), around) == track(**becomes)
    assert (repr(own), repr(around)) == before


def test_lateness_is_received_less_stamped():
    assert (
        lateness_ns({"receivedAt": "1970-01-01T00:00:03Z", "timestamp": "1970-01-01T00:00:01Z"})
        == 2_000_000_000
    )
    assert (
        lateness_ns({"receivedAt": "1970-01-01T00:00:03Z", "timestamp": "1970-01-01T00:00:04Z"})
        == -1_000_000_000
    )


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"receivedAt": "1970-01-01T00:00:03Z"},
        {"timestamp": "1970-01-01T00:00:03Z"},
        {"receivedAt": "1970-01-01T00:00:03Z", "timestamp": "soon"},
        {"receivedAt": 3, "timestamp": 1},
    ],
)
def test_without_both_clocks_there_is_no_lateness(message):
    assert lateness_ns(message) == 0
