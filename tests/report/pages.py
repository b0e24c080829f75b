"""Documents whose pages are hard to draw, by name: hostile, empty, cut off, long, all wrong."""

import copy
import math
from dataclasses import replace
from functools import cache

import orjson

from harness.measure.contents import ContentCounter
from harness.measure.counters import Counters, PauseSeen
from harness.measure.points import LimitFill, Point
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import ArrivalVariation, Figures, LimitUse, Rates, Summary
from harness.measure.sums import Sums
from harness.report.document import build_document
from harness.throttle.check import Finding
from harness.throttle.verdict import Judgement
from harness.units import NS_PER_S
from tests.report.runs import a_document, facts
from tests.report.test_document import RUNS

MARKUP = '"><script>window.bad=1</script><img src=x onerror="window.bad=1">'
PLANTED = {
    "write key": "sdkkey0123456789abcdef01234xSDK9",
    "token": "sgp_8fK2mQ7Zt1XbW4cV9nRj3yLp",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "signature": "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    "mail": "ann.smith@mail.example",
    "phone": "+41 79 123 45 67 89",
    "password": "hunter2hunter",
}
PRESIGNED = (
    "https://ann:hunter2hunter@bucket.s3.example/private/ann.smith.ndjson?X-Amz-Credential=AKIA"
    f"&X-Amz-Signature={PLANTED['signature']}"
)
NAMES = (
    MARKUP,
    "</script><script>window.bad=1</script>",
    "</title><!--",
    "line\nbreak\r\nand\ttab\0",
    "w" * 10_000,
    "\u202eevil\u2066turned\u200f",
    "הזמנה הושלמה",
    "{{ 7 * 7 }}{% for x in y %}",
    *(f"Sent {value}" for what, value in PLANTED.items() if what != "password"),
    f"Fetched {PRESIGNED}",
    f"api_key={PLANTED['password']}",
)


def contents_of(events, *, sources=("web",), end="accepted", size_bytes=300):
    counter = ContentCounter()
    for number, event in enumerate(events):
        counter.count(
            {"event": event, "userId": f"user {number}"},
            kind="track",
            source=sources[number % len(sources)],
            size_bytes=size_bytes,
            end=end,
        )
    return counter.contents(complete=True)


_HARD = ("contents", "reconciliation", "findings", "trust_warnings", "billed")


def hostile():
    """Every place where a name from outside can come in."""
    contents = contents_of(NAMES * 3, sources=NAMES)
    of = replace(
        facts(),
        target="http://" + MARKUP,
        targets={"tracking": "http://" + MARKUP},
        recording={"name": MARKUP, "privacy": MARKUP},
        command="run " + MARKUP,
        stopped_by=MARKUP,
        made_with={MARKUP: MARKUP},
        plan={"order": MARKUP, "batch": MARKUP, "rate": MARKUP, MARKUP: [MARKUP]},
    )
    document = a_document(items=60, sources=NAMES, of=of)
    account = Reconciliation(
        "ledger", True, 60, 1, 1, 1, 0, 1, 0, 0, 0, {MARKUP: 2, NAMES[4]: 1}, {"unexpected": tuple(NAMES)}
    )
    finding = Finding("rejected", "fail", f"{MARKUP} was {NAMES[5]}", "See.")
    judged = Judgement("fail", 3, (finding,), (finding,))
    hard = build_document(of, Summary(), account, judged, contents)
    document |= {key: hard[key] for key in _HARD}
    document["filtered_by_reason"] = {MARKUP: 3}
    document["selected_by"] = {"type": {MARKUP: 1}, "source": dict.fromkeys(NAMES, 1)}
    document["errors"] = [
        {"status": MARKUP, "requests": 1, "first_attempts": 1, "by_api": {MARKUP: 1}, "kinds": {MARKUP: 1},
         "first_at_s": 0, "last_at_s": 1},
    ]  # fmt: skip
    document["throttle"]["pauses"] = [
        {"api": MARKUP, "source": name, "at_s": 1, "asked_s": 1, "waited_s": 1, "answers": 1, "kept": True}
        for name in NAMES
    ]
    document["timeline"]["statuses"][MARKUP] = [1] * document["timeline"]["points"]
    return document


def many_events():
    """100,000 different events."""
    contents = contents_of((f"Event {number} of many" for number in range(100_000)), sources=("web", "ios"))
    return a_document(items=60) | {
        key: value
        for key, value in build_document(facts(), Summary(), contents=contents).items()
        if key in ("contents", "billed")
    }


