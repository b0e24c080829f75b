"""Count again what the trace knows of each item: times, waits, rates, requests, and how full limits were."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.recount.evidence import Evidence, Send
from tests.recount.figures import (
    NS_PER_S,
    PERCENTILES,
    distribution_ms,
    fullest_window,
    over_ns,
    variation,
)
from tests.recount.folder import Seen
from tests.recount.journal import id_of
from tests.recount.rows import AT_LEAST, AT_MOST, BETWEEN, EQUAL, NEAR, ROUNDED, Row, each, not_known

TRACE = "trace"
_WAITS = ("lane_wait_ms", "limit_wait_ms", "batch_wait_ms", "user_wait_ms")
_ANSWERED = ("accepted", "rejected")


def traced_rows(evidence: Evidence) -> Iterator[Row]:
    """What `--trace` makes known."""
    trace, sends = evidence.folder.trace, evidence.sends
    if trace is None or sends is None:
        yield not_known("times, waits, rates, limits", "", "the run was made without --trace")
        return
    if evidence.told["state"] == "dead":
        yield not_known(
            "times, waits, rates, limits", "", "a killed run's trace and timeline end at two instants"
        )
        return
    yield from _each_item(evidence, trace)
    if evidence.told["closed_loop"]:
        for name in ("response_time_ms", "schedule_lag_ms", *_WAITS, "arrival_variation"):
            yield Row(name, evidence.told[name], None, "nothing is due in a closed loop")
    else:
        yield from _response(evidence, trace)
        yield from _waits(evidence, trace)
        yield from _variation(evidence, trace)
    yield from _requests(evidence, sends)
    yield from _service(evidence, sends)
    yield from _offered(evidence, trace, sends)
    yield from _rates(evidence, sends)
    yield from _limits(evidence, sends)


def distribution_rows(
    name: str, told: dict[str, Any], values_ns: Sequence[int], source: str
) -> Iterator[Row]:
    """Counts, mean and maximum exactly, percentiles as near as the histogram's buckets allow."""
    found = distribution_ms(values_ns)
    for stat in ("count", "below_zero"):
        yield Row(f"{name}.{stat}", told[stat], found[stat], source)
    for stat in ("mean", "max"):
        yield Row(f"{name}.{stat}", told[stat], found[stat], source, ROUNDED)
    for stat in PERCENTILES:
        yield Row(f"{name}.{stat}", told[stat], found[stat], source, NEAR)


def _each_item(evidence: Evidence, trace: Sequence[Seen]) -> Iterator[Row]:
    settled = Counter(seen.index for seen in trace)
    yield Row("trace: items told twice", 0, sum(count > 1 for count in settled.values()), TRACE)
    if evidence.map is not None:
        ended = sum(1 for byte in evidence.map.items if 4 <= byte & 0x0F <= 8)
        yield Row(
            "trace: a line for each item that came to an end", ended, len(settled), "trace, delivery.map"
        )
    if evidence.plan.get("ids") != "keep":
        foreign = sum(seen.message_id != id_of(seen.index, evidence.run_id) for seen in trace)
        yield Row("trace: message ids that do not lead back to their item", 0, foreign, TRACE)
    pieces = [seen for seen in trace if seen.pieces_ns is not None]
    wrong = sum(seen.lag_ns is None or seen.lag_ns < 0 or min(seen.pieces_ns or ()) < 0 for seen in pieces)
    yield Row("trace: items whose waits do not add up to first send", 0, wrong, TRACE)


def _response(evidence: Evidence, trace: Sequence[Seen]) -> Iterator[Row]:
    if evidence.map is None:
        return
    times = [
        seen.done_ns - seen.due_ns
        for seen in trace
        if seen.due_ns is not None and evidence.map.state(seen.index) in _ANSWERED
    ]
    yield from distribution_rows("response_time_ms", evidence.told["response_time_ms"], times, TRACE)
    if evidence.items is None:
        return
    for api, figures in evidence.told["by_api"].items():
        times = [
            seen.done_ns - seen.due_ns
            for seen in trace
            if seen.due_ns is not None
            and evidence.map.state(seen.index) in _ANSWERED
            and evidence.item(seen.index).api == api
        ]
        yield from distribution_rows(
            f"by_api.{api}.response_time_ms", figures["response_time_ms"], times, TRACE
        )


