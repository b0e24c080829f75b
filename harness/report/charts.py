"""Choose what is drawn of a run, from its document alone; what was not measured is not drawn."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any, Final

from harness.masking import masked
from harness.report.phrases import count, cut, precise
from harness.report.plot import NINES, Chart, Column, Line, Series, stretches

# A microsecond is far below what a socket can do, and zero has no place on a logarithmic scale.
_LEAST_MS: Final = 0.001
_STATUS_COLOURS: Final = {
    "2xx": "s2",
    "3xx": "s3",
    "4xx": "s4",
    "5xx": "s5",
    "other": "snone",
    "none": "snone",
}
_WAITS: Final = {
    "lane_wait": ("lane wait", "lane"),
    "limit_wait": ("limit wait", "limit-wait"),
    "batch_wait": ("batch wait", "batch"),
    "user_wait": ("user wait", "user"),
    "schedule_lag": ("schedule lag", "lag"),
}

Document = Mapping[str, Any]


def charts(document: Document) -> dict[str, list[Chart]]:
    """The charts of a run by the section they belong to; none of one in which nothing was sent."""
    timeline = document.get("timeline") or {}
    if not timeline.get("points") or not any(column(timeline, "sent") or ()):
        return {}
    drawn = {
        "rates": rate_charts(document, timeline),
        "statuses": [_statuses(timeline)],
        "retries": [_retries(document, timeline)],
        "times": _times(document, timeline),
        "curve": [_curve(document)],
        "waits": [_waits(timeline)],
        "health": [_health(timeline)],
    }
    return {section: [chart for chart in found if chart is not None] for section, found in drawn.items()}


def column(timeline: Mapping[str, Any], name: str) -> Column | None:
    """A column of the timeline; None when it was not measured."""
    values = timeline.get(name)
    return values if isinstance(values, list) and any(value is not None for value in values) else None


def rate_charts(document: Document, timeline: Mapping[str, Any]) -> list[Chart | None]:
    """A chart for each API and unit of a limit: offered, sent, the limit, and how near it was."""
    by_api = timeline.get("by_api") or {}
    limits = _mappings((document.get("throttle") or {}).get("limits"))
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
    series = [Series(label="sent", values=_per_s(sent, width_s), colour="sent", fill=True)]
    offered = None if document.get("closed_loop") else _offered(timeline, api, unit, alone=alone)
    if offered is not None:
        series.append(Series(label="offered", values=offered, colour="offered", dash=True))
    if width_s > 1 and unit == "requests" and alone:
        busiest = column(timeline, "sent_peak_1s")
        if busiest is not None:
            series.append(Series(label="sent, busiest second", values=busiest, colour="lag"))
    lines, over, seconds_over, scopes = [], [False] * len(sent), 0.0, 0
    for name, uses in _rules(document, api, unit).items():
        limit = uses[0][1]
        per_s = limit["count"] / limit["window_s"]
        fills = [(timeline.get("limits") or {}).get(str(place)) for place, _ in uses]
        scopes = max(scopes, len(uses))
        each = f", for each of {len(uses)} {limit['scope']}s" if len(uses) > 1 else ""
        lines.append(Line(f"limit {precise(per_s)}/s{each}", per_s))
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
    said = f"{(api or 'all APIs').capitalize()}: {_peak_words(series)}"
    said += f"; over the limit for {precise(seconds_over)} s" if seconds_over else ""
    said += "; never over its limit" if lines and not seconds_over else ""
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
        note=" ".join(filter(None, (_window_note(document, api, unit), _width_note(width_s)))),
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
        per_request = max(1.0, _sum(column(timeline, "sent_messages")) / (_sum(sent) or 1))
    return [None if value is None else value / timeline["width_s"] / per_request for value in offered]


def _rules(document: Document, api: str, unit: str) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    """The limits of an API by their names, each with its scopes and their places."""
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for place, limit in enumerate(_mappings((document.get("throttle") or {}).get("limits"))):
        if limit["unit"] == unit and api in ("", limit["api"]):
            found.setdefault(limit["name"], []).append((place, limit))
    return found


def _statuses(timeline: Mapping[str, Any]) -> Chart | None:
    statuses, width_s = timeline.get("statuses") or {}, timeline["width_s"]
    if not statuses:
        return None
    totals = {name: _sum(values) for name, values in statuses.items()}
    series = [
        Series(
            label=f"{_status_words(name)}, {count(totals[name])}",
            values=_per_s(statuses[name], width_s),
            colour=_STATUS_COLOURS.get(name, "snone"),
            fill=True,
            stacked=True,
        )
        for name in statuses
        if name != "429"
    ]
    if "429" in statuses:
        series.append(
            Series(
                label=f"429, {count(totals['429'])}",
                values=_per_s(statuses["429"], width_s),
                colour="s429",
                fill=True,
                thick=True,
            )
        )
        busiest = column(timeline, "throttled_peak_1s")
        if width_s > 1 and busiest is not None:
            series.append(Series(label="429, busiest second", values=busiest, colour="s429", dash=True))
    words = ", ".join(f"{_status_words(name)} {count(total)}" for name, total in totals.items())
    return Chart(
        name="statuses",
        title="Answers by status",
        unit="requests per second, stacked; 429 laid over",
        description=f"Answers over time: {words}.",
        series=tuple(series),
        width_s=width_s,
        note=_width_note(width_s),
    )


def _retries(document: Document, timeline: Mapping[str, Any]) -> Chart | None:
    sent, first, width_s = column(timeline, "sent"), column(timeline, "first_sent"), timeline["width_s"]
    if sent is None or first is None:
        return None
    throttle = document.get("throttle") or {}
    again = [(all_sent or 0) - (new or 0) for all_sent, new in zip(sent, first, strict=True)]
    asked = column(timeline, "retry_after_asked") or ()
    if not any(again) and not any(asked):
        return None
    series = [Series(label="sent again", values=_per_s(again, width_s), colour="sent", fill=True)]
    refused = (timeline.get("statuses") or {}).get("429")
    if refused:
        series.append(
            Series(label="answered 429", values=_per_s(refused, width_s), colour="s429", thick=True)
        )
    if any(asked):
        series.append(
            Series(label="asked to wait", values=_per_s(asked, width_s), colour="offered", dash=True)
        )
    waited = sorted(
        (pause["at_s"], pause["at_s"] + pause["waited_s"])
        for pause in _mappings(throttle.get("pauses"))
        if pause.get("waited_s")
    )
    return Chart(
        name="retries",
        title="Retries",
        unit="requests per second",
        description=f"Retries over time: {count(_sum(again))} requests sent again, {count(_sum(asked))} answers "
        f"asked to wait, {count(throttle.get('retry_after_honoured'))} of them were honoured.",
        series=tuple(series),
        width_s=width_s,
        shade="a pause that was asked for" if waited else "",
        shade_colour="pause",
        shaded=tuple(waited),
        note=_width_note(width_s),
    )


def _times(document: Document, timeline: Mapping[str, Any]) -> list[Chart | None]:
    drawn = []
    for kind in ("service", "response"):
        columns = {
            stat: values
            for stat in ("max", "p99", "p50")
            if (values := column(timeline, f"{kind}_{stat}_ms")) is not None
        }
        if columns:
            drawn.append((kind, columns))
    values = [value for _, columns in drawn for one in columns.values() for value in one if value is not None]
    if not values:
        return []
    across = (max(min(values), _LEAST_MS), max(*values, _LEAST_MS))
    return [
        Chart(
            name=f"{kind}-time",
            title=f"{kind.capitalize()} time",
            unit="ms, logarithmic",
            description=f"{kind.capitalize()} time of each point: {_figures(document, f'{kind}_time_ms')} over "
            "the whole run.",
            series=tuple(
                Series(
                    label=stat,
                    values=[None if value is None else max(value, _LEAST_MS) for value in one],
                    colour=kind if stat != "max" else "lag",
                    dash=stat == "p50",
                    thick=stat == "p99",
                )
                for stat, one in columns.items()
            ),
            width_s=timeline["width_s"],
            logarithmic=True,
            across=across,
        )
        for kind, columns in drawn
    ]


def _curve(document: Document) -> Chart | None:
    curves = document.get("curves") or {}
    known = {kind: curve for kind in ("service", "response") if (curve := curves.get(f"{kind}_time_ms"))}
    longest = max((len(curve) for curve in known.values()), default=0)
    if longest < 3:  # a minimum and a maximum make no curve
        return None
    widest = max(known.values(), key=len)
    xs = [-log10(1 - share) if share < 1 else 0.0 for share, _ in widest]
    xs[-1] = xs[-2] + (xs[-2] - xs[-3] if longest > 3 else 1)
    series = []
    for kind, curve in known.items():
        own = [max(ms, _LEAST_MS) for _, ms in curve]
        # Where one has fewer durations its maximum stands at its own end.
        series.append(
            Series(
                label=f"{kind} time",
                values=[*own, *[None] * (longest - len(own))],
                colour=kind,
                thick=True,
            )
        )
    return Chart(
        name="curve",
        title="The whole distribution",
        unit="ms, logarithmic, by percentile",
        description="Percentiles of the whole run: "
        + "; ".join(f"{kind} time {_figures(document, f'{kind}_time_ms')}" for kind in known)
        + ".",
        series=tuple(series),
        axis=NINES,
        xs=tuple(round(x, 4) for x in xs),
        logarithmic=True,
    )


def _waits(timeline: Mapping[str, Any]) -> Chart | None:
    series = []
    for name, (words, colour) in _WAITS.items():
        values = column(timeline, f"{name}_p99_ms")
        if values is None or not any(values):
            continue
        series.append(Series(label=words, values=[value or None for value in values], colour=colour))
    if not series:
        return None
    names = ", ".join(one.label for one in series)
    return Chart(
        name="waits",
        title="Waits over time",
        unit="p99 in ms, logarithmic; no line where nobody waited",
        description=f"The p99 of each wait over time: {names}.",
        series=tuple(series),
        width_s=timeline["width_s"],
        logarithmic=True,
    )


def _health(timeline: Mapping[str, Any]) -> Chart | None:
    in_flight = column(timeline, "in_flight")
    if in_flight is None:
        return None
    return Chart(
        name="in-flight",
        title="In flight",
        unit="requests at once, the most in each point",
        description=f"Requests in flight over time: at most {count(max(value or 0 for value in in_flight))}.",
        series=(Series(label="in flight", values=in_flight, colour="sent", fill=True),),
        width_s=timeline["width_s"],
    )


def _per_s(values: Sequence[float | None], width_s: int) -> Column:
    return [None if value is None else value / width_s for value in values]


def _sum(values: Sequence[float | None] | None) -> float:
    return sum(value or 0 for value in values or ())


def _mappings(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found or () if isinstance(one, Mapping)]


def _figures(document: Document, key: str) -> str:
    figures = document.get(key) or {}
    return ", ".join(f"{stat} {precise(figures.get(stat))} ms" for stat in ("p50", "p99", "max"))


def _peak_words(series: Sequence[Series]) -> str:
    return ", ".join(
        f"{one.label} at most {precise(max((value or 0 for value in one.values), default=0))}/s"
        for one in series
    )


def _window_note(document: Document, api: str, unit: str) -> str:
    """How to read a limit whose window is no second."""
    longer = [uses[0][1] for uses in _rules(document, api, unit).values() if uses[0][1]["window_s"] != 1]
    return " ".join(
        f"{limit['count']:,} in {limit['window_s']:g} s are allowed, so single seconds may be above the line: "
        "compare the fullest window with it."
        for limit in longer
    )


def _width_note(width_s: int) -> str:
    return "" if width_s == 1 else f"Each point is {width_s} s: a mean, unless it says busiest or fullest."


def _status_words(name: str) -> str:
    return {"none": "no answer", "4xx": "4xx but 429"}.get(name, cut(masked(name)))
