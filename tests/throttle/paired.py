"""Make the documents of runs second by second, with figures whose truth the tests know."""

import random
from math import exp, sqrt

from harness.measure.above import above_percentiles, distributions
from harness.measure.counters import Counters
from harness.measure.curve import curve
from harness.measure.summary import figures
from harness.report.document import KEYS
from harness.units import NS_PER_MS


def wandering(count, sameness, chance):
    """A series about zero, of deviation one, each number like the one before to `sameness`."""
    value, series = chance.gauss(0, 1), []
    for _ in range(count):
        series.append(value)
        value = sameness * value + sqrt(1 - sameness * sameness) * chance.gauss(0, 1)
    return series


def a_run(
    seed, *, seconds=120, per_s=10, slower=1.0, sameness=0.5, swing=0.15, refused=0.0, fewer=1.0, **changed
):
    """A `run.json` as far as a comparison reads it; the load is the same for every seed."""
    chance = random.Random(seed)
    load = [max(1, round(per_s * fewer * (1 + 0.5 * (second % 20 > 10)))) for second in range(seconds)]
    drift = wandering(seconds, sameness, chance)
    parts = {}
    columns = {"sent": [], "accepted": [], "accepted_messages": []}
    columns |= {name: [] for name in ("service_p50_ms", "service_p99_ms", "response_p99_ms")}
    statuses = {"2xx": [], "429": []}
    for second, count in enumerate(load):
        part = parts[second] = Counters()
        throttled = sum(chance.random() < refused * exp(swing * drift[second]) for _ in range(count))
        for _ in range(count):
            took_ms = 4 * slower * exp(swing * drift[second] + 0.4 * chance.gauss(0, 1))
            part.service_2xx.record(round(took_ms * NS_PER_MS))
            part.response.record(round((took_ms + 0.1) * NS_PER_MS))
            part.schedule_lag.record(round(chance.expovariate(25) * NS_PER_MS))
        columns["sent"].append(count + throttled)
        columns["accepted"].append(count)
        columns["accepted_messages"].append(count)
        service, response = figures(part.service_2xx), figures(part.response)
        columns["service_p50_ms"].append(service.p50)
        columns["service_p99_ms"].append(service.p99)
        columns["response_p99_ms"].append(response.p99)
        statuses["2xx"].append(count)
        statuses["429"].append(throttled)
    totals = Counters()
    for part in parts.values():
        totals.add(part.to_json())
    sent, accepted = sum(columns["sent"]), sum(columns["accepted"])
    rates = {"achieved": sent / max(1, seconds), "goodput": accepted / max(1, seconds)}
    timeline = {"width_s": 1, "points": seconds, **columns, "statuses": statuses}
    return {
        "run_id": f"run-{seed}",
        "state": "finished",
        "verdict": "pass",
        "started_at": "2026-01-02T03:04:05.000000Z",
        "duration_s": float(seconds),
        "stopped_by": None,
        "recording": {"name": "r.ndjson", "fingerprint": {"files": [{"size_bytes": 7, "first_mib": "ab"}]}},
        "plan": {"speed": 1.0, "seed": seed},
        "target": "http://127.0.0.1:8765",
        "mock": None,
        "made_with": {"harness": "0.1.0", "python": "3.11", "machine": "a box", "cores": 2},
        "trust_warnings": [],
        "timeline": timeline,
        "above": {KEYS[name]: found for name, found in above_percentiles(totals, parts).items()},
        "distributions": {KEYS[name]: found for name, found in distributions(totals).items()},
        "curves": {
            "service_time_ms": curve(totals.service_2xx),
            "response_time_ms": curve(totals.response),
        },
        **{
            KEYS[name]: {
                stat: getattr(figures(getattr(totals, name)), stat) for stat in ("p50", "p95", "p99", "max")
            }
            for name in KEYS
        },
        "rate_per_s": rates,
        "message_rate_per_s": rates,
        "messages": {"selected": accepted, "accepted": accepted, "rejected": 0},
        "calls": {},
        "requests": {"sent": sent, "retried": sent - accepted},
        "throttle": {"throttled": sent - accepted, "retry_after_violated": 0},
        "reconciliation": None,
        **changed,
    }
