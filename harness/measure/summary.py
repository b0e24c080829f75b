"""Fold a timeline and a delivery map into the figures of a run, whether it just ended or died last week.

Definitions. Offered: items whose due time came, over the time from the start to the last of them; in
requests, as many as these items make at the batch sizes seen. Achieved: sends, retries included, from the
start to the last send. Goodput: what was accepted, from the start to the last such answer. `peak_1s`: the
most sent in any one second.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from harness.measure.above import Above, Distribution, above_percentiles, distributions
from harness.measure.api_part import ApiPart, parts_of
from harness.measure.counters import HISTOGRAMS, Counters
from harness.measure.curve import Curve, curve
from harness.measure.delivery_map import DeliveryMap
from harness.measure.histogram import Histogram
from harness.measure.points import Point, SecondPeaks, point_of
from harness.measure.spacing import variation
from harness.measure.sums import Sums, add_up
from harness.measure.timeline import Timeline
from harness.units import NS_PER_MS, NS_PER_S

POINTS_MOST: Final = 3_600
LATE_NS: Final = 100 * NS_PER_MS  # a send so late is late beyond dispute

CURVES: Final = ("service_2xx", "response")
_PERCENTILES: Final = (0.5, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Figures:
    """A distribution of durations, in ms; all but the counts are None when there is none."""

    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None
    mean: float | None = None
    count: int = 0
    below_zero: int = 0  # impossible durations, left out of all the others


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates per second; None where nothing was due, sent or accepted, or all of it in one instant."""

    offered: float | None = None
    achieved: float | None = None
    goodput: float | None = None
    peak_1s: int | None = None


@dataclass(frozen=True, slots=True)
class ArrivalVariation:
    """How uneven arrivals were, as `spacing.variation` says it: as they were due, and as they left."""

    due: float | None = None
    sent: float | None = None


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How one scope used one limit."""

    api: str
    name: str
    unit: str
    scope: str  # what the limit is per
    label: str  # which one of them; "" when there is one
    count: int
    window_s: float
    origin: str
    peak_in_window: int
    seconds_over: float
    throttled: int


@dataclass(frozen=True, slots=True)
class ApiFigures:
    """What one API made of its requests; times in ms."""

    requests: int  # answered or given up
    by_status: Mapping[str, int]
    first_attempt_by_status: Mapping[str, int]
    accepted: int  # requests
    throttled: int
    found: int  # reads that were answered 2xx
    not_found: int  # reads of profiles that are not there: an answer, so they are accepted too
    hit_ratio: float | None  # of these two of the Profile API; None elsewhere
    service_time_ms: Figures  # of attempts answered 2xx
    response_time_ms: Figures
    readable_ms: Figures | None  # see `measure.freshness`; None where it was not measured
    still_missing_ms: Figures | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run. `durations` has the names of `counters.HISTOGRAMS`."""

    closed_loop: bool = False
    closed: bool = False  # the run wrote its own end
    left_out_bytes: int = 0  # torn off the timeline by a crash
    started_wall_ns: int | None = None  # since 1970; None: it never came to a start
    messages: Sums = field(default_factory=Sums)
    calls: Sums = field(default_factory=Sums)
    disagreements: tuple[str, ...] = ()
    totals: Counters = field(default_factory=Counters)
    rates: Rates = field(default_factory=Rates)
    message_rates: Rates = field(default_factory=Rates)
    arrival_variation: ArrivalVariation = field(default_factory=ArrivalVariation)
    durations: Mapping[str, Figures] = field(default_factory=lambda: dict.fromkeys(HISTOGRAMS, Figures()))
    limits: tuple[LimitUse, ...] = ()
    limit_scopes: tuple[tuple[int, str], ...] = ()  # of `limits`, as the points name them
    curves: Mapping[str, Curve] = field(default_factory=dict)  # of CURVES
    status_spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # first and last second
    points: tuple[Point, ...] = ()
    above: Above = field(default_factory=dict)  # by histogram, a number for each point
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    by_api: Mapping[str, ApiFigures] = field(default_factory=dict)  # of the APIs that answered anything
    lag_late_share: float = 0.0  # of first sends with a schedule lag above LATE_NS
    user_wait_late_share: float = 0.0
    held_by_lane_share: float = 0.0  # of first sends that waited for an earlier item of their person


