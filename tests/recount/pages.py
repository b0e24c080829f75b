"""Read the numbers off the page and the CSV, and hold them beside the document that they were drawn from."""

import csv
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from tests.recount.evidence import Evidence
from tests.recount.rows import Row, not_known

PAGE: Final = "report.html"
_SUMS: Final = (
    "recorded",
    "filtered",
    "selected",
    "accepted",
    "rejected",
    "abandoned",
    "dropped",
    "cancelled",
    "pending",
)
_LEDGER: Final = {
    "received": "ledger_unique",
    "missing": "missing",
    "unexpected": "unexpected",
    "duplicates": "duplicates",
    "out of order": "out_of_order",
    "received, unconfirmed": "received_unconfirmed",
}
_STATS: Final = {
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p99.9": "p999",
    "max": "max",
    "mean": "mean",
    "count": "count",
}
_WAITS: Final = ("lane wait", "limit wait", "batch wait", "user wait", "schedule lag")

Table = Sequence[Sequence[str]]


def page_rows(evidence: Evidence, csv_path: Path | None) -> Iterator[Row]:
    """Every number of these that a reader meets, as the page says it."""
    page = evidence.folder.path / "report.html"
    if not page.exists():
        yield not_known(PAGE, "", "there is none")
    else:
        tables = tables_of(page.read_text("utf-8"))
        yield from _sums(evidence.told, tables)
        yield from _ledger(evidence.told, tables)
        yield from _times(evidence.told, tables)
        yield from _limits(evidence.told, tables)
        yield from _statuses(evidence.told, tables)
    if csv_path is not None:
        yield from _csv(evidence.told, csv_path)


class _Tables(HTMLParser):
    """Collects the cells of each table as text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "table":
            self.found.append([])
        elif tag == "tr" and self.found:
            self.found[-1].append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.found[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None


@lru_cache(maxsize=4)
def tables_of(page: str) -> Sequence[Table]:
    """Each table as rows of texts."""
    parser = _Tables()
    parser.feed(page)
    return [[row for row in table if row] for table in parser.found]


def _table(tables: Sequence[Table], *first_cells: str) -> dict[str, Sequence[str]]:
    """The rows of the table that has all of these in its first column, by that column."""
    for table in tables:
        by_name = {row[0].lower(): row[1:] for row in table}
        if all(cell in by_name for cell in first_cells):
            return by_name
    return {}


def _count(text: str) -> int | str:
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else text


def _precise(value: float | None) -> str:
    """As the page writes a figure: three digits or so."""
    if value is None:
        return "–"
    for bound, decimals in ((0.0005, 0), (0.0995, 3), (9.995, 2), (99.95, 1)):
        if abs(value) < bound:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"


def _sums(told: dict[str, Any], tables: Sequence[Table]) -> Iterator[Row]:
    rows = _table(tables, *_SUMS)
    heads = rows.get("state", ())
    for noun in ("messages", "calls"):
        if noun not in heads:
            continue
        place = list(heads).index(noun)
        for name in _SUMS:
            value = told[noun][name]
            shown = rows[name][place]
            yield Row(f"{noun}.{name}", value, _count(shown) if value is not None else None, PAGE)
    if not rows:
        yield Row("the table of sums", "there", "not found", PAGE)


def _ledger(told: dict[str, Any], tables: Sequence[Table]) -> Iterator[Row]:
    account = told["reconciliation"]
    if not account or not account["complete"]:
        return
    rows = _table(tables, "account", "received", "duplicates")
    for words, name in _LEDGER.items():
        if account[name] is not None:
            yield Row(
                f"reconciliation.{name}", account[name], _count(rows.get(words, ["not found"])[0]), PAGE
            )


def _times(told: dict[str, Any], tables: Sequence[Table]) -> Iterator[Row]:
    rows = _table(tables, "percentile", "p99.9", "mean")
    shown = {"service_time_ms": 0} | ({} if told["response_time_ms"] is None else {"response_time_ms": 1})
    for key, place in shown.items():
        if told[key] is None or not told[key]["count"]:
            continue
        for words, stat in _STATS.items():
            value = told[key][stat]
            wanted = f"{value:,}" if stat == "count" else _precise(value)
            yield Row(f"{key}.{stat}", wanted, rows[words][place] if words in rows else "not found", PAGE)
    waits = _table(tables, *_WAITS)
    for words in _WAITS:
        figures = told[words.replace(" ", "_") + "_ms"]
        if not figures or not figures["count"]:
            continue
        cells = waits.get(words, ["not found"] * len(_STATS))
        for stat, cell in zip(_STATS.values(), cells, strict=True):
            wanted = f"{figures[stat]:,}" if stat == "count" else _precise(figures[stat])
            yield Row(f"{words.replace(' ', '_')}_ms.{stat}", wanted, cell, PAGE)


def _limits(told: dict[str, Any], tables: Sequence[Table]) -> Iterator[Row]:
    table = next((table for table in tables if table[0][0] == "limit"), ())
    uses = told["throttle"]["limits"]
    fullest = sorted(_count(row[2]) for row in table[1:])
    if len(fullest) == len(uses):
        yield Row(
            "throttle.limits[].peak_in_window", sorted(use["peak_in_window"] for use in uses), fullest, PAGE
        )


def _statuses(told: dict[str, Any], tables: Sequence[Table]) -> Iterator[Row]:
    table = next((table for table in tables if table[0][:2] == ["status", "requests"]), ())
    shown = {re.sub("^no answer$", "none", row[0]): _count(row[1]) for row in table[1:]}
    wanted = told["requests"]["by_status"] or {"none": 0}
    yield Row("requests.by_status", wanted, shown, PAGE)


def _csv(told: dict[str, Any], path: Path) -> Iterator[Row]:
    timeline = told["timeline"]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    yield Row("timeline.points", timeline["points"], len(rows), "CSV")
    nothing = [0] * timeline["points"]
    for name in rows[0] if rows else ():
        if name in ("at_s", "width_s"):
            continue
        status = name.removeprefix("status_")
        column = (
            timeline["statuses"].get(status, nothing) if name.startswith("status_") else timeline.get(name)
        )
        if column is not None:
            found = [float(row[name]) if row[name] else None for row in rows]
            yield Row(f"timeline.{name}", column, found, "CSV")
