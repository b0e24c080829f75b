"""Say a run in at most 40 lines of text, the verdict first."""

from collections.abc import Mapping
from typing import Any, Final

from harness.report.by_api import COUNTS, TIMES, api_rows, read_sentence
from harness.report.observed_rows import NOT_MEASURED, observed_rows
from harness.report.phrases import (
    DEFINITIONS,
    ENDS,
    HOLDS,
    RECONCILED,
    count,
    cut,
    is_told_as_finding,
    limit_name,
    measured,
    precise,
)
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN

LINES_MOST: Final = 40
FINDINGS_MOST: Final = 4
_STATUSES_MOST: Final = 6
_LIMITS_MOST: Final = 3
_EXPECTATIONS_MOST: Final = 4

_GRAVITY: Final = (FAIL, INCONCLUSIVE, WARN, NOTE)
_COLOURS: Final = {"fail": "31", "inconclusive": "35", "warn": "33", "pass": "32", "note": "36"}


def text_report(document: Mapping[str, Any], *, colour: bool = False) -> str:
    """The report for a terminal; no control codes unless `colour` is asked for."""
    lines = [_paint(document["sentence"], document["verdict"], colour=colour)]
    name, target = cut(document["recording"].get("name", "")), cut(document["target"])
    proxies = sorted(set(document["proxies"].values()))
    through = f" through {cut(', '.join(proxies))}" if proxies else ""
    lines.append(f"  {name} to {target}{through}, {precise(document['duration_s'])} s")
    lines += ["", *_sums(document)]
    lines += _reconciliation(document)
    lines += ["", *_rates(document), *_statuses(document), *_limits(document)]
    lines += _apis(document)
    lines += ["", *(_seen(document) or _latencies(document))]
    lines += _expectations(document)
    decides = INCONCLUSIVE if document["verdict"] == INCONCLUSIVE else FAIL
    found = sorted(
        [*document["trust_warnings"], *filter(is_told_as_finding, document["findings"])],
        key=lambda finding: (finding["level"] != decides, _GRAVITY.index(finding["level"])),
    )
    if found:
        lines.append("")
    # Two lines each, and one for those left out.
    told = min(FINDINGS_MOST, (LINES_MOST - len(lines) - 1) // 2)
    for finding in found[:told]:
        head = _paint(finding["level"], finding["level"], colour=colour)
        lines += [f"{head}: {finding['evidence']}", f"  {finding['advice']}"]
    if len(found) > told:
        lines.append(f"and {len(found) - told} more, in the report")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _sums(document: Mapping[str, Any]) -> list[str]:
    names = ("recorded", "filtered", "selected", *ENDS)
    columns = [("messages", document["messages"])]
    if document["calls"]["recorded"]:
        columns.append(("calls", document["calls"]))
    lines = ["".join([" " * 12, *(f"{title:>12}" for title, _ in columns)])]
    for name in names:
        if name in ("recorded", "selected", "accepted") or any(sums[name] for _, sums in columns):
            indent = "" if name in ("recorded", "selected") else "  "
            lines.append(
                "".join([f"{indent + name:<12}", *(f"{count(sums[name]):>12}" for _, sums in columns)])
            )
    return lines


def _reconciliation(document: Mapping[str, Any]) -> list[str]:
    account = document["reconciliation"]
    if account is None:
        return ["reconciled  not: the target keeps no ledger that could be asked"]
    if not account["complete"]:
        return [f"reconciled  not: the {account['by']} was lost on the way"]
    parts = [
        f"{words} {count(account[name])}"
        for name, (words, _) in RECONCILED.items()
        if account[name] is not None
        and (
            account[name] or name in ("ledger_unique", "missing", "unexpected", "duplicates", "out_of_order")
        )
    ]
    return [f"{account['by']:<11} {', '.join(parts)}"]


def _rates(document: Mapping[str, Any]) -> list[str]:
    lines = []
    for words, key in (("requests/s", "rate_per_s"), ("messages/s", "message_rate_per_s")):
        rates = document[key]
        offered = "closed loop" if document["closed_loop"] else f"offered {precise(rates['offered'])}"
        if document.get("seen_from") == "receiver":
            offered = "offered not measured"
        lines.append(
            f"{words:<12}{offered}, sent {precise(rates['achieved'])}, accepted {precise(rates['goodput'])}, "
            f"peak {count(rates['peak_1s'])} in 1 s"
        )
    return lines


def _statuses(document: Mapping[str, Any]) -> list[str]:
    requests = document["requests"]
    ranked = sorted(requests["by_status"].items(), key=lambda entry: -entry[1])
    words = [f"{'no answer' if status == 'none' else status}: {count(number)}" for status, number in ranked]
    more = "" if len(words) <= _STATUSES_MOST else f", and {len(words) - _STATUSES_MOST} more"
    answers = f"  ({', '.join(words[:_STATUSES_MOST])}{more})" if words else ""
    return [
        f"{'requests':<12}{count(requests['sent'])} sent, {count(requests['retried'])} of them again{answers}"
    ]


def _limits(document: Mapping[str, Any]) -> list[str]:
    uses = sorted(
        document["throttle"]["limits"], key=lambda use: (-use["seconds_over"], -use["peak_in_window"])
    )
    return [
        f"{'limit':<12}{limit_name(use)}: peak {count(use['peak_in_window'])}, over for "
        f"{precise(use['seconds_over'])} s, {count(use['throttled'])} throttled"
        for use in uses[:_LIMITS_MOST]
    ]


def _apis(document: Mapping[str, Any]) -> list[str]:
    rows = [
        ("by API", [*COUNTS, *TIMES]),
        *((row.name, row.counts + row.service) for row in api_rows(document)),
    ]
    lines = [f"{name:<12}" + "".join(f"{cell:>9}" for cell in cells) for name, cells in rows]
    reads = read_sentence(document)
    return [*(["", *lines] if len(lines) > 1 else []), *([f"{'profiles':<12}{reads}"] if reads else [])]


def _seen(document: Mapping[str, Any]) -> list[str]:
    rows = [(cut(row.words, _NAME_WIDEST), row.figure) for row in observed_rows(document)]
    wide = max((len(words) for words, _ in rows), default=0)
    lines = [f"{words:<{wide}}  {figure}" for words, figure in rows]
    return [*lines, f"not measured: {', '.join(NOT_MEASURED)}"] if lines else []


def _latencies(document: Mapping[str, Any]) -> list[str]:
    lines = [f"{'ms':<15}" + "".join(f"{name:>9}" for name in ("p50", "p95", "p99", "max", "count"))]
    for key, (words, _) in DEFINITIONS.items():
        figures = document[key]
        if figures is None or not figures["count"] or (key not in _ALWAYS and not figures["max"]):
            continue
        cells = [precise(figures[name]) for name in ("p50", "p95", "p99", "max")] + [count(figures["count"])]
        lines.append(f"{words:<15}" + "".join(f"{cell:>9}" for cell in cells))
    return lines if len(lines) > 1 else ["no latencies: nothing was answered"]


def _expectations(document: Mapping[str, Any]) -> list[str]:
    expected = sorted(document.get("expectations", ()), key=lambda one: one["holds"] is True)
    lines = [
        f"{HOLDS[one['holds']]:<12}{cut(one['expression'])}: {measured(one)}"
        for one in expected[:_EXPECTATIONS_MOST]
    ]
    if len(expected) > _EXPECTATIONS_MOST:
        lines.append(f"{'':<12}and {len(expected) - _EXPECTATIONS_MOST} more expectations, in the report")
    return ["", *lines] if lines else []


_NAME_WIDEST: Final = 40
_ALWAYS: Final = ("service_time_ms", "response_time_ms", "schedule_lag_ms")


def _paint(text: str, level: str | None, *, colour: bool) -> str:
    code = _COLOURS.get(level or "")
    return f"\x1b[1;{code}m{text}\x1b[0m" if colour and code else text