def _waits(evidence: Evidence, trace: Sequence[Seen]) -> Iterator[Row]:
    told = evidence.told
    if evidence.pending:
        yield not_known("waits", "", "items that are pending were sent, and the trace has no line of them")
        return
    for place, name in enumerate(_WAITS):
        waits = [seen.pieces_ns[place] for seen in trace if seen.pieces_ns is not None]
        yield from distribution_rows(name, told[name], waits, TRACE)
    lags = [seen.lag_ns for seen in trace if seen.lag_ns is not None]
    yield from distribution_rows("schedule_lag_ms", told["schedule_lag_ms"], lags, TRACE)


def _variation(evidence: Evidence, trace: Sequence[Seen]) -> Iterator[Row]:
    told = evidence.told["arrival_variation"]
    if evidence.pending:
        yield not_known("arrival_variation", "", "items that are pending have no line in the trace")
        return
    sent = variation(sorted(seen.sent_ns for seen in trace if seen.sent_ns is not None))
    yield Row("arrival_variation.sent", told["sent"], sent, TRACE, ROUNDED)
    if evidence.told["recording"].get("too_late") or evidence.told["messages"]["cancelled"]:
        yield not_known(
            "arrival_variation.due", told["due"], "which items came due before the stop is not in the trace"
        )
        return
    due = variation(sorted(seen.due_ns for seen in trace if seen.due_ns is not None))
    yield Row("arrival_variation.due", told["due"], due, TRACE, ROUNDED)


