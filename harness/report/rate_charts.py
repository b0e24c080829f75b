"""Draw the rate of each API against its limits: offered, sent, the fullest window, and the time over.

A chart speaks in the window of its limit: per second where that is a second, else in as long as the window,
so that every line of it may be compared with the limit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from harness.report.columns import Document, column, mappings, per_s, total, width_note
from harness.report.phrases import precise
from harness.report.plot import Chart, Column, Line, Series, Shade, shades

_SECOND: Final = 1.0


class _Rule(NamedTuple):
    """One limit, with each of its scopes as `throttle.limits` has it, and its place there."""

    name: str
    limit: Mapping[str, Any]
    uses: list[tuple[int, Mapping[str, Any]]]


class _Subject(NamedTuple):
    """What one chart is about."""

    api: str  # "" for all of them
    unit: str  # requests, messages
    window_s: float
    rules: list[_Rule]
    alone: bool  # no other API is in this run


def rate_charts(document: Document, timeline: Mapping[str, Any]) -> list[Chart | None]:
    """A chart for each API, unit and window of a limit: offered, sent, the limit, and how near it was."""
    by_api = timeline.get("by_api") or {}
    apis = [api for api, sent in by_api.items() if any(sent)] or [""]
    limits = mappings((document.get("throttle") or {}).get("limits"))
    pairs = [(api, "requests") for api in apis]
    pairs += [("tracking", "messages")] * any(
        limit["unit"] == "messages" and limit["api"] == "tracking" for limit in limits
    )
    drawn = []
    for api, unit in pairs:
        rules = _rules(limits, api, unit)
        for window_s in sorted({rule.limit["window_s"] for rule in rules} or {_SECOND}):
            mine = [rule for rule in rules if rule.limit["window_s"] == window_s]
            drawn.append(
                _rate(document, timeline, _Subject(api, unit, window_s, mine, alone=len(by_api) <= 1))
            )
    return drawn


def in_window(values: Sequence[float | None], width_s: int, window_s: float) -> Column:
    """Counts of points as what the last `window_s` seconds held, at the end of each point."""
    points = max(1, round(window_s / width_s))
    scale = window_s / (points * width_s)
    held, found = 0.0, []
    for place, value in enumerate(values):
        held += value or 0
        if place >= points:
            held -= values[place - points] or 0
        found.append(held * scale)
    return found


def _rate(document: Document, timeline: Mapping[str, Any], subject: _Subject) -> Chart | None:
    width_s, window_s = timeline["width_s"], subject.window_s
    sent = _sent(timeline, subject)
    if sent is None:
        return None
    by_second = window_s == _SECOND
    series = [Series(label="sent", values=_as_rate(sent, width_s, window_s), colour="sent", fill=True)]
    offered = None if document.get("closed_loop") else _offered(timeline, subject)
    if offered is not None:
        series.append(
            Series(label="offered", values=_as_rate(offered, width_s, window_s), colour="offered", dash=True)
        )
    if width_s > 1 and by_second and subject.unit == "requests" and subject.alone:
        busiest = column(timeline, "sent_peak_1s")
        if busiest is not None:
            series.append(Series(label="sent, busiest second", values=busiest, colour="lag"))
    fills = timeline.get("limits") or {}
    over = [0.0] * len(sent)
    for rule in subject.rules:
        known = [fill for place, _ in rule.uses if (fill := fills.get(str(place)))]
        if not known:
            continue
        which = f" of any {rule.limit['scope']}" if len(rule.uses) > 1 else ""
        named = f" ({rule.name})" if len(subject.rules) > 1 else ""
        fullest = [max(peaks) for peaks in zip(*(fill["peak"] for fill in known), strict=True)]
        series.append(Series(label=f"fullest window{which}{named}", values=fullest, colour="fullest"))
        for fill in known:
            over = [max(was, now / width_s) for was, now in zip(over, fill["over_s"], strict=True)]
    shaded = shades(over, width_s)
    per = "s" if by_second else f"{window_s:g} s"
    return Chart(
        name=f"rate-{subject.api or 'all'}-{subject.unit}{'' if by_second else f'-{window_s:g}'}",
        title=f"{subject.api.capitalize()} API" if subject.api else "Rate",
        unit=f"{subject.unit} per second" if by_second else f"{subject.unit} in {window_s:g} s",
        description=_said(subject, series, per),
        series=tuple(series),
        width_s=width_s,
        lines=tuple(_line(rule, per) for rule in subject.rules),
        shade=_shade_words(shaded),
        shaded=shaded,
        note=" ".join(filter(None, (_window_note(subject), width_note(width_s)))),
    )


def _rules(limits: Sequence[Mapping[str, Any]], api: str, unit: str) -> list[_Rule]:
    """The limits of an API by their names, each with its scopes and their places."""
    found: dict[str, _Rule] = {}
    for place, limit in enumerate(limits):
        if limit["unit"] == unit and api in ("", limit["api"]):
            found.setdefault(limit["name"], _Rule(limit["name"], limit, [])).uses.append((place, limit))
    return list(found.values())


def _sent(timeline: Mapping[str, Any], subject: _Subject) -> Column | None:
    if subject.unit == "messages":
        return column(timeline, "sent_messages")
    if subject.alone:
        return column(timeline, "sent")
    return (timeline.get("by_api") or {}).get(subject.api)


def _offered(timeline: Mapping[str, Any], subject: _Subject) -> Column | None:
    """What was due in each point, in the chart's unit; None where it was not told apart by API."""
    if subject.unit == "messages":
        return column(timeline, "offered_messages")
    if subject.alone:
        items = column(timeline, "offered")
    else:
        items = (timeline.get("offered_by_api") or {}).get(subject.api)
    if items is None:
        return None
    # Of the other APIs each item is a request.
    per_request = 1.0
    if subject.api in ("", "tracking"):
        sent = total(_sent(timeline, subject)) or 1
        per_request = max(1.0, total(column(timeline, "sent_messages")) / sent)
    return [None if value is None else value / per_request for value in items]


def _as_rate(values: Column, width_s: int, window_s: float) -> Column:
    return per_s(values, width_s) if window_s == _SECOND else in_window(values, width_s, window_s)


def _line(rule: _Rule, per: str) -> Line:
    each = f", for each of {len(rule.uses)} {rule.limit['scope']}s" if len(rule.uses) > 1 else ""
    return Line(f"limit {rule.limit['count']:,}/{per}{each}", rule.limit["count"])


def _said(subject: _Subject, series: Sequence[Series], per: str) -> str:
    peaks = ", ".join(
        f"{one.label} at most {precise(max((value or 0 for value in one.values), default=0))}/{per}"
        for one in series
    )
    said = f"{(subject.api or 'all APIs').capitalize()}: {peaks}"
    uses = [use for rule in subject.rules for _, use in rule.uses]
    if not uses:
        return said + "."
    if all((use["peak_in_window"] or 0) <= use["count"] for use in uses):
        return said + "; never over its limit."
    over_s = max(use["seconds_over"] or 0 for use in uses)
    return f"{said}; over the limit for {f'{precise(over_s)} s' if over_s >= 0.001 else 'less than 1 ms'}."


def _shade_words(shaded: Sequence[Shade]) -> str:
    if not shaded:
        return ""
    partly = any(shade.share < 1 for shade in shaded)
    return "over the limit" + (", the darker the longer" if partly else "")


def _window_note(subject: _Subject) -> str:
    """How to read a limit whose window is no second."""
    if subject.window_s == _SECOND:
        return ""
    return f"Each line is what the last {subject.window_s:g} s held, as the limit counts."
