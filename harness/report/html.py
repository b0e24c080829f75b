"""Draw a run as one self-contained page: no script, no font, no request to anywhere."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2

from harness.report import phrases
from harness.report.by_api import COLUMNS, MEANINGS, api_rows, read_sentence
from harness.report.charts import HIGH, WIDE, charts
from harness.report.document import write_whole
from harness.report.observed_rows import NOT_MEASURED, observed_rows
from harness.units import NS_PER_S, format_duration

SOURCES_MOST: Final = 12
LIMITS_MOST: Final = 30


def html_report(document: Mapping[str, Any]) -> str:
    """The page of a document."""
    uses = sorted(
        document["throttle"]["limits"], key=lambda use: (-use["seconds_over"], -use["peak_in_window"])
    )
    sources = sorted(document["selected_by"]["source"].items(), key=lambda entry: -entry[1])
    return _template().render(
        run=document,
        expectations=document.get("expectations", ()),
        findings=[finding for finding in document["findings"] if phrases.is_told_as_finding(finding)],
        holds=phrases.HOLDS,
        charts=charts(document),
        high=HIGH,
        wide=WIDE,
        limits=uses[:LIMITS_MOST],
        limits_left_out=max(0, len(uses) - LIMITS_MOST),
        sources=sources[:SOURCES_MOST],
        sources_left_out=max(0, len(sources) - SOURCES_MOST),
        duration=format_duration(round(document["duration_s"] * NS_PER_S)),
        definitions=phrases.DEFINITIONS,
        outcomes=phrases.OUTCOMES,
        ends=phrases.ENDS,
        api_columns=COLUMNS,
        api_meanings=MEANINGS,
        api_rows=api_rows(document),
        reads=read_sentence(document),
        observed_rows=observed_rows(document),
        not_measured=NOT_MEASURED,
        reconciled=phrases.RECONCILED,
        percentiles=("p50", "p90", "p95", "p99", "p999", "max", "mean"),
    )


def write_html(path: Path, document: Mapping[str, Any]) -> None:
    """Write the page in one piece, readable by its owner only. Raises ReportError."""
    write_whole(path, html_report(document).encode())


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
        "plain": "{:g}".format,
        "precise": phrases.precise,
        "cut": phrases.cut,
        "instant": phrases.instant,
        "limit_name": phrases.limit_name,
        "measured": phrases.measured,
    }
    environment.globals["share"] = phrases.share
    return environment.get_template("report.html.j2")
