"""Every mistake in a document is one sentence: where, what, and what to write."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.mock.mistake import converted


class Inner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    count: Annotated[int, msgspec.Meta(ge=1)]
    colour: Literal["red", "green"] = "red"
    rates: dict[str, float] = {}
    own: Literal["a", "b"] | None = None

    def __post_init__(self) -> None:
        if self.count == 7:
            raise ValueError("7 brings bad luck; take another")


class Outer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    port: int = 0
    lazy: bool = False
    text: str = ""
    file: Path | None = None
    seconds: float | None = None
    one: Inner | None = None
    inners: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"prot": 1}, "prot: there is no such setting; did you mean port?"),
        ({"one": {"xyz": 1}}, "one.xyz: there is no such setting; there are count, colour, rates, own"),
        ({"one": {"cuont": 1}}, "one.cuont: there is no such setting; did you mean count?"),
        (
            {"inners": [{"count": 1}, {"colur": "red"}]},
            "inners[1].colur: there is no such setting; did you mean colour?",
        ),
        (
            {"by_name": {"x": {"couny": 1}}},
            "by_name[...].couny: there is no such setting; did you mean count?",
        ),
        ({"inners": [{}]}, "inners[0]: count is missing; write it"),
        ({"inners": [{"count": 0}]}, "inners[0].count: write a whole number >= 1"),
        ({"inners": [{"count": 7}]}, "inners[0]: 7 brings bad luck; take another"),
        (
            {"inners": [{"count": 1, "colour": "blue"}]},
            "inners[0].colour: there is no 'blue'; write one of green, red",
        ),
        ({"one": {"count": 1, "own": "c"}}, "one.own: there is no 'c'; write one of a, b"),
        (
            {"one": {"count": 1, "rates": {"x": "fast"}}},
            "one.rates[...]: text in quotes stands there; write a number",
        ),
        ({"port": "80"}, "port: text in quotes stands there; write a whole number"),
        ({"port": 1.5}, "port: a number stands there; write a whole number"),
        ({"lazy": 1}, "lazy: a whole number stands there; write true or false"),
        ({"text": True}, "text: true or false stands there; write text in quotes"),
        ({"seconds": "1s"}, "seconds: text in quotes stands there; write a number"),
        ({"inners": {}}, "inners: a table stands there; write a list"),
        ({"file": 3}, "file: write the name of a file or folder, in quotes"),
        ({"file": ""}, "file: write the name of a file or folder, in quotes"),
        (
            {"one": {"two\nlines": 1}},
            "one.two lines: there is no such setting; there are count, colour, rates, own",
        ),
        ([], "at the top: a list stands there; write a table"),
    ],
)
def test_a_mistake_says_where_what_and_what_to_write(document, sentence):
    with pytest.raises(UsageError) as raised:
        converted(document, Outer, "mock.toml")
    assert str(raised.value) == f"mock.toml: {sentence}"


def test_a_mistake_of_the_whole_is_a_sentence_of_its_own():
    with pytest.raises(UsageError, match=r"^the body: 7 brings bad luck; take another$"):
        converted({"count": 7}, Inner, "the body")


def test_what_is_right_is_taken_as_it_stands():
    document = {"port": 80, "file": "x/y", "seconds": 3, "inners": [{"count": 2}]}
    expected = Outer(port=80, file=Path("x/y"), seconds=3.0, inners=(Inner(count=2),))
    assert converted(document, Outer, "mock.toml") == expected


def test_from_text_numbers_and_truths_are_read_out_of_texts():
    assert converted({"port": "80", "lazy": "true", "text": "80"}, Outer, "x", from_text=True) == Outer(
        port=80, lazy=True, text="80"
    )


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(Outer.__struct_fields__), st.text(max_size=5)), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_whatever_is_read_gives_settings_or_one_sentence(document):
    try:
        found = converted(document, Outer, "mock.toml")
    except UsageError as error:
        sentence = str(error)
        assert sentence.startswith("mock.toml: ")
        assert len(sentence.splitlines()) == 1
    else:
        assert isinstance(found, Outer)