@cache
def long(seconds):
    """A run of so many seconds in at most 3,600 points: a day's curve with an outage."""
    width_s = max(1, math.ceil(seconds / 3_600))
    points, sent_in_all = [], 0
    for place in range(seconds // width_s):
        share = place * width_s / seconds
        rate = round(300 + 220 * math.sin(6.3 * share) + 37 * ((place * 7919) % 13) / 13)
        bad = 0.55 < share < 0.6
        sent, throttled = rate * width_s, (rate - 500) * width_s if rate > 500 else 0
        sent_in_all += sent
        slow = 40.0 if bad else 1.0
        jitter = 1 + ((place * 104_729) % 97) / 97
        points.append(
            Point(
                at_s=place * width_s, width_s=width_s, offered=sent, sent=sent, sent_messages=sent,
                accepted=sent - throttled, accepted_messages=sent - throttled, throttled=throttled,
                in_flight=round(rate / 100 * slow), over_s=float(width_s) if throttled else 0.0,
                statuses={
                    "200": sent - throttled - (sent // 9 if bad else 0),
                    **({"429": throttled} if throttled else {}), **({"503": sent // 9} if bad else {}),
                },
                schedule_lag_p99_ms=0.12 * jitter, service_p50_ms=0.8 * slow * jitter,
                service_p99_ms=3.7 * slow * jitter, response_p50_ms=1.3 * slow * jitter,
                response_p99_ms=9.7 * slow * jitter, offered_messages=sent,
                first_sent=sent - sent // (9 if bad else 900), offered_peak_1s=rate + 40,
                sent_peak_1s=rate + 40, throttled_peak_1s=throttled // width_s, sent_in_any_1s=rate + 60,
                retry_after_asked=throttled // 50, retry_after_honoured=throttled // 50,
                schedule_lag_max_ms=2.31 * jitter, service_max_ms=31.7 * slow * jitter,
                response_max_ms=71.9 * slow * jitter, lane_wait_p99_ms=2.17 * slow * jitter,
                limit_wait_p99_ms=813.0 * jitter if throttled else 0.0, batch_wait_p99_ms=0.0,
                user_wait_p99_ms=0.71 * jitter, by_api={"tracking": sent},
                limits={(0, "web"): LimitFill(rate + 60, float(width_s) if rate > 440 else 0.0)},
            )
        )  # fmt: skip
    totals = Counters()
    totals.sent = totals.first_sent = totals.first_sent_items = sent_in_all
    totals.by_status["200"] = totals.first_by_status["200"] = sent_in_all
    totals.by_api["tracking"] = sent_in_all
    totals.pauses = [
        PauseSeen("tracking", "web", place * NS_PER_S, NS_PER_S, NS_PER_S + 1_000_000, 3, True)
        for place in range(0, seconds, max(1, seconds // 400))
    ]
    figures = Figures(0.8, 2.0, 3.0, 4.0, 9.0, 80.0, 1.2, sent_in_all)
    summary = Summary(
        messages=Sums(recorded=sent_in_all, selected=sent_in_all, accepted=sent_in_all),
        totals=totals,
        rates=Rates(300.0, 300.0, 299.0, 560),
        message_rates=Rates(300.0, 300.0, 299.0, 560),
        arrival_variation=ArrivalVariation(1.4, 1.4),
        durations=dict.fromkeys(Summary().durations, figures),
        limits=(
            LimitUse("tracking", "Tracking 500 requests/s per source", "requests", "source", "web", 500, 1.0,
                     "brief", 580, 61.0, 12),
        ),
        limit_scopes=((0, "web"),),
        curves=dict.fromkeys(
            ("service_2xx", "response"), tuple((1 - 10 ** (-k / 8), 1.5**k / 8) for k in range(40))
        ),
        points=tuple(points),
    )  # fmt: skip
    return build_document(
        replace(facts(), duration_ns=seconds * NS_PER_S),
        summary,
        None,
        Judgement("pass", 0, (), ()),
        contents_of(["Viewed", "Added"] * 400),
    )


def all_refused():
    """Every answer a 500, and the last ones none at all."""
    document = copy.deepcopy(a_document(items=200))
    sent = document["requests"]["sent"]
    document["messages"] |= {"accepted": 0, "abandoned": 200}
    document["requests"] |= {
        "by_status": {"500": sent - 9, "none": 9},
        "first_attempt_by_status": {"500": sent - 9, "none": 9},
    }
    document["service_time_ms"] = dict.fromkeys(document["service_time_ms"], None) | {"count": 0}
    document["rate_per_s"]["goodput"] = None
    document["errors"] = [
        {"status": "500", "requests": sent - 9, "first_attempts": sent - 9, "by_api": {"tracking": sent - 9},
         "kinds": {}, "first_at_s": 0, "last_at_s": 4},
        {"status": "none", "requests": 9, "first_attempts": 9, "by_api": {"tracking": 9},
         "kinds": {"no answer in time": 9}, "first_at_s": 3, "last_at_s": 4},
    ]  # fmt: skip
    timeline = document["timeline"]
    timeline["statuses"] = {"5xx": timeline["sent"]}
    for name in ("service_p50_ms", "service_p99_ms", "service_max_ms"):
        timeline[name] = [None] * timeline["points"]
    document["verdict"], document["sentence"] = "fail", "Fail: 200 items were abandoned."
    return document


def cut_off():
    """What `harness report` makes of a run that died."""
    document = copy.deepcopy(a_document(items=200, reconciled=False))
    document |= {"state": "dead", "verdict": "fail", "stopped_by": "its death", "recording_complete": False}
    document["messages"] |= {"accepted": 190, "pending": 7, "cancelled": 3}
    document["sentence"] = (
        "Stopped by its death with 10 of 200 messages not delivered. Fail: 7 items pending."
    )
    return document


def old():
    """A document of an earlier harness, without the keys that came since."""
    document = orjson.loads(orjson.dumps(a_document(items=60)))
    for key in ("billed", "curves", "contents", "batch_sizes", "errors"):
        del document[key]
    for key in ("by_api", "limits", "first_sent", "sent_peak_1s"):
        del document["timeline"][key]
    for key in ("pauses", "pauses_in_all"):
        del document["throttle"][key]
    return document


PAGES = RUNS | {
    "hostile": hostile,
    "many events": many_events,
    "one second": lambda: a_document(items=30, rate_per_s=60),
    "all refused": all_refused,
    "cut off": cut_off,
    "ten hours": lambda: long(36_000),
    "old": old,
}