def _requests(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    told = evidence.told["requests"]
    if evidence.pending:
        yield Row(
            "requests.sent",
            told["sent"],
            sum(send.attempts for send in sends),
            f"{TRACE}, but for the pending",
            AT_LEAST,
        )
        return
    again = sum(send.attempts - 1 for send in sends)
    yield Row("requests.sent", told["sent"], sum(send.attempts for send in sends), TRACE)
    yield Row("requests.retried", told["retried"], again, TRACE)
    once = Counter(_status(send) for send in sends if send.attempts == 1)
    last = Counter(_status(send) for send in sends)
    bound = EQUAL if again == 0 else AT_LEAST
    for status, found in sorted(last.items()):
        yield Row(f"requests.by_status.{status}", told["by_status"].get(status, 0), found, TRACE, bound)
    for status, found in sorted(once.items()):
        first = told["first_attempt_by_status"].get(status, 0)
        yield Row(f"requests.first_attempt_by_status.{status}", first, found, TRACE, bound)
    if evidence.items is not None:
        apis: Counter[str] = Counter()
        for send in sends:
            apis[evidence.item(send.seen[0].index).api] += send.attempts
        yield from each("requests.by_api", told["by_api"], apis, TRACE)


def _status(send: Send) -> str:
    return "none" if send.status is None else str(send.status)


def _service(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    """From the decision to send until the answer was read: a little more than the service time."""
    told = evidence.told["service_time_ms"]
    if not evidence.sent_once:
        yield not_known(
            "service_time_ms",
            "",
            "the trace has an item's first send and last answer, and something was sent again",
        )
        return
    times = [
        send.done_ns - send.sent_ns for send in sends if send.status is not None and 200 <= send.status < 300
    ]
    found = distribution_ms(times)
    yield Row("service_time_ms.count", told["count"], found["count"], TRACE)
    for stat in (*PERCENTILES, "max", "mean"):
        if found[stat] is not None:
            limit = found[stat] * 1.01
            yield Row(f"service_time_ms.{stat}", told[stat], limit, f"{TRACE}, from the decision", AT_MOST)


def _offered(evidence: Evidence, trace: Sequence[Seen], sends: Sequence[Send]) -> Iterator[Row]:
    told = evidence.told
    names = ("rate_per_s.offered", "message_rate_per_s.offered")
    rates = (told["rate_per_s"]["offered"], told["message_rate_per_s"]["offered"])
    due = [seen.due_ns for seen in trace if seen.due_ns is not None]
    if told["closed_loop"] or not due:
        for name, rate in zip(names, rates, strict=True):
            yield Row(name, rate, None, "nothing was due")
        return
    if (
        evidence.pending
        or told["messages"]["cancelled"]
        or told["calls"]["cancelled"]
        or evidence.items is None
    ):
        yield not_known(names[0], rates[0], "which items came due before the stop is not in the trace")
        return
    span_s = max(due) / NS_PER_S
    messages = sum(evidence.item(seen.index).api == "tracking" for seen in trace)
    sent = sum(len(send.seen) for send in sends)
    per_request = sent / len(sends) if sends else 0
    found = (
        len(due) / per_request / span_s if span_s and per_request else None,
        messages / span_s if span_s else None,
    )
    for name, rate, again in zip(names, rates, found, strict=True):
        yield Row(name, rate, again or None, TRACE, ROUNDED)


def _rates(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    told, states = evidence.told, evidence.map
    if not sends or evidence.items is None or states is None:
        yield not_known(
            "rate_per_s, message_rate_per_s", "", "nothing was sent, or the recording is not at hand"
        )
        return
    own = [send for send in sends if evidence.item(send.seen[0].index).api == "tracking"]
    for key, units, some in (
        ("rate_per_s", [1] * len(sends), sends),
        ("message_rate_per_s", [len(send.seen) for send in own], own),
    ):
        rates = told[key]
        count = sum(unit * send.attempts for unit, send in zip(units, some, strict=True))
        # Both rates are of the span to the last send of any API.
        first_s, last_s = sends[-1].sent_ns / NS_PER_S, max(send.done_ns for send in sends) / NS_PER_S
        if evidence.sent_once:
            yield Row(
                f"{key}.achieved", rates["achieved"], count / first_s if count else None, TRACE, ROUNDED
            )
        elif not evidence.pending and count:
            bounds = (count / last_s * 0.999, count / first_s * 1.001)
            yield Row(f"{key}.achieved", rates["achieved"], bounds, TRACE, BETWEEN)
        taken = [
            (unit, send.done_ns)
            for unit, send in zip(units, some, strict=True)
            if states.state(send.seen[0].index) == "accepted"
        ]
        last_ns = max((s.done_ns for s in sends if states.state(s.seen[0].index) == "accepted"), default=0)
        goodput = sum(unit for unit, _ in taken) * NS_PER_S / last_ns if last_ns else None
        yield Row(f"{key}.goodput", rates["goodput"], goodput or None, TRACE, ROUNDED)
        fullest = fullest_window(
            [(send.sent_ns, unit) for unit, send in zip(units, some, strict=True)], NS_PER_S
        )
        bound = EQUAL if evidence.sent_once else AT_LEAST
        yield Row(f"{key}.peak_1s", rates["peak_1s"] or 0, fullest, TRACE, bound)


def _limits(evidence: Evidence, sends: Sequence[Send]) -> Iterator[Row]:
    told = evidence.told["throttle"]
    limits = {one["name"]: one for one in evidence.folder.head["limits"]}
    for use in told["limits"]:
        name = f"throttle.limits[{use['name']}, {use['label']}]"
        limit = limits[use["name"]]
        apart = use["scope"] == "space" and len([u for u in told["limits"] if u["name"] == use["name"]]) > 1
        if evidence.items is None or limit["endpoint"] or apart:
            reason = "which requests it counts hangs on their paths in this run"
            yield not_known(name, use["peak_in_window"], reason)
            continue
        mine = [
            (send.sent_ns, len(send.seen) if use["unit"] == "messages" else 1)
            for send in sends
            if _counts_in(evidence, send, use)
        ]
        window_ns = limit["window_ns"]
        bound = EQUAL if evidence.sent_once else AT_LEAST
        fullest = fullest_window(mine, window_ns) if mine else 0
        yield Row(f"{name}.peak_in_window", use["peak_in_window"], fullest, TRACE, bound)
        if evidence.folder.ended_ns is not None:
            over_s = over_ns(mine, window_ns, use["count"], evidence.folder.ended_ns) / NS_PER_S
            bound = ROUNDED if evidence.sent_once else AT_LEAST
            yield Row(f"{name}.seconds_over", use["seconds_over"], round(over_s, 3), TRACE, bound)
        if evidence.sent_once:
            throttled = sum(send.status == 429 for send in sends if _counts_in(evidence, send, use))
            yield Row(f"{name}.throttled", use["throttled"], throttled, TRACE)


def _counts_in(evidence: Evidence, send: Send, use: dict[str, Any]) -> bool:
    index = send.seen[0].index
    if evidence.item(index).api != use["api"]:
        return False
    return bool(use["scope"] != "source" or evidence.source(index) == use["label"])
