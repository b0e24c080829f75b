"""Read faults as they come over the wire: one rule, a list of them, or a list with a seed."""

import re
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import msgspec

from harness.errors import UsageError
from harness.mock.faults.latency import Latency
from harness.mock.faults.rule import FaultRule

_UNKNOWN_FIELD: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


class AskedFaults(NamedTuple):
    """What somebody wants the faults to be."""

    rules: tuple[FaultRule, ...]
    seed: int | None  # None: the one in force


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    faults: list[FaultRule]
    seed: int | None = None


def read_faults(document: Any) -> AskedFaults:
    """The rules of a parsed JSON document: `{…one rule…}`, `[…]` or `{"faults": […], "seed": 7}`.

    Raises UsageError: one sentence with the place, the rule and the field.
    """
    if isinstance(document, list):
        document = {"faults": document}
    elif isinstance(document, dict) and "faults" not in document and "seed" not in document:
        document = {"faults": [document]}
    try:
        asked = msgspec.convert(document, _Document)
    except msgspec.ValidationError as error:
        raise UsageError(_sentence(str(error))) from error
    return AskedFaults(tuple(asked.faults), asked.seed)


def _sentence(said: str) -> str:
    """The library's words with the place in front and, for a misspelt field, the one that was meant."""
    what, at, place = said.rpartition(" - at `$.")
    if not at:
        what, place = said, "faults"
    unknown = _UNKNOWN_FIELD.fullmatch(what)
    if unknown is not None:
        fields = Latency.__struct_fields__ if "latency" in place else FaultRule.__struct_fields__
        near = get_close_matches(unknown[1], fields, n=1)
        what = f"there is no field {unknown[1][:60]!r}" + (f"; did you mean {near[0]}?" if near else "")
    return f"{place.rstrip('`')}: {what.rstrip('.')}" + ("" if what.endswith("?") else ".")
