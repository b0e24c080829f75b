"""The short look at a line tells what the whole look would have told."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.recording.parser import _archive_group
from harness.recording.plain_line import PlainLine, fields_of, plain_line
from harness.recording.shapes import NotAnItemError, lateness_ns, shape_of
from harness.segment.messages import person_keys
from tests.recording.making import ARCHIVED, call, track

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just([]), st.just({"a": [1]}), st.floats(0, 9)
)
IDS = st.sampled_from(["u1", "", " ", "anonymous", "0", "-1", "ünï", 'q"uote', "back\\slash", "NULL", "7"])
CLOCKS = st.sampled_from(
    [
        "2026-03-01T10:00:00.123Z",
        "2026-03-01T10:00:00.123000Z",
        "2026-03-01T10:00:00.123456Z",
        "2026-03-01T10:00:00+02:00",
        "2026-03-01",
        "",
        "noon",
        "2026-03-01T10:00:00.12\u0663Z",
    ]
)
LIBRARIES = st.sampled_from([{"name": "n", "version": "1"}, {"name": None}, {}, "text", None, 3])
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "alias", "odd"]) | ODD,
        "userId": IDS | ODD,
        "anonymousId": IDS | ODD,
        "previousId": IDS | ODD,
        "receivedAt": CLOCKS | ODD,
        "timestamp": CLOCKS | ODD,
        "sentAt": CLOCKS | ODD,
        "projectId": IDS | ODD,
        "context": st.fixed_dictionaries({}, optional={"library": LIBRARIES}) | ODD,
        "properties": ODD,
        "harness": ODD,
        "batch": ODD,
    },
)
PATHS = st.sampled_from(
    ["/v1/track", "/v1/identify", "/v1/t", "/v1/batch", "/v1/odd", "/sources", "v1/track"]
)
ENVELOPES = st.fixed_dictionaries(
    {"at": CLOCKS | ODD, "path": PATHS | ODD, "body": MESSAGES | ODD},
    optional={
        "source": IDS | ODD,
        "method": st.sampled_from(["POST", "GET", "odd"]) | ODD,
        "api": st.sampled_from(["tracking", "profile"]) | ODD,
        "status": ODD,
        "type": st.sampled_from(["track"]) | ODD,
    },
)


def agrees(raw: bytes) -> PlainLine | None:
    """The short look, once it is known to agree with the whole one."""
    plain = plain_line(raw)
    if plain is None:
        return None
    document = orjson.loads(raw)
    shape = shape_of(document)
    body = shape.body
    assert shape.batch is None
    assert shape.api == "tracking"
    assert plain.kind == shape.kind
    assert plain.source == shape.source
    assert (plain.at_ns, plain.at_ns is not None and plain.relative) == (shape.at_ns, shape.relative)
    assert plain.lateness_ns == lateness_ns(body)
    assert plain.keys == person_keys(body)
    assert plain.group == (_archive_group(shape.source, body) if body is document else None)
    assert {name: orjson.loads(bytes(value)) for name, value in fields_of(plain.message).items()} == body
    assert len(orjson.dumps(body)) <= plain.most_bytes or b", " in raw or not raw.isascii()
    return plain


@given(MESSAGES | ENVELOPES, st.booleans())
@settings(max_examples=300)
@example(track(receivedAt="", timestamp="2026-03-01T10:00:00Z"), False)
@example(call(1.5, source="s"), False)
def test_what_is_plain_is_told_as_the_whole_look_tells_it(line: Any, spaced: bool) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    agrees(json.dumps(line, separators=separators, ensure_ascii=False).encode())


@given(st.binary(max_size=40), st.integers(0, 60), st.integers(0, 10))
@settings(max_examples=200)
def test_a_line_with_bytes_in_the_wrong_place_is_no_worse_understood(noise, at, cut):
    raw = orjson.dumps(call("2026-03-01T10:00:00.123Z"))
    agrees(raw[:at] + noise + raw[at + cut :])


@pytest.mark.parametrize(
    "line",
    [
        track(timestamp="2026-03-01T10:00:00.123Z"),
        ARCHIVED,
        call("2026-03-01T10:00:00.123Z", source="web"),
        call(0.25),
        call(3, path="/v1/identify", body={"userId": "u1", "traits": {"a": 1}}),
    ],
)
def test_the_ordinary_forms_are_plain(line):
    assert agrees(orjson.dumps(line)) is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type":"track"',
        b'{"type":"track","a":"\xff"}',
        b'{"harness":"recording/1"}',
        orjson.dumps(call(1, path="/v1/batch", body={"batch": [track()]})),
        orjson.dumps({"at": 1, "path": "/sources"}),
    ],
)
def test_everything_else_is_left_to_the_whole_look(raw):
    assert plain_line(raw) is None


def test_the_whole_look_still_says_what_is_wrong():
    with pytest.raises(NotAnItemError):
        shape_of({"type": "odd"})
