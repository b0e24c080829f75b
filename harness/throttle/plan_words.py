"""Write what differs between two plans as the options that ask for it: `--duration 65s, then 20s`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from harness.options import AUTO, BY_FIELD, FOREVER
from harness.timing import RAMP
from harness.units import format_option_duration

NOT_GIVEN: Final = "not given"
_IN_SECONDS: Final = "_s"  # how a plan's name of a duration ends, and no option's


def option_change(name: str, before: object, after: object, shown: Callable[[object], str]) -> str:
    """One entry of a plan in two runs; `shown` cuts what comes from a document."""
    field = name if name in BY_FIELD else name.removesuffix(_IN_SECONDS)
    option = BY_FIELD.get(field)
    said = [shown(_written(field, value, is_length=field != name)) for value in (before, after)]
    return f"{f'--{option.name}' if option else shown(name)} {said[0]}, then {said[1]}"


def _written(field: str, value: Any, *, is_length: bool) -> object:
    if isinstance(value, bool):
        return "given" if value else NOT_GIVEN
    if value is None:
        return _WITHOUT.get(field, NOT_GIVEN)
    if isinstance(value, int | float):
        if is_length:
            return format_option_duration(value)
        return f"{value:g}{_UNITS.get(field, '')}" if isinstance(value, float) else value
    if isinstance(value, list):
        return ", ".join(str(_written_part(part)) for part in value) or NOT_GIVEN
    if isinstance(value, dict):
        return orjson.dumps(value).decode() if value else NOT_GIVEN
    return value


def _written_part(part: object) -> object:
    """One of several: a stage, a limit, or a text."""
    if not isinstance(part, Mapping):
        return part
    try:
        if "shape" in part:
            rate, length = f"{part['rate_per_s']:g}/s", format_option_duration(part["duration_s"])
            return f"to {rate} in {length}" if part["shape"] == RAMP else f"{rate} for {length}"
        at = f"@{part['scope']}" if part.get("scope") else ""
        on = f":{part['endpoint']}" if part.get("endpoint") else ""
        return f"{part['api']}{at}{on}={part['count']}/{_period(part['window_s'])}"
    except (KeyError, TypeError, ValueError):
        return orjson.dumps(dict(part)).decode()  # of a form that we do not write


def _period(window_s: float) -> str:
    return {1: "s", 60: "min", 3_600: "h"}.get(round(window_s), f"{window_s:g} s")


_UNITS: Final = {"rate": "/s"}
_WITHOUT: Final = {"loop": FOREVER, "users": AUTO}
