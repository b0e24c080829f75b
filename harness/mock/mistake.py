"""Turn parsed TOML or JSON into settings; a mistake in it is one sentence."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from harness.errors import UsageError

Kind = TypeVar("Kind")

_PLACE: Final = re.compile(r" - at `(?:key in )?\$(?P<place>[^`]*)`$")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_NO_CHOICE: Final = re.compile(r"Invalid enum value (?P<value>.*)", re.DOTALL)
_WRONG: Final = re.compile(
    r"Expected `(?P<wanted>[^`]*)`(?P<more>.*?)(?:, got `(?P<found>[^`]*)`)?", re.DOTALL
)
_WORDS: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
    "datetime": "a date",
}
_SHOWN: Final = 60  # characters of somebody's value in a sentence


def converted(document: Any, kind: type[Kind], origin: str, *, from_text: bool = False) -> Kind:
    """`document`, as a TOML or JSON parser gave it, as a `kind` of settings.

    `origin` says where it was read, and begins the sentence of the UsageError that a mistake raises: then
    come the place in the document, what is wrong there, and what to write. With `from_text` a text that
    reads as a number or as true or false is taken for one.
    """
    try:
        return msgspec.convert(document, kind, strict=not from_text, dec_hook=_path_of)
    except msgspec.ValidationError as error:
        one_line = " ".join(_sentence(str(error), kind).split())  # a name or value in it may have several
        raise UsageError(f"{origin}: {one_line}") from error


def _path_of(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise ValueError("write the name of a file or folder, in quotes")


def _sentence(said: str, kind: type) -> str:
    """What msgspec said, in our words, with the place as a person would write it."""
    at = _PLACE.search(said)
    place = at["place"].removeprefix(".") if at is not None else ""
    what = said[: at.start()] if at is not None else said
    here = _type_at(place, inspect.type_info(kind))
    if unknown := _UNKNOWN.fullmatch(what):
        names = [field.encode_name for field in _fields(here)]
        near = get_close_matches(unknown["name"], names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        return f"{_joined(place, unknown['name'][:_SHOWN])}: there is no such setting; {hint}"
    if missing := _MISSING.fullmatch(what):
        return f"{place or 'at the top'}: {missing['name']} is missing; write it"
    if place or _WRONG.fullmatch(what):
        return f"{place or 'at the top'}: {_fault_of(what, here)}"
    return what


def _fault_of(what: str, here: inspect.Type | None) -> str:
    if no_choice := _NO_CHOICE.fullmatch(what):
        choices = [str(value) for kind in _alternatives(here) for value in _values(kind)]
        return f"there is no {no_choice['value'][:_SHOWN]}; write one of {', '.join(choices)}"
    wrong = _WRONG.fullmatch(what)
    if wrong is None:
        return what  # a sentence of the settings' own
    names = [name for name in wrong["wanted"].split(" | ") if name != "null"]
    wanted = " or ".join(_WORDS.get(name, name) for name in names)
    if wrong["found"] is None:
        return f"write {wanted}{wrong['more']}"
    return f"{_WORDS.get(wrong['found'], wrong['found'])} stands there; write {wanted}{wrong['more']}"


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _type_at(place: str, kind: inspect.Type) -> inspect.Type | None:
    """The type of what stands at a place like `limits.rules[0].count`; None where that cannot be told."""
    found: inspect.Type | None = kind
    for step in _STEP.finditer(place):
        found = _inside(found, step[1])
    return found


def _inside(kind: inspect.Type | None, name: str | None) -> inspect.Type | None:
    for one in _alternatives(kind):
        if name is None:
            if isinstance(one, inspect.VarTupleType | inspect.ListType):
                return one.item_type
            if isinstance(one, inspect.DictType):
                return one.value_type
        for field in _fields(one):
            if field.encode_name == name:
                return field.type
    return None


def _alternatives(kind: inspect.Type | None) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        yield from kind.types
    elif isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    elif kind is not None:
        yield kind


def _fields(kind: inspect.Type | None) -> Iterator[inspect.Field]:
    for one in _alternatives(kind):
        if isinstance(one, inspect.StructType):
            yield from one.fields


def _values(kind: inspect.Type) -> Iterator[object]:
    if isinstance(kind, inspect.LiteralType):
        yield from kind.values
