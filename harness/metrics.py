"""The table of what can be expected of a run: each metric, its figures, their units and labels.

A metric is a key of `run.json`, with a dot where the key stands inside another. This table feeds the parser
of expectations, its errors, the help of `--expect`, what is measured, and docs/expectations.md.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

MS: Final = "ms"
PER_S: Final = "/s"
PERCENT: Final = "%"
COUNT: Final = ""

# What may stand behind a number, and what it is in the figure's own unit.
UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    MS: {"": 1, "ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1_000, "m": 60_000, "min": 60_000},
    PER_S: {"": 1, "/s": 1, "/m": 1 / 60, "/min": 1 / 60, "/h": 1 / 3_600},
    PERCENT: {"%": 1},
    COUNT: {"": 1},
}
ON_COUNTS: Final = frozenset({COUNT, PERCENT})  # units of what stands however late the harness was

# Fewer answers than this, and the percentile is the maximum by another name.
ANSWERS_LEAST: Final = {"p50": 2, "p90": 10, "p95": 20, "p99": 100, "p999": 1_000}
BARE: Final = ""  # the figure of a metric without `STAT of`
STATS: Final[Mapping[str, str]] = {
    "p50": "the median",
    "p90": "90 % are at or below it",
    "p95": "95 % are at or below it",
    "p99": "99 % are at or below it",
    "p999": "99.9 % are at or below it",
    "max": "the largest",
    "mean": "the average",
    "count": "how many",
    "rate": "how many a second",
    "share": "the part of all first attempts, retries left out",
}


class Label(NamedTuple):
    """Where `run.json` splits a figure, and which values the split can have."""

    path: tuple[str, ...]  # of the object whose keys are the label's values
    values: str | None = None  # a pattern of all possible values; None: what the recording names
    words: str = ""  # the pattern as a person says it
    counts_all: bool = False  # every request has one, so a value that is not there had none


class Figure(NamedTuple):
    """One number of a metric: where it stands in `run.json`, its unit, and what it can be split by."""

    path: tuple[str, ...]  # empty: there is no number without a label
    unit: str
    by: Mapping[str, Label] = MappingProxyType({})


class Metric(NamedTuple):
    """One thing that can be expected; `figures` by stat, `BARE` for none."""

    name: str
    meaning: str
    figures: Mapping[str, Figure]

    @property
    def stats(self) -> tuple[str, ...]:
        """The stats it takes, without `BARE`."""
        return tuple(stat for stat in self.figures if stat != BARE)

    @property
    def labels(self) -> dict[str, str]:
        """The labels it takes, each with its values in words."""
        return {name: label.words for figure in self.figures.values() for name, label in figure.by.items()}


_STATUS: Final = (r"[1-5]\d\d|[1-5]xx|none", "a status, a class such as `5xx`, or `none` for no answer")
_OUTCOME: Final = ("2xx|429|other|none", "`2xx`, `429`, `other`, `none`")
_API: Final = ("tracking|profile|config", "`tracking`, `profile`, `config`")
_RECORDED: Final = (None, "as the recording names it")
LABELS: Final = ("api", "type", "status", "source")


def _durations(name: str, meaning: str, by: str | None = None) -> Metric:
    figures = {}
    for stat in (*ANSWERS_LEAST, "max", "mean", "count"):
        split = {} if by is None else {"status": Label((by,), *_OUTCOME)}
        figures[stat] = Figure((name, stat), COUNT if stat == "count" else MS, split)
    return Metric(name, meaning, figures)


def _counts(name: str, meaning: str, rate: tuple[str, ...] = ()) -> Metric:
    counted = Figure(tuple(name.split(".")), COUNT)
    more = {"rate": Figure(rate, PER_S)} if rate else {}
    return Metric(name, meaning, {BARE: counted, "count": counted, **more})


def _rate(name: str, meaning: str) -> Metric:
    return Metric(name, meaning, {BARE: Figure(tuple(name.split(".")), PER_S)})


def _labelled() -> tuple[Metric, ...]:
    answered = Label(("requests", "by_status"), *_STATUS, counts_all=True)
    at_first = Label(("requests", "first_attempt_by_status"), *_STATUS, counts_all=True)
    sent = Figure(
        ("requests", "sent"), COUNT, {"status": answered, "api": Label(("requests", "by_api"), *_API)}
    )
    selected = Figure(
        (),
        COUNT,
        {
            "type": Label(("selected_by", "type"), *_RECORDED),
            "source": Label(("selected_by", "source"), *_RECORDED),
        },
    )
    return (
        Metric(
            "requests",
            "Requests sent, retries included.",
            {
                BARE: sent,
                "count": sent,
                "rate": Figure(("rate_per_s", "achieved"), PER_S),
                "share": Figure((), PERCENT, {"status": at_first}),
            },
        ),
        Metric("selected_by", "Items selected for this run.", {BARE: selected, "count": selected}),
    )


_SUMS: Final = {
    "recorded": "read from the recording",
    "filtered": "read and not to be replayed",
    "selected": "read and to be replayed",
    "accepted": "answered 2xx",
    "rejected": "refused for good",
    "abandoned": "sent, and given up without a final answer",
    "dropped": "never sent, by the late policy or the ceiling policy",
    "cancelled": "never sent, because the run was stopped",
    "pending": "sent, without a final answer when the run ended",
}
_RATES: Final = {
    "offered": "due a second, retries left out",
    "achieved": "sent a second, retries included",
    "goodput": "accepted a second",
    "peak_1s": "sent in the second that had most of them",
}

METRICS: Final[tuple[Metric, ...]] = (
    _durations(
        "service_time_ms",
        "One attempt that was answered 2xx, sent to answered; by status, those answered so.",
        "service_time_ms_by_outcome",
    ),
    _durations("response_time_ms", "One item, due to final answer, every wait and retry in it."),
    _durations("schedule_lag_ms", "How late the harness itself was."),
    _durations("lane_wait_ms", "Waiting for an earlier item of the same person."),
    _durations("limit_wait_ms", "Waiting for our own ceiling, or for a pause that a 429 asked for."),
    _durations("batch_wait_ms", "Waiting for a batch to fill."),
    _durations("user_wait_ms", "Waiting for a free connection."),
    *_labelled(),
    _counts("requests.sent", "Requests sent, retries included.", ("rate_per_s", "achieved")),
    _counts("requests.retried", "Requests that were sent again."),
    _counts("requests.connections_opened", "Connections opened."),
    *(
        _counts(
            f"messages.{end}",
            f"Messages {words}.",
            ("message_rate_per_s", "goodput") if end == "accepted" else (),
        )
        for end, words in _SUMS.items()
    ),
    *(_counts(f"calls.{end}", f"Profile and Config calls {words}.") for end, words in _SUMS.items()),
    *(_rate(f"rate_per_s.{name}", f"Requests {words}.") for name, words in _RATES.items()),
    *(_rate(f"message_rate_per_s.{name}", f"Messages {words}.") for name, words in _RATES.items()),
    _counts("throttle.throttled", "Requests answered 429."),
    _counts("throttle.retry_after_asked", "Answers that asked for a pause."),
    _counts("throttle.retry_after_honoured", "Pauses that were kept."),
    _counts("throttle.retry_after_violated", "Requests that left before a pause was over."),
    _counts("reconciliation.ledger_unique", "Different messages that the receiver has."),
    _counts("reconciliation.missing", "Messages accepted here and never received."),
    _counts("reconciliation.unexpected", "Ids of this run that it never sent."),
    _counts("reconciliation.duplicates", "Arrivals of a message that had arrived before."),
    _counts("reconciliation.duplicates_explained", "Those that an unclear answer explains."),
    _counts("reconciliation.out_of_order", "Arrivals before an earlier message of the same person."),
    _counts("reconciliation.out_of_order_explained", "Those that an unclear answer explains."),
    _counts("reconciliation.received_unconfirmed", "Messages received though no answer said so."),
    _counts("reconciliation.received_though_refused", "Messages refused in a clear answer, and received."),
)
BY_NAME: Final = {metric.name: metric for metric in METRICS}
FAMILIES: Final = tuple(dict.fromkeys(metric.name.partition(".")[0] for metric in METRICS))
