"""JSON laid out as text: another shape, the same JSON."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import harness.mock.live.page as page_module

ASSETS = Path(page_module.__file__).with_name("assets")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def bench(tab):
    """An empty page that holds the scripts which lay text out."""
    tab.goto("about:blank")
    tab.evaluate("\n".join((ASSETS / name).read_text("utf-8") for name in ("foreign.js", "json_text.js")))
    return tab


@settings(max_examples=60, deadline=None)
@given(value=JSON, tight=st.booleans(), ascii_only=st.booleans())
def test_json_laid_out_is_the_same_json(bench, value, tight, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":") if tight else None)
    laid = bench.evaluate(f"laidOut({json.dumps(text)}).map(([, piece]) => piece).join('')")
    assert json.loads(laid) == value
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", laid)


@settings(max_examples=40, deadline=None)
@given(value=st.dictionaries(st.text(), JSON, max_size=5))
@example(value={"__proto__": None, "constructor": 1})
def test_the_members_of_an_object_are_found_in_its_text(bench, value):
    found = bench.evaluate(f"Object.entries(members({json.dumps(json.dumps(value))}))")
    assert {name: json.loads(text) for name, text in found} == value
