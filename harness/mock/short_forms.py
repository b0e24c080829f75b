"""Limits and faults in the short forms in which a command line has them."""

import re
from typing import Any, Final

from harness.errors import UsageError
from harness.mock.faults.rule import FaultRule
from harness.mock.limits.rule import LimitRule
from harness.mock.mistake import converted
from harness.units import NS_PER_S, parse_limit

_LIMIT: Final = re.compile(
    r"(?P<api>[a-z]+)\s*=\s*(?P<count>\d+)\s*(?P<unit>[a-z]*)\s*(?P<period>/.*)?", re.ASCII
)
_HOW_LIMITS: Final = "write it like tracking=50/s, config=100/min or tracking=1000messages/s"
_HOW_FAULTS: Final = "write it like status=503,first=3,endpoint=/v1/batch"


def limit_of(text: str) -> LimitRule:
    """The rule in `tracking=50/s`, `config=100/min` or `tracking=1000messages/s`. Raises UsageError."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--limit {text}: this is no limit; {_HOW_LIMITS}")
    try:
        count, window_ns = parse_limit(match["count"] + (match["period"] or ""))
        return LimitRule(
            api=match["api"],
            count=count,
            window_s=window_ns / NS_PER_S,
            unit=match["unit"] or "requests",
            origin="--limit",
        )
    except ValueError as error:  # a rule's mistakes are UsageErrors, and ValueErrors too
        raise UsageError(f"--limit {text}: {error}") from error


def fault_of(text: str) -> FaultRule:
    """The rule in `status=503,first=3,endpoint=/v1/batch`: the fields of a `[[faults]]`, with commas between.

    A field of a table is written with a dot, as in `latency.ms=200`. A value with a comma in it, and a write
    key, need the file of settings. Raises UsageError.
    """
    document: dict[str, Any] = {}
    for part in text.split(","):
        name, is_pair, value = part.strip().partition("=")
        if name.strip() == "write_key":
            raise UsageError(
                "--fault: a write key on a command line can be read by others; write the fault in --config"
            )
        if not is_pair:
            raise UsageError(f"--fault {text}: {part!r} is no field with a value; {_HOW_FAULTS}")
        _put(document, name.strip().split("."), value.strip(), text)
    return converted(document, FaultRule, f"--fault {text}", from_text=True)


def _put(document: dict[str, Any], names: list[str], value: str, text: str) -> None:
    for name in names[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--fault {text}: {name} is given twice; {_HOW_FAULTS}")
        document = inner
    if names[-1] in document:
        raise UsageError(f"--fault {text}: {names[-1]} is given twice; {_HOW_FAULTS}")
    document[names[-1]] = value
