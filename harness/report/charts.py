"""Work out the geometry of the charts: paths and ticks, no markup.

A plot is drawn on a field 1,000 wide and 200 high that the page stretches to its width; labels are placed
in per cent beside it, so that they stay readable at every width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final

from harness.report.phrases import clock, count, precise

WIDE: Final = 1_000
HIGH: Final = 200

_STEPS: Final = (1, 2, 5, 10)
_TIME_STEPS_S: Final = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    14_400,
    43_200,
    86_400,
)
_TICKS_MOST: Final = 6

Column = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """One path with the class that the page colours it by."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, placed in per cent from the top or from the left."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend; `kind` is that of its shape."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot with its axes, legend and a description in words."""

    name: str
    title: str
    unit: str
    description: str
    shapes: tuple[Shape, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    keys: tuple[Key, ...]


def charts(document: Mapping[str, Any]) -> tuple[Chart, ...]:
    """The charts of a run; none for one in which nothing happened."""
    timeline = document["timeline"]
    if not timeline["points"] or not any(timeline["sent"]):
        return ()
    drawn = (_rate_chart(document, timeline), _status_chart(timeline), _latency_chart(document, timeline))
    return tuple(chart for chart in drawn if chart is not None)


def _rate_chart(document: Mapping[str, Any], timeline: Mapping[str, Any]) -> Chart:
    width_s = timeline["width_s"]
    sent = [value / width_s for value in timeline["sent"]]
    items_per_request = _ratio(timeline["sent_messages"], timeline["sent"])
    # Nothing is due in a closed loop, and a receiver does not know what was.
    closed_loop = document["closed_loop"] or document.get("seen_from") == "receiver"
    offered = [0 if closed_loop else value / width_s / items_per_request for value in timeline["offered"]]
    limits = _limit_lines(document)
    top = _nice_top(max([*sent, *(() if closed_loop else offered), *(line for line, _ in limits)]))
    shapes = [
        Shape("over", _bands([over > 0 for over in timeline["over_s"]])),
        Shape("sent-area", _area(sent, top)),
        Shape("sent", _line(sent, top)),
    ]
    keys = [Key("sent", "sent")]
    if not closed_loop:
        shapes.append(Shape("offered", _line(offered, top)))
        keys.append(Key("offered", "offered"))
    for line, label in limits:
        shapes.append(Shape("limit", f"M0 {_y(line, top)}H{WIDE}"))
        keys.append(Key("limit", label))
    seconds_over = max((use["seconds_over"] for use in document["throttle"]["limits"]), default=0)
    over_words = ""
    if seconds_over:
        keys.append(Key("over", f"over the limit, {precise(seconds_over)} s"))
        over_words = f", over the limit for {precise(seconds_over)} s"
    rates = document["rate_per_s"]
    return Chart(
        "rate",
        "Rate",
        "requests per second",
        f"Requests per second over time: offered {precise(rates['offered'])}, "
        f"sent {precise(rates['achieved'])} on average, at most {count(rates['peak_1s'])} in one second"
        f"{over_words}.",
        tuple(shape for shape in shapes if shape.path),
        _time_ticks(timeline),
        _linear_ticks(top),
        tuple(keys),
    )


def _status_chart(timeline: Mapping[str, Any]) -> Chart | None:
    statuses, width_s = timeline["statuses"], timeline["width_s"]
    if not statuses:
        return None
    stacked = [name for name in statuses if name != "429"]
    levels: list[list[float]] = []
    ground = [0.0] * timeline["points"]
    for name in stacked:
        ground = [below + value / width_s for below, value in zip(ground, statuses[name], strict=True)]
        levels.append(ground)
    throttled = [value / width_s for value in statuses.get("429", ())]
    top = _nice_top(max([*ground, *throttled]))
    # From the top of the stack down, so that each lower layer covers the ground of the one above.
    shapes = [
        Shape(f"status-{name}", _area(level, top))
        for name, level in reversed(list(zip(stacked, levels, strict=True)))
    ]
    if throttled:
        shapes += [
            Shape("status-429-area", _area(throttled, top)),
            Shape("status-429", _line(throttled, top)),
        ]
    totals = {name: sum(values) for name, values in statuses.items()}
    return Chart(
        "statuses",
        "Answers",
        "requests per second, by status",
        "Answers over time by status: "
        + ", ".join(f"{_status_words(name)} {count(total)}" for name, total in totals.items())
        + ".",
        tuple(shapes),
        _time_ticks(timeline),
        _linear_ticks(top),
        tuple(
            Key(f"status-{name}", f"{_status_words(name)}, {count(total)}") for name, total in totals.items()
        ),
    )


def _latency_chart(document: Mapping[str, Any], timeline: Mapping[str, Any]) -> Chart | None:
    names = {
        "service_p50_ms": ("service-p50", "service p50"),
        "service_p99_ms": ("service-p99", "service p99"),
        "response_p50_ms": ("response-p50", "response p50"),
        "response_p99_ms": ("response-p99", "response p99"),
    }
    drawn = {name: timeline[name] for name in names if any(value is not None for value in timeline[name])}
    # Zero has no place on a logarithmic scale; a microsecond is far below what a socket can do.
    values = [max(value, 0.001) for column in drawn.values() for value in column if value is not None]
    if not values:
        return None
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high = max(high, low + 1)

    def place(value: float | None) -> float | None:
        return None if value is None else (log10(max(value, 0.001)) - low) / (high - low)

    shapes = [Shape(names[name][0], _line([place(v) for v in column], 1.0)) for name, column in drawn.items()]
    # Up to two decades have room for 2 and 5 as well; beyond five, not even for each power.
    within = (1, 2, 5) if high - low <= 2 else (1,)
    labelled = [
        step * 10.0**power for power in range(low, high + 1, ceil((high - low) / 5)) for step in within
    ]
    ticks = tuple(
        Tick(round(100 - 100 * (log10(value) - low) / (high - low), 2), _ms_words(value))
        for value in labelled
        if value <= 10.0**high
    )
    said = []
    for key, words in (("service_time_ms", "service time"), ("response_time_ms", "response time")):
        figures = document[key]
        if figures is not None:
            said.append(f"{words} p50 {precise(figures['p50'])} ms, p99 {precise(figures['p99'])} ms")
    return Chart(
        "latency",
        "Latency",
        "per second, logarithmic",
        "Latency percentiles over time: " + "; ".join(said) + " over the whole run.",
        tuple(shapes),
        _time_ticks(timeline),
        ticks,
        tuple(Key(*names[name]) for name in drawn),
    )


def _limit_lines(document: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Each limit on requests as a rate, times the scopes it applies to, with its words."""
    scopes: dict[tuple[str, float], tuple[int, str]] = {}
    for use in document["throttle"]["limits"]:
        if use["unit"] == "requests":
            rule = (use["name"], use["count"] / use["window_s"])
            scopes[rule] = scopes.get(rule, (0, ""))[0] + 1, use["scope"]
    return [
        (
            rate * number,
            f"limit {precise(rate)}/s" if number == 1 else f"limit, {number} {scope}s x {precise(rate)}/s",
        )
        for (_, rate), (number, scope) in scopes.items()
    ]


def _ratio(parts: Sequence[int], wholes: Sequence[int]) -> float:
    return max(1.0, sum(parts) / sum(wholes)) if sum(wholes) else 1.0


def _nice_top(most: float) -> float:
    """The next round number at or above `most`, with a little air."""
    if most <= 0:
        return 1.0
    wanted = most * 1.04
    power = 10.0 ** floor(log10(wanted))
    return next(power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if power * step >= wanted)


def _linear_ticks(top: float) -> tuple[Tick, ...]:
    power = 10.0 ** floor(log10(top / 4))
    step = next(power * step for step in _STEPS if power * step >= top / 5 - 1e-9)
    ticks = []
    for number in range(int(top / step + 1e-9) + 1):
        value = number * step
        ticks.append(Tick(round(100 - 100 * value / top, 2), f"{value:,.10g}"))
    return tuple(ticks)


def _time_ticks(timeline: Mapping[str, Any]) -> tuple[Tick, ...]:
    span_s = timeline["points"] * timeline["width_s"]
    step_s = next(
        (step for step in _TIME_STEPS_S if span_s / step <= _TICKS_MOST), ceil(span_s / _TICKS_MOST)
    )
    return tuple(Tick(round(100 * at_s / span_s, 2), clock(at_s)) for at_s in range(0, span_s + 1, step_s))


def _y(value: float, top: float) -> float:
    return round(HIGH - HIGH * value / top, 1)


def _x(place: int, points: int) -> float:
    return round(WIDE * place / points, 1)


def _line(values: Column, top: float) -> str:
    """Steps, one a point; a gap where there is no value."""
    parts: list[str] = []
    drawing = False
    for place, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        parts.append(f"V{_y(value, top)}" if drawing else f"M{_x(place, len(values))} {_y(value, top)}")
        parts.append(f"H{_x(place + 1, len(values))}")
        drawing = True
    return "".join(parts)


def _area(values: Sequence[float], top: float) -> str:
    steps = "".join(f"V{_y(v, top)}H{_x(place + 1, len(values))}" for place, v in enumerate(values))
    return f"M0 {HIGH}{steps}V{HIGH}Z"


def _bands(marked: Sequence[bool]) -> str:
    return "".join(
        f"M{_x(place, len(marked))} 0H{_x(place + 1, len(marked))}V{HIGH}H{_x(place, len(marked))}Z"
        for place, mark in enumerate(marked)
        if mark
    )


def _status_words(name: str) -> str:
    return {"none": "no answer", "4xx": "4xx but 429"}.get(name, name)


def _ms_words(value_ms: float) -> str:
    if value_ms < 1:
        return f"{value_ms * 1_000:.4g} µs"
    return f"{value_ms:g} ms" if value_ms < 1_000 else f"{value_ms / 1_000:g} s"
