"""Ask of a document from a file whether all that a comparison reads in it is there, in its form."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from harness.measure.above import PERCENTILES
from harness.throttle.compared import COUNTS

Holds = Callable[[Any], bool]

_FIGURES: Final = {"p50", "p95", "p99", "max", "achieved", "goodput", *(path[-1] for path in COUNTS.values())}


def amiss(document: Mapping[str, Any]) -> str | None:
    """The first key that is missing or has not its form; None where all have it."""
    wrong = [name for name, holds in _FORM.items() if not holds(document.get(name))]
    if wrong:
        return wrong[0]
    points = document["timeline"]["points"]
    above = document.get("above") or {}
    for name, found in {"timeline": document["timeline"], "above": above}.items():
        if not all(_is_column(value, points) for value in _lists(found)):
            return name
    return None if above.keys() <= (document.get("distributions") or {}).keys() else "distributions"


def _lists(found: Mapping[str, Any]) -> list[Any]:
    """The columns at any depth, and what stands where one should."""
    return [
        one
        for name, value in found.items()
        if name not in ("points", "width_s")
        for one in (_lists(value) if isinstance(value, Mapping) else [value])
    ]


def _is_column(value: Any, points: int) -> bool:
    return isinstance(value, list) and len(value) == points and all(map(_is_number_or_none, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_instant_or_none(value: Any) -> bool:
    try:
        return value is None or datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


def _is_timeline(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("points"), int)
        and isinstance(value.get("width_s"), int)
        and value["points"] >= 0 < value["width_s"]
    )


def _are_warnings(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and {"level", "evidence"} <= one.keys() for one in value
    )


def _are_figures(value: Any) -> bool:
    """An object of numbers as far as they are read, or none at all."""
    return value is None or (
        isinstance(value, Mapping) and all(_is_number_or_none(value.get(name)) for name in _FIGURES)
    )


def _are_distributions(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(
            isinstance(one, Mapping)
            and all(
                isinstance(one.get(key), list) and all(map(_is_number, one[key]))
                for key in ("value_ms", "count")
            )
            and len(one["value_ms"]) == len(one["count"])
            for one in value.values()
        )
    )


def _are_above(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(isinstance(one, Mapping) and one.keys() >= {"count", *PERCENTILES} for one in value.values())
    )


def _are_curves(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(
            one is None
            or (
                isinstance(one, list)
                and all(
                    isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) for pair in one
                )
            )
            for one in value.values()
        )
    )


_FORM: Final[Mapping[str, Holds]] = {
    "run_id": _is_text,
    "state": _is_text,
    "started_at": _is_instant_or_none,
    "duration_s": _is_number,
    "recording": _is_object,
    "target": _is_text,
    "plan": _is_object,
    "made_with": _is_object,
    "mock": lambda value: value is None or _is_object(value),
    "trust_warnings": _are_warnings,
    "timeline": _is_timeline,
    "above": _are_above,
    "distributions": _are_distributions,
    "curves": _are_curves,
    **dict.fromkeys(
        (
            "rate_per_s",
            "message_rate_per_s",
            "service_time_ms",
            "response_time_ms",
            "schedule_lag_ms",
            "messages",
            "calls",
            "requests",
            "throttle",
            "reconciliation",
        ),
        _are_figures,
    ),
}
