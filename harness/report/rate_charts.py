"""Draw the rate of each API against its limits: offered, sent, the fullest window, and the seconds over."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.columns import Document, column, mappings, per_s, total, width_note
from harness.report.phrases import precise
from harness.report.plot import Chart, Column, Line, Series, stretches


def rate_charts(document: Document, timeline: Mapping[str, Any]) -> list[Chart | None]:
    """A chart for each API and unit of a limit: offered, sent, the limit, and how near it was."""
    by_api = timeline.get("by_api") or {}
    limits = mappings((document.get("throttle") or {}).get("limits"))
    pairs = [(api, "requests") for api, sent in by_api.items() if any(sent)] or [("", "requests")]
    pairs += [("tracking", "messages")] * any(
        limit["unit"] == "messages" and limit["api"] == "tracking" for limit in limits
    )
    return [_rate(document, timeline, api, unit, alone=len(by_api) <= 1) for api, unit in pairs]


def _rate(
    document: Document, timeline: Mapping[str, Any], api: str, unit: str, *, alone: bool
) -> Chart | None:
    width_s = timeline["width_s"]
    sent = _sent(timeline, api, unit, alone=alone)
    if sent is None:
        return None
    series = [Series(label="sent", values=per_s(sent, width_s), colour="sent", fill=True)]
    offered = None if document.get("closed_loop") else _offered(timeline, api, unit, alone=alone)
    if offered is not None:
        series.append(Series(label="offered", values=offered, colour="offered", dash=True))
    if width_s > 1 and unit == "requests" and alone:
        busiest = column(timeline, "sent_peak_1s")
        if busiest is not None:
            series.append(Series(label="sent, busiest second", values=busiest, colour="lag"))
    lines, over, seconds_over, exceeded = [], [False] * len(sent), 0.0, False
    for name, uses in _rules(document, api, unit).items():
        limit = uses[0][1]
        allowed = limit["count"] / limit["window_s"]
        fills = [(timeline.get("limits") or {}).get(str(place)) for place, _ in uses]
        each = f", for each of {len(uses)} {limit['scope']}s" if len(uses) > 1 else ""
        lines.append(Line(f"limit {precise(allowed)}/s{each}", allowed))
        known = [fill for fill in fills if fill]
        if known:
            fullest = [
                max(peaks) / limit["window_s"] for peaks in zip(*(f["peak"] for f in known), strict=True)
            ]
            of = f" of {limit['window_s']:g} s" if limit["window_s"] != 1 else ""
            which = f" of any {limit['scope']}" if len(uses) > 1 else ""
            short = "fullest window" + of + which
            if len(_rules(document, api, unit)) > 1:
                short += f" ({name})"
            series.append(Series(label=short, values=fullest, colour="fullest"))
        for fill in known:
            over = [was or bool(now) for was, now in zip(over, fill["over_s"], strict=True)]
        seconds_over = max([seconds_over, *(use["seconds_over"] or 0 for _, use in uses)])
        exceeded = exceeded or any((use["peak_in_window"] or 0) > use["count"] for _, use in uses)
    said = f"{(api or 'all APIs').capitalize()}: {_peak_words(series)}"
    if lines:
        how_long = f"{precise(seconds_over)} s" if seconds_over >= 0.001 else "less than 1 ms"
        said += f"; over the limit for {how_long}" if exceeded else "; never over its limit"
    return Chart(
        name=f"rate-{api or 'all'}-{unit}",
        title=f"{api.capitalize()} API" if api else "Rate",
        unit=f"{unit} per second",
        description=said + ".",
        series=tuple(series),
        width_s=width_s,
        lines=tuple(lines),
        shade="over the limit" if any(over) else "",
        shaded=stretches(over, width_s),
        note=" ".join(filter(None, (_window_note(document, api, unit), width_note(width_s)))),
    )


def _sent(timeline: Mapping[str, Any], api: str, unit: str, *, alone: bool) -> Column | None:
    if unit == "messages":
        return column(timeline, "sent_messages")
    return column(timeline, "sent") if alone else (timeline.get("by_api") or {}).get(api)


def _offered(timeline: Mapping[str, Any], api: str, unit: str, *, alone: bool) -> Column | None:
    """What was due per second; None where it was not told apart by API."""
    messages = column(timeline, "offered_messages")
    offered = column(timeline, "offered") if alone else messages if api == "tracking" else None
    if offered is None and api != "tracking":
        others = [name for name, sent in (timeline.get("by_api") or {}).items() if any(sent)]
        everything = column(timeline, "offered")
        if everything is not None and messages is not None and len(set(others) - {"tracking"}) == 1:
            offered = [(of or 0) - (out or 0) for of, out in zip(everything, messages, strict=True)]
    if unit == "messages":
        offered = messages
    if offered is None:
        return None
    per_request = 1.0
    if unit == "requests" and (alone or api == "tracking"):
        sent = _sent(timeline, api, "requests", alone=alone) or ()
        per_request = max(1.0, total(column(timeline, "sent_messages")) / (total(sent) or 1))
    return [None if value is None else value / timeline["width_s"] / per_request for value in offered]


def _rules(document: Document, api: str, unit: str) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    """The limits of an API by their names, each with its scopes and their places."""
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for place, limit in enumerate(mappings((document.get("throttle") or {}).get("limits"))):
        if limit["unit"] == unit and api in ("", limit["api"]):
            found.setdefault(limit["name"], []).append((place, limit))
    return found


def _peak_words(series: Sequence[Series]) -> str:
    return ", ".join(
        f"{one.label} at most {precise(max((value or 0 for value in one.values), default=0))}/s"
        for one in series
    )


def _window_note(document: Document, api: str, unit: str) -> str:
    """How to read a limit whose window is no second."""
    longer = [uses[0][1] for uses in _rules(document, api, unit).values() if uses[0][1]["window_s"] != 1]
    return " ".join(
        f"{limit['count']:,} in {limit['window_s']:g} s are allowed, so a second may be above the line. "
        "Compare the fullest window with it."
        for limit in longer
    )
