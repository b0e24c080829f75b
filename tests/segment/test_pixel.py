"""The message in a pixel's address, however it is written."""

import base64
import json
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.pixel import DEEPEST, message_of

MESSAGE = {"writeKey": "k" * 32, "userId": "ü>?~", "event": "Email Opened", "properties": {"subject": "Hi"}}
PLAIN = json.dumps(MESSAGE).encode()


def read(query: str):
    return message_of(parse_qs(query, keep_blank_values=True))


@pytest.mark.parametrize(
    "data",
    [
        quote(base64.b64encode(PLAIN)),
        base64.b64encode(PLAIN).decode(),  # a plus in it arrives as a space
        base64.urlsafe_b64encode(PLAIN).decode(),
        base64.urlsafe_b64encode(PLAIN).decode().rstrip("="),
        quote(base64.encodebytes(PLAIN)),
        quote(PLAIN),
    ],
    ids=["escaped", "not escaped", "url-safe", "no padding", "with line breaks", "plain JSON"],
)
def test_data_is_read_however_it_was_encoded(data):
    pixel = read("data=" + data)
    assert (pixel.message, pixel.write_key, pixel.trouble) == (MESSAGE, "k" * 32, None)
    assert json.loads(pixel.body) == MESSAGE


def test_a_plain_query_nests_at_its_dots():
    pixel = read("writeKey=kkkkkkkk&userId=u1&event=E&properties.subject=Hi&properties.a.b=1&properties.a.c=")
    assert pixel.message == {
        "writeKey": "kkkkkkkk",
        "userId": "u1",
        "event": "E",
        "properties": {"subject": "Hi", "a": {"b": "1", "c": ""}},
    }
    assert pixel.write_key == "kkkkkkkk"
    assert read("event=E&event=F").message == {"event": "F"}


def test_the_write_key_may_stand_beside_the_data_and_the_messages_own_wins():
    assert read("writeKey=beside&data=" + quote('{"event":"E"}')).write_key == "beside"
    assert read("writeKey=beside&data=" + quote('{"writeKey":"own"}')).write_key == "own"
    assert read("writeKey=beside&data=" + quote('{"writeKey":7}')).write_key == "beside"
    assert read("event=E").write_key == ""


@pytest.mark.parametrize(
    ("query", "trouble"),
    [
        ("", "empty_pixel"),
        ("writeKey=k", "empty_pixel"),
        ("data=", "invalid_json"),
        ("data=%25%25", "bad_encoding"),
        ("data=abcde", "bad_encoding"),
        ("data=%C3%BC", "bad_encoding"),
        ("data=" + base64.b64encode(b"nonsense").decode(), "invalid_json"),
        ("data=" + base64.b64encode(b"[1]").decode(), "not_an_object"),
        ("data=" + quote('{"a":NaN}'), "invalid_json"),
        ("data=" + quote('{"a":' + "[" * 600 + "]" * 600 + "}"), "too_deep"),
        ("data=" + quote('{"a":' + "[" * 5_000 + "]" * 5_000 + "}"), "invalid_json"),
        (".".join("a" * (DEEPEST + 2)) + "=1", "too_deep"),
        ("a=1&a.b=2", "bad_query"),
        ("a.b=2&a=1", "bad_query"),
        ("a..b=2", "bad_query"),
        (".=2", "bad_query"),
        ("=2", "bad_query"),
    ],
)
def test_what_cannot_be_read_says_why(query, trouble):
    assert read(query)[0::2] == (None, b"")
    assert read(query).trouble == trouble


def test_a_text_that_is_no_utf8_is_trouble_and_no_crash():
    assert message_of({"event": ["\ud800"]}).trouble == "bad_encoding"
    assert message_of({"data": ['{"a":"\ud800"}']}).trouble == "invalid_json"
    assert message_of({"data": ["\ud800"]}).trouble == "bad_encoding"


@given(
    st.dictionaries(st.text(max_size=12), st.lists(st.text(max_size=30), min_size=1, max_size=2), max_size=4)
)
def test_any_query_has_a_message_or_trouble(query):
    pixel = message_of(query)
    assert (pixel.message is None) == (pixel.trouble is not None) == (pixel.body == b"")


_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=5)


@given(st.dictionaries(_KEYS, st.text(max_size=8) | st.dictionaries(_KEYS, st.text(max_size=8), min_size=1)))
def test_a_plain_query_says_the_same_as_data(message):
    flat = {}
    for name, value in message.items():
        flat |= (
            {f"{name}.{leaf}": text for leaf, text in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
    if flat.keys() - {"data", "writeKey"} and "data" not in flat:
        assert read(urlencode(flat)).message == read("data=" + quote(json.dumps(message))).message
