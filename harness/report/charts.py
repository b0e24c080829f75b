"""Choose what is drawn of a run, from its document alone; what was not measured is not drawn."""

from collections.abc import Mapping
from typing import Any, Final

from harness.masking import masked
from harness.report.columns import Document, above_zero, column, mappings, per_s, total, width_note
from harness.report.nines import on_nines
from harness.report.phrases import count, cut, precise
from harness.report.plot import NINES, Chart, Column, Series, Shade
from harness.report.rate_charts import rate_charts
from harness.throttle.check import many

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


def _statuses(timeline: Mapping[str, Any]) -> Chart | None:
    statuses, width_s = timeline.get("statuses") or {}, timeline["width_s"]
    if not statuses:
        return None
    totals = {name: total(values) for name, values in statuses.items()}
    series = [
        Series(
            label=f"{_status_words(name)}, {count(totals[name])}",
            values=per_s(statuses[name], width_s),
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
                values=[value or None for value in per_s(statuses["429"], width_s)],
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
        note=width_note(width_s),
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
    series = [Series(label="sent again", values=per_s(again, width_s), colour="sent", fill=True)]
    refused = (timeline.get("statuses") or {}).get("429")
    if refused:
        series.append(Series(label="answered 429", values=per_s(refused, width_s), colour="s429", thick=True))
    if any(asked):
        series.append(
            Series(label="asked to wait", values=per_s(asked, width_s), colour="offered", dash=True)
        )
    waited = sorted(
        Shade(pause["at_s"], pause["at_s"] + pause["waited_s"])
        for pause in mappings(throttle.get("pauses"))
        if pause.get("waited_s")
    )
    return Chart(
        name="retries",
        title="Retries",
        unit="requests per second",
        description=f"Retries over time: {many(total(again), 'request')} sent again, "
        f"{many(total(asked), 'answer')} asked to wait; honoured: "
        f"{count(throttle.get('retry_after_honoured'))}.",
        series=tuple(series),
        width_s=width_s,
        shade="a pause that was asked for" if waited else "",
        shade_colour="pause",
        shaded=tuple(waited),
        note=width_note(width_s),
    )


def _times(document: Document, timeline: Mapping[str, Any]) -> list[Chart | None]:
    drawn: list[tuple[str, dict[str, Column]]] = []
    for kind in ("service", "response"):
        columns = {
            stat: found
            for stat in ("max", "p99", "p50")
            if (found := column(timeline, f"{kind}_{stat}_ms")) is not None
        }
        if columns:
            drawn.append((kind, columns))
    values: list[float] = []
    for _, columns in drawn:
        for one in columns.values():
            values += (value for value in above_zero(one) if value is not None)
    if not values:
        return []
    across = (min(values), max(values))
    return [
        Chart(
            name=f"{kind}-time",
            title=f"{kind.capitalize()} time",
            unit="ms, logarithmic",
            description=f"{kind.capitalize()} time; over the whole run "
            f"{_figures(document, f'{kind}_time_ms')}.",
            series=tuple(
                Series(
                    label=stat,
                    values=above_zero(one),
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
    xs, columns = on_nines(known.values())
    if not xs:
        return None
    return Chart(
        name="curve",
        title="The whole distribution",
        unit="ms, logarithmic, by percentile",
        description="Percentiles of the whole run: "
        + "; ".join(f"{kind} time {_figures(document, f'{kind}_time_ms')}" for kind in known)
        + ".",
        series=tuple(
            Series(label=f"{kind} time", values=values, colour=kind, thick=True)
            for kind, values in zip(known, columns, strict=True)
        ),
        axis=NINES,
        xs=xs,
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


def _figures(document: Document, key: str) -> str:
    figures = document.get(key) or {}
    return ", ".join(f"{stat} {precise(figures.get(stat))} ms" for stat in ("p50", "p99", "max"))


def _status_words(name: str) -> str:
    return {"none": "no answer", "4xx": "4xx but 429"}.get(name, cut(masked(name)))
