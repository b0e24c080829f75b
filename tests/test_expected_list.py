"""Expected values: bare lines, JSON lines, recordings; and what is none."""

import pytest

from harness.errors import UsageError
from harness.expected_list import expected_values
from harness.seen import value_at


def values(tmp_path, text, key="properties.order_id"):
    path = tmp_path / "list"
    path.write_bytes(text)
    return list(expected_values(path, key))


def test_a_line_is_a_value_or_an_object_that_has_one(tmp_path):
    text = (
        b'o-1\n\n"o-2"\n17\n{"properties": {"order_id": "o-3"}}\n{"body": {"properties": {"order_id": 18}}}\n'
        b'{"harness": "recording/1"}\n o-4 \n'
    )
    assert values(tmp_path, text) == [(1, "o-1"), (3, "o-2"), (4, "17"), (5, "o-3"), (6, "18"), (8, "o-4")]


@pytest.mark.parametrize(
    ("text", "said"), [(b"ok\n{oops\n", "list:2: begins like JSON"), (b"\xff\xfe\n", "list:1: is no UTF-8")]
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        values(tmp_path, text)


def test_a_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="name a file that is there"):
        list(expected_values(tmp_path / "none", "a"))


@pytest.mark.parametrize(
    ("document", "path", "found"),
    [
        ({"a": {"b": "x"}}, "a.b", "x"),
        ({"a": [{"b": 1}, {"b": 2.5}]}, "a.1.b", "2.5"),
        ({"a": True}, "a", None),
        ({"a": ""}, "a", None),
        ({"a": {"b": 1}}, "a", None),
        ({"a": [1]}, "a.7", None),
        ("text", "a", None),
    ],
)
def test_a_value_is_text_or_a_number_at_a_path(document, path, found):
    assert value_at(document, tuple(path.split("."))) == found
