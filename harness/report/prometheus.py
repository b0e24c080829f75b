"""Write the figures of a document as Prometheus reads them, in its text format 0.0.4.

Names and units follow Prometheus: seconds, `_total` for what only grows. Each has its place in `run.json`, so
that no two reports disagree. Labels are from short closed lists; nothing that a recording names is in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from harness.measure.recent import LimitNow

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SERVED: Final = ("service_2xx", "response", "schedule_lag")  # the histograms that a page needs

_QUANTILES: Final = {"p50": "0.5", "p90": "0.9", "p95": "0.95", "p99": "0.99", "p999": "0.999"}
_ENDS: Final = ("accepted", "rejected", "abandoned", "dropped", "cancelled")
_MS_PER_S: Final = 1_000


class _Family(NamedTuple):
    name: str
    kind: str  # counter, gauge, summary
    help: str
    samples: tuple[tuple[str, float | None], ...]  # what follows the name, value; None: not measured


def prometheus_text(document: Mapping[str, Any], limits: Iterable[LimitNow] = ()) -> str:
    """The document as one page of metrics; what was not measured is left out.

    `limits` are those of the last second, each in its fullest scope; whose that is no label says.
    """
    lines: list[str] = []
    for family in (*_families(document), *_limits(tuple(limits))):
        there = [(suffix, value) for suffix, value in family.samples if value is not None]
        if there:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
            lines += [f"{family.name}{suffix} {value:.12g}" for suffix, value in there]
    return "\n".join(lines) + "\n"


def _families(document: Mapping[str, Any]) -> Iterable[_Family]:
    requests, throttle = document["requests"], document["throttle"]
    yield _Family(
        "harness_run_info",
        "gauge",
        "The run that these are of.",
        ((_label("run_id", document["run_id"]), 1),),
    )
    yield _counter("requests_sent", "Requests sent, retries included.", requests["sent"])
    yield _counter("requests_retried", "Requests that were sent again.", requests["retried"])
    yield _labelled(
        "requests_answered", "Requests by status; none for no answer.", "status", requests["by_status"]
    )
    yield _labelled("requests_by_api", "Requests sent, by API.", "api", requests["by_api"])
    for noun in ("messages", "calls"):
        sums = document[noun]
        yield _counter(f"{noun}_selected", f"{noun.capitalize()} read, to be replayed.", sums["selected"])
        ends = {end: sums[end] for end in _ENDS}
        yield _labelled(f"{noun}_ended", f"{noun.capitalize()} by what became of them.", "state", ends)
        yield _gauge(f"{noun}_pending", f"{noun.capitalize()} without a final state yet.", sums["pending"])
    yield _counter("throttled", "Requests answered 429.", throttle["throttled"])
    yield _counter(
        "retry_after_violated", "Requests sent before a pause was over.", throttle["retry_after_violated"]
    )
    yield _counter("connections_opened", "Connections opened.", requests["connections_opened"])
    for noun, key in (("request", "rate_per_s"), ("message", "message_rate_per_s")):
        for name in ("offered", "achieved", "goodput"):
            what = f"{noun.capitalize()}s {name} a second, over the whole run so far."
            yield _gauge(f"{noun}_rate_{name}_per_second", what, document[key][name])
    for key, what in (
        ("service_time_ms", "One attempt that was answered 2xx, sent to answered."),
        ("response_time_ms", "One item, due to final answer."),
        ("schedule_lag_ms", "How late the harness itself was."),
    ):
        yield _summary(key.removesuffix("_ms"), what, document[key])


def _limits(limits: Sequence[LimitNow]) -> Iterable[_Family]:
    labels = [_labels(api=limit.api, limit=limit.name) for limit in limits]
    used, allowed = [limit.used for limit in limits], [limit.most for limit in limits]
    what = "The most that one source, space or token used, in a window that ended in the last second."
    yield _Family("harness_limit_used", "gauge", what, tuple(zip(labels, used, strict=True)))
    what = "What the limit allows in its window."
    yield _Family("harness_limit_allowed", "gauge", what, tuple(zip(labels, allowed, strict=True)))


def _counter(name: str, help_text: str, value: float | None) -> _Family:
    return _Family(f"harness_{name}_total", "counter", help_text, (("", value),))


def _gauge(name: str, help_text: str, value: float | None) -> _Family:
    return _Family(f"harness_{name}", "gauge", help_text, (("", value),))


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, float]) -> _Family:
    samples = tuple((_label(label, key), value) for key, value in values.items())
    return _Family(f"harness_{name}_total", "counter", help_text, samples)


def _summary(name: str, help_text: str, found: Mapping[str, Any] | None) -> _Family:
    full = f"harness_{name}_seconds"
    if found is None or not found["count"]:
        return _Family(full, "summary", help_text, ())
    samples = [
        (_label("quantile", quantile), found[stat] / _MS_PER_S) for stat, quantile in _QUANTILES.items()
    ]
    total_s = found["mean"] * found["count"] / _MS_PER_S
    return _Family(full, "summary", help_text, (*samples, ("_sum", total_s), ("_count", found["count"])))


def _label(name: str, value: str) -> str:
    return _labels(**{name: value})


def _labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
