"""Write a run, and any list of checks, as Markdown for the summary of a GitHub job.

GitHub takes 1 MiB from a step and drops all of it when it is more, so it is cut before that, worst first.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from harness.report.checks import CheckResult, checks_of, worst_first
from harness.report.phrases import DEFINITIONS, ENDS, count, cut, precise
from harness.throttle.check import NOTE
from harness.throttle.verdict import PASS

BYTES_MOST: Final = 900 << 10

_MARKS: Final = {"fail": "❌", "inconclusive": "❔", "warn": "⚠️", "note": "ℹ️", "pass": "✅", "n/a": "➖"}
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]|~#@])")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LATENCIES: Final = ("service_time_ms", "response_time_ms", "schedule_lag_ms")


def run_summary(document: Mapping[str, Any], bytes_most: int = BYTES_MOST) -> str:
    """A run: its verdict, its checks, its sums and its times."""
    verdict = document["verdict"] or "running"
    name, target = _safe(cut(document["recording"].get("name", ""))), _safe(cut(document["target"]))
    head = [
        f"## {_MARKS.get(verdict, '')} {_safe(document['sentence'])}",
        "",
        f"{name} to {target}, {precise(document['duration_s'])} s, run {_safe(document['run_id'])}",
        "",
        *_sums(document),
        *_times(document),
    ]
    return _fitted(head, _rows(checks_of(document)), bytes_most)


def checks_summary(title: str, results: Iterable[CheckResult], bytes_most: int = BYTES_MOST) -> str:
    """A list of checks under a title."""
    return _fitted([f"## {_safe(title)}", ""], _rows(results), bytes_most)


def _rows(results: Iterable[CheckResult]) -> list[str]:
    rows = []
    passed = 0
    for result in worst_first(results):
        if result.level == PASS:
            passed += 1
            continue
        said = " ".join(filter(None, (result.evidence, result.advice if result.level != NOTE else "")))
        rows.append(f"| {_MARKS[result.level]} {result.level} | {_safe(result.name)} | {_safe(said)} |")
    if passed:
        rows.append(f"| {_MARKS[PASS]} {PASS} | {passed:,} checks | |")
    return rows


def _fitted(head: list[str], rows: list[str], bytes_most: int) -> str:
    lines = [*head, "| | check | |", "|---|---|---|"] if rows else head
    size = len("\n".join(lines).encode()) + 200  # and room for the last line
    for number, row in enumerate(rows):
        size += len(row.encode()) + 1
        if size > bytes_most:
            lines.append(f"| | and {len(rows) - number:,} more | The report has them all. |")
            break
        lines.append(row)
    return "\n".join(lines) + "\n\n"


def _sums(document: Mapping[str, Any]) -> list[str]:
    columns = [(name, document[name]) for name in ("messages", "calls") if document[name]["recorded"]]
    if not columns:
        return []
    names = [end for end in ENDS if end == "accepted" or any(sums[end] for _, sums in columns)]
    lines = [f"| | selected | {' | '.join(names)} |", "|---|" + "--:|" * (len(names) + 1)]
    for title, sums in columns:
        cells = [count(sums[name]) for name in ("selected", *names)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return [*lines, ""]


def _times(document: Mapping[str, Any]) -> list[str]:
    shown = [(DEFINITIONS[key][0], document[key]) for key in _LATENCIES if document[key] is not None]
    lines = [
        f"| {words} | {' | '.join(precise(figures[name]) for name in ('p50', 'p95', 'p99', 'max'))} |"
        for words, figures in shown
        if figures["count"]
    ]
    return ["| ms | p50 | p95 | p99 | max |", "|---|--:|--:|--:|--:|", *lines, ""] if lines else []


def _safe(text: str) -> str:
    """A text that is itself in a cell of a table, whatever is in it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return _MARKDOWN.sub(r"\\\1", plain).translate(_HTML)