def fold(
    timeline: Timeline,
    delivery_map: DeliveryMap | None,
    *,
    recorded: int | None = None,
    points_most: int = POINTS_MOST,
) -> Summary:
    """The summary of what is on disk. `recorded` is the reader's own count of items, where there is one.

    Reads the timeline twice, or three times where it has several APIs, and keeps the counters of at most
    `points_most` points. Raises TimelineError.
    """
    head: Mapping[str, Any] = {}
    last_second, started_wall_ns = 0, None
    closed = mixed = False
    for record in timeline:
        if "format" in record:
            head = record
        else:
            last_second = max(last_second, record["second"])
            closed = "closed_after_ns" in record
            started_wall_ns = record.get("started_wall_ns", started_wall_ns)
            mixed = mixed or "apis" in record
    width_s = last_second // points_most + 1
    totals = Counters()
    parts: defaultdict[int, Counters] = defaultdict(Counters)
    peaks = SecondPeaks((last_second // width_s + 1) * width_s)
    spans: dict[str, tuple[int, int]] = {}
    for record in timeline:
        if "second" in record:
            second = record["second"]
            totals.add(record)
            parts[second // width_s].add(record)
            peaks.add(record)
            for status in record.get("by_status", ()):
                first, last = spans.get(status, (second, second))
                spans[status] = min(first, second), max(last, second)
    by_api = {
        api: _api_figures(api, part)
        for api, part in parts_of(timeline if mixed else [totals.to_json()]).items()
    }
    points = tuple(point_of(number, width_s, parts[number], peaks) for number in sorted(parts))
    messages, calls, disagreements = add_up(
        totals.states,
        None if delivery_map is None else delivery_map.became(),
        recorded=recorded,
        closed=closed,
    )
    closed_loop = bool(head.get("closed_loop", False))
    return Summary(
        closed_loop=closed_loop,
        closed=closed,
        left_out_bytes=timeline.left_out_bytes,
        started_wall_ns=started_wall_ns,
        messages=messages,
        calls=calls,
        disagreements=disagreements,
        totals=totals,
        rates=rates_of(totals, closed_loop=closed_loop),
        message_rates=message_rates_of(totals, closed_loop=closed_loop),
        arrival_variation=_arrival_variation(totals),
        durations={name: figures(getattr(totals, name)) for name in HISTOGRAMS},
        limits=_limit_uses(totals, head.get("limits", ())),
        limit_scopes=tuple(sorted(totals.limits)),
        curves={name: curve(getattr(totals, name)) for name in CURVES},
        status_spans=spans,
        points=points,
        above=above_percentiles(totals, parts),
        distributions=distributions(totals),
        by_api=by_api,
        lag_late_share=_share_above(totals.schedule_lag, LATE_NS),
        user_wait_late_share=_share_above(totals.user_wait, LATE_NS),
        held_by_lane_share=_share_above(totals.lane_wait, 0),
    )


def figures(histogram: Histogram) -> Figures:
    """A histogram as figures in ms."""
    if not histogram.count:
        return Figures(below_zero=histogram.below_zero)
    p50, p90, p95, p99, p999 = histogram.percentiles_ns(_PERCENTILES)
    return Figures(
        p50=_ms(p50),
        p90=_ms(p90),
        p95=_ms(p95),
        p99=_ms(p99),
        p999=_ms(p999),
        max=_ms(histogram.max_ns),
        mean=_ms(histogram.mean_ns),
        count=histogram.count,
        below_zero=histogram.below_zero,
    )


def _api_figures(api: str, part: ApiPart) -> ApiFigures:
    reads = part.read + part.not_found
    return ApiFigures(
        requests=sum(part.by_status.values()),
        by_status=dict(sorted(part.by_status.items())),
        first_attempt_by_status=dict(sorted(part.first_by_status.items())),
        accepted=part.accepted,
        throttled=part.throttled,
        found=part.read,
        not_found=part.not_found,
        hit_ratio=round(part.read / reads, 4) if reads and api == "profile" else None,
        service_time_ms=figures(part.service_2xx),
        response_time_ms=figures(part.response),
        readable_ms=figures(part.readable) if part.readable or part.still_missing else None,
        still_missing_ms=figures(part.still_missing) if part.readable or part.still_missing else None,
    )


def rates_of(totals: Counters, *, closed_loop: bool) -> Rates:
    """The rates of all requests."""
    items_per_request = totals.first_sent_items / totals.first_sent if totals.first_sent else 0.0
    offered = totals.offered_items / items_per_request if items_per_request else 0.0
    return Rates(
        offered=None if closed_loop else _per_s(offered, totals.last_due_ns),
        achieved=_per_s(totals.sent, totals.last_sent_ns),
        goodput=_per_s(totals.accepted, totals.last_accepted_ns),
        peak_1s=totals.sent_in_1s or None,
    )


def message_rates_of(totals: Counters, *, closed_loop: bool) -> Rates:
    """The rates of the messages alone."""
    return Rates(
        offered=None if closed_loop else _per_s(totals.offered_messages, totals.last_due_ns),
        achieved=_per_s(totals.sent_messages, totals.last_sent_ns),
        goodput=_per_s(totals.accepted_messages, totals.last_accepted_ns),
        peak_1s=totals.sent_messages_in_1s or None,
    )


def _arrival_variation(totals: Counters) -> ArrivalVariation:
    due = variation(totals.due_gaps, totals.due_gaps_ns, totals.due_gaps_squared)
    sent = variation(totals.sent_gaps, totals.sent_gaps_ns, totals.sent_gaps_squared)
    return ArrivalVariation(None if due is None else round(due, 4), None if sent is None else round(sent, 4))


def _limit_uses(totals: Counters, limits: Sequence[Mapping[str, Any]]) -> tuple[LimitUse, ...]:
    return tuple(
        LimitUse(
            api=limits[place]["api"],
            name=limits[place]["name"],
            unit=limits[place]["unit"],
            scope=limits[place]["scope"],
            label=label,
            count=limits[place]["count"],
            window_s=limits[place]["window_ns"] / NS_PER_S,
            origin=limits[place]["origin"],
            peak_in_window=use.peak,
            seconds_over=round(use.over_ns / NS_PER_S, 3),
            throttled=use.throttled,
        )
        for (place, label), use in sorted(totals.limits.items())
    )


def _per_s(count: float, span_ns: int) -> float | None:
    return round(count * NS_PER_S / span_ns, 3) if count and span_ns else None


def _share_above(histogram: Histogram, value_ns: int) -> float:
    count = histogram.count
    return histogram.count_above(value_ns) / count if count else 0.0


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else round(value_ns / NS_PER_MS, 4)
