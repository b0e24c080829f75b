"""What a recording says of itself."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordingError
from harness.recording.header import PRIVACIES, Header, format_header, parse_header
from harness.segment.write_key import WriteKey


@given(
    st.sampled_from(PRIVACIES),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    st.binary(min_size=16, max_size=16),
    st.lists(st.binary(min_size=16, max_size=16).map(bytes.hex), min_size=1, max_size=3),
)
def test_a_header_reads_back_as_it_was_written(privacy, origin, salt, marks):
    header = Header(privacy, origin, salt, tuple(marks))
    assert parse_header(orjson.loads(format_header(header)), "a:1") == header


def test_a_header_says_nothing_that_it_does_not_know():
    assert orjson.loads(format_header(Header())) == {"harness": "recording/1", "privacy": "raw"}


def test_a_mark_in_a_header_recognises_its_key_and_does_not_hold_it():
    key = WriteKey("abcdefghijklmnopqrstuvwxyz012345")
    salt = bytes(range(16))
    line = format_header(Header(key_salt=salt, key_marks=(key.mark(salt),)))
    assert key.reveal().encode() not in line
    header = parse_header(orjson.loads(line), "a:1")
    assert key.mark(header.key_salt) in header.key_marks
    assert WriteKey("another").mark(header.key_salt) not in header.key_marks


def test_a_recording_without_privacy_is_raw():
    assert parse_header({"harness": "recording/1"}, "a:1").privacy == "raw"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"harness": "recording/2"},
            "has format version 2 and this harness reads version 1; update the harness",
        ),
        ({"harness": "recording/0"}, "has format version 0"),
        ({"harness": "recording"}, 'the header is not {"harness": "recording/1", …}'),
        ({"harness": "recording/x"}, "the header is not"),
        ({"harness": "run/1"}, "the header is not"),
        ({"harness": None}, "the header is not"),
        (
            {"harness": "recording/1", "privacy": "none"},
            '"privacy" must be one of raw, redacted, synthetic, public',
        ),
        ({"harness": "recording/1", "privacy": ["raw"]}, '"privacy" must be one of'),
        ({"harness": "recording/1", "origin": "here"}, '"origin" must be an object'),
        ({"harness": "recording/1", "key_marks": []}, '"key_marks" must be'),
        ({"harness": "recording/1", "key_marks": {"salt": "00"}}, '"key_marks" must be'),
        ({"harness": "recording/1", "key_marks": {"salt": "0", "marks": []}}, '"key_marks" must be'),
        ({"harness": "recording/1", "key_marks": {"salt": "00", "marks": ["x"]}}, '"key_marks" must be'),
        ({"harness": "recording/1", "key_marks": {"salt": "00", "marks": [1]}}, '"key_marks" must be'),
    ],
)
def test_a_header_that_cannot_be_trusted_is_refused_with_its_place(fields, says):
    with pytest.raises(RecordingError) as caught:
        parse_header(fields, "a.ndjson:1")
    assert str(caught.value).startswith("a.ndjson:1: ")
    assert says in str(caught.value)
