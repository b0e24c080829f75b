"""Draw a comparison as one self-contained page: no script, no font, no request to anywhere."""

import functools
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

import jinja2

from harness.report import phrases
from harness.report.document import write_whole

WIDE: Final = 200
HIGH: Final = 22
_REACH_LEAST: Final = 0.05  # of the axis, so that nothing looks like a lot


def comparison_html(document: Mapping[str, Any]) -> str:
    """The page of a `compare/1` document."""
    runs = [run | {"bars": _bars(run)} for run in document["runs"]]
    return _template().render(compared=document, runs=runs, wide=WIDE, high=HIGH)


def write_comparison(path: Path, document: Mapping[str, Any]) -> None:
    """Write the page in one piece. Raises ReportError."""
    write_whole(path, comparison_html(document).encode())


def _bars(run: Mapping[str, Any]) -> list[dict[str, float] | None]:
    """Each change as a place and a reach on an axis that has nothing in its middle; one axis for all."""
    spans = [_span(change) for change in run["changes"]]
    reach = max([_REACH_LEAST, *(max(map(abs, span)) for span in spans if span is not None)])
    return [
        None
        if span is None
        else dict(zip(("low", "at", "high"), (_x(value, reach) for value in span), strict=True))
        for span in spans
    ]


def _span(change: Mapping[str, Any]) -> tuple[float, float, float] | None:
    found = change["low"], change["change"], change["high"]
    if None in found or not all(map(isfinite, found)):
        return None
    scale = 0.01 if change["unit"] == "%" else 1.0
    low, at, high = (value * scale for value in found)
    return low, at, high


def _x(value: float, reach: float) -> float:
    return round(WIDE / 2 + value / reach * (WIDE / 2 - 4), 1)


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": phrases.count,
        "precise": phrases.precise,
        "cut": phrases.cut,
        "instant": phrases.instant,
    }
    return environment.get_template("comparison.html.j2")
