"""Hold what is counted, for one second or for a whole run, with the form it takes in a timeline record.

One class both writes a second's record and adds records up, so that what is written is what is read. Four
tables name everything: sums add, peaks take the larger, tallies add by name, and histograms merge.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from harness.measure.histogram import Histogram

# Requests are HTTP calls; messages, what they carry; items, messages and calls alike.
SUMS: Final = (
    "offered_items",
    "offered_messages",
    "sent",
    "sent_messages",
    "first_sent",
    "first_sent_items",
    "accepted",
    "accepted_messages",
    "throttled",
    "retry_after_asked",
    "retry_after_honoured",
    "retry_after_violated",
    "opened",
    "unwaited",
    "due_gaps",
    "due_gaps_ns",
    "due_gaps_squared",
    "sent_gaps",
    "sent_gaps_ns",
    "sent_gaps_squared",
)
# Instants count from the start of the run; `in_flight` is the most at once.
PEAKS: Final = (
    "in_flight",
    "last_due_ns",
    "last_sent_ns",
    "last_accepted_ns",
    "sent_in_1s",
    "sent_messages_in_1s",
    "biggest_batch_bytes",
)
TALLIES: Final = (
    "offered_calls",
    "by_status",
    "first_by_status",
    "by_api",
    "by_kind",
    "by_source",
    "states",
    "filtered",
    "failures",
    "batch_bytes",
)
HISTOGRAMS: Final = (
    "service_2xx",
    "service_429",
    "service_other",
    "service_none",
    "response",
    "schedule_lag",
    "lane_wait",
    "limit_wait",
    "batch_wait",
    "user_wait",
)
BATCH_STEP_BYTES: Final = 25_000
WAITS: Final = ("lane_wait", "limit_wait", "batch_wait", "user_wait")

Tallied = defaultdict[str, int]


class Use(NamedTuple):
    """How one scope used one limit: most units in a window, how long over it, and requests answered 429."""

    peak: int
    over_ns: int
    throttled: int


class PauseSeen(NamedTuple):
    """A pause that a 429 asked for, as `pauses.Pause`; its instant counts from the start of the run."""

    api: str
    source: str
    from_ns: int
    asked_ns: int
    waited_ns: int | None
    asks: int
    kept: bool


class Counters:
    """Everything that is counted. Hot code adds to the attributes; `add` and `to_json` walk the tables."""

    __slots__ = (*SUMS, *PEAKS, *TALLIES, *HISTOGRAMS, "limits", "pauses")

    offered_items: int
    offered_messages: int
    sent: int
    sent_messages: int
    first_sent: int
    first_sent_items: int
    accepted: int
    accepted_messages: int
    throttled: int
    retry_after_asked: int
    retry_after_honoured: int
    retry_after_violated: int
    opened: int
    unwaited: int  # first sends with no wait of any kind: a zero in each of the four histograms of waits
    due_gaps: int  # between two arrivals as they were due; see `spacing`
    due_gaps_ns: int
    due_gaps_squared: float  # s²
    sent_gaps: int  # between two first sends of items
    sent_gaps_ns: int
    sent_gaps_squared: float  # s²
    in_flight: int
    last_due_ns: int
    last_sent_ns: int
    last_accepted_ns: int
    sent_in_1s: int
    sent_messages_in_1s: int
    biggest_batch_bytes: int  # of a request with two messages or more
    offered_calls: Tallied  # items that are calls and became due, by API
    by_status: Tallied
    first_by_status: Tallied
    by_api: Tallied
    by_kind: Tallied
    by_source: Tallied
    states: Tallied  # "messages.accepted", "calls.filtered", …
    filtered: Tallied  # by reason
    failures: Tallied  # attempts without an HTTP answer, by `model.Failure`
    batch_bytes: (
        Tallied  # requests with two messages or more, by their size in whole steps of BATCH_STEP_BYTES
    )
    service_2xx: Histogram
    service_429: Histogram
    service_other: Histogram
    service_none: Histogram
    response: Histogram
    schedule_lag: Histogram
    lane_wait: Histogram
    limit_wait: Histogram
    batch_wait: Histogram
    user_wait: Histogram
    limits: dict[tuple[int, str], Use]  # by place of the limit in the head record, and scope
    pauses: list[PauseSeen]

    def __init__(self) -> None:
        for name in SUMS + PEAKS:
            setattr(self, name, 0)
        for name in TALLIES:
            setattr(self, name, defaultdict(int))
        for name in HISTOGRAMS:
            setattr(self, name, Histogram())
        self.limits = {}
        self.pauses = []

    def use(self, limit: int, scope: str, use: Use) -> None:
        """Add what one scope made of one limit."""
        held = self.limits.get((limit, scope))
        self.limits[limit, scope] = (
            use
            if held is None
            else Use(max(held.peak, use.peak), held.over_ns + use.over_ns, held.throttled + use.throttled)
        )

    def to_json(self) -> dict[str, Any]:
        """The form in a timeline record: what is zero or empty is left out."""
        form: dict[str, Any] = {
            name: value for name in SUMS + PEAKS + TALLIES if (value := getattr(self, name))
        }
        histograms = ((name, getattr(self, name)) for name in HISTOGRAMS)
        form |= {name: histogram.to_json() for name, histogram in histograms if histogram}
        if self.limits:
            form["limits"] = [[limit, scope, *use] for (limit, scope), use in self.limits.items()]
        if self.pauses:
            form["pauses"] = [list(pause) for pause in self.pauses]
        return form

    def add(self, form: Mapping[str, Any]) -> None:
        """Add what `to_json` wrote."""
        for name in SUMS:
            if name in form:
                setattr(self, name, getattr(self, name) + form[name])
        for name in PEAKS:
            if name in form:
                setattr(self, name, max(getattr(self, name), form[name]))
        for name in TALLIES:
            tallied = getattr(self, name)
            for key, count in form.get(name, {}).items():
                tallied[key] += count
        for name in HISTOGRAMS:
            if name in form:
                getattr(self, name).merge(Histogram.from_json(form[name]))
        for name in WAITS:
            getattr(self, name).record_zeros(form.get("unwaited", 0))
        for limit, scope, peak, over_ns, throttled in form.get("limits", ()):
            self.use(limit, scope, Use(peak, over_ns, throttled))
        self.pauses += (PauseSeen(*pause) for pause in form.get("pauses", ()))
