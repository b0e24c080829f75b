"""Count again what the receiver says: the reconciliation item by item, and the requests that came."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.recount.evidence import Evidence
from tests.recount.figures import NS_PER_S, fullest_window
from tests.recount.folder import EARLIER_LEG, MAYBE_RECEIVED, NEVER_SENT, DeliveryMap
from tests.recount.instants import started_us
from tests.recount.journal import Call, Journal, index_of
from tests.recount.rows import AT_LEAST, AT_MOST, BETWEEN, EQUAL, Row, each, not_known

LEDGER = "journal + delivery.map"
JOURNAL = "journal"
_EXPLAINS = MAYBE_RECEIVED | EARLIER_LEG
_CLOCKS_US = 20_000  # by which the wall clock of a request's arrival may be off from its sending


def received_rows(evidence: Evidence) -> Iterator[Row]:
    """The receiver's account."""
    journal, told = evidence.journal, evidence.told
    if journal is None or evidence.map is None:
        reason = "the receiver's journal is not at hand; name it with --journal"
        yield not_known("reconciliation, requests as received", "", reason)
        return
    account = told["reconciliation"]
    if account is None or not account["complete"]:
        yield not_known("reconciliation", account, "the run does not tell any, or not a complete one")
    else:
        yield from _reconciliation(evidence, journal, evidence.map, account)
    yield from _requests(evidence, journal)
    yield from _rates(evidence, journal)
    yield from _ceiling(evidence, journal)


def _reconciliation(
    evidence: Evidence, journal: Journal, items: DeliveryMap, account: Mapping[str, Any]
) -> Iterator[Row]:
    arrived: dict[int, int] = {}  # index: its place among the first arrivals that were received
    kept: set[int] = set()
    seen: set[int] = set()
    counts: Counter[str] = Counter()
    discarded: Counter[str] = Counter()
    for arrival in journal.arrivals:
        index = index_of(arrival.id, evidence.run_id)
        if index is None or index >= len(items.items):
            counts["unexpected"] += 1
            continue
        never_sent = items.state(index) in NEVER_SENT and not items.byte(index) & EARLIER_LEG
        counts["unexpected"] += never_sent and index not in seen
        seen.add(index)
        if not arrival.received:
            continue
        repeated = arrival.class_ == "duplicates" or index in arrived
        counts["duplicates"] += repeated
        counts["duplicates_explained"] += bool(repeated and items.byte(index) & _EXPLAINS)
        arrived.setdefault(index, len(arrived))
        if arrival.class_ == "discarded":
            discarded[str(arrival.reason)] += 1
        else:
            kept.add(index)
    counts["ledger_unique"] = len(kept)
    if evidence.items is None:
        yield not_known(
            "reconciliation.missing", account["missing"], "without the recording calls are taken for messages"
        )
    else:
        accepted = (i for i in evidence.indexes() if items.state(i) == "accepted")
        counts["missing"] = sum(evidence.item(i).api == "tracking" and i not in arrived for i in accepted)
        yield Row("reconciliation.missing", account["missing"], counts["missing"], LEDGER)
    for index in arrived:
        if items.state(index) == "accepted" or items.state(index) in NEVER_SENT:
            continue
        unclear = items.byte(index) & MAYBE_RECEIVED or items.became(index) == "pending"
        counts["received_unconfirmed" if unclear else "received_though_refused"] += 1
    for name in (
        "ledger_unique",
        "unexpected",
        "duplicates",
        "duplicates_explained",
        "received_unconfirmed",
        "received_though_refused",
    ):
        yield Row(f"reconciliation.{name}", account[name], counts[name], LEDGER)
    yield from each("reconciliation.discarded", account["discarded"], discarded, JOURNAL)
    yield from _order(evidence, items, account, arrived)


def _order(
    evidence: Evidence, items: DeliveryMap, account: Mapping[str, Any], arrived: Mapping[int, int]
) -> Iterator[Row]:
    names = ("out_of_order", "out_of_order_explained")
    order = evidence.due_order
    if account["out_of_order"] is None or order is None:
        reason = (
            "order was not asked for"
            if account["out_of_order"] is None
            else "the order of due times is not in these files"
        )
        for name in names:
            yield not_known(f"reconciliation.{name}", account[name], reason)
        return
    latest: dict[
        str, tuple[int, bool]
    ] = {}  # of a person's id: the latest arrival, and does it explain itself
    inversions = explained = 0
    for index in order:
        if index not in arrived:
            continue
        mine = arrived[index], bool(items.byte(index) & _EXPLAINS)
        later = []
        for key in evidence.keys(index):
            if key in latest and latest[key] > mine:
                later.append(latest[key][1])
            else:
                latest[key] = mine
        inversions += bool(later)
        explained += bool(later) and (mine[1] or all(later))
    for name, found in zip(names, (inversions, explained), strict=True):
        yield Row(f"reconciliation.{name}", account[name], found, f"{LEDGER} + recording")


def _requests(evidence: Evidence, journal: Journal) -> Iterator[Row]:
    """Requests by status and by try, as the receiver knows them."""
    told, calls = evidence.told, journal.calls
    if journal.noted:
        sent, by_status = told["requests"]["sent"], told["requests"]["by_status"]
        first_by_status = told["requests"]["first_attempt_by_status"]
        what = "requests"
    else:
        tracking = told["by_api"].get("tracking", {})
        sent = told["requests"]["by_api"].get("tracking", 0)
        by_status = tracking.get("by_status", {})
        first_by_status = tracking.get("first_attempt_by_status", {})
        what = "requests of the Tracking API"
    unanswered = by_status.get("none", 0)
    dead = told["state"] == "dead"
    # Without a clear answer nobody knows whether the receiver saw it; what a stop found in flight is `none`.
    exact = unanswered == 0 and not dead
    low, high = len(calls), len(calls) + unanswered
    if dead:
        yield Row(f"{what}: sent", sent, len(calls), f"{JOURNAL}; the last second is lost", AT_MOST)
    else:
        yield Row(f"{what}: sent", sent, (low, high), JOURNAL, BETWEEN)
    if told["state"] != "dead":
        found = Counter(str(call.status) for call in calls if call.status is not None)
        for status in sorted({*by_status, *found} - {"none"}):
            # An answer may be lost on its way back, so with unclear ends the receiver has the larger number.
            bound = EQUAL if exact else AT_MOST
            yield Row(f"{what}: by_status.{status}", by_status.get(status, 0), found[status], JOURNAL, bound)
    if not exact:
        yield not_known(
            f"{what}: first attempts, retries", "", "the receiver need not have seen each attempt"
        )
        return
    yield from _tries(evidence, journal, what, first_by_status)


def _tries(
    evidence: Evidence, journal: Journal, what: str, first_by_status: Mapping[str, int]
) -> Iterator[Row]:
    known: set[str] = set()
    again = 0
    first: Counter[str] = Counter()
    for call in journal.calls:
        is_again = bool(call.tries) if journal.noted else any(one in known for one in call.ids)
        known.update(call.ids)
        again += is_again
        if not is_again:
            first[str(call.status)] += 1
    yield from each(f"{what}: first_attempt_by_status", first_by_status, first, JOURNAL)
    throttled = sum(call.status == 429 for call in journal.calls)
    asked = sum(call.status == 429 and call.retry_after is not None for call in journal.calls)
    told = evidence.told
    retried, throttle = told["requests"]["retried"], told["throttle"]
    if journal.noted:
        yield Row("requests.retried", retried, again, f"{JOURNAL}, X-Retry-Count")
        yield Row("throttle.throttled", throttle["throttled"], throttled, JOURNAL)
        yield Row("throttle.retry_after_asked", throttle["retry_after_asked"], asked, JOURNAL)
    elif set(told["requests"]["by_api"]) <= {"tracking"}:
        yield Row("requests.retried", retried, again, f"{JOURNAL}, ids that came before")
        yield Row("throttle.throttled", throttle["throttled"], throttled, JOURNAL)
    else:
        yield not_known("requests.retried", retried, "the journal has no line for a Profile or Config call")


def _rates(evidence: Evidence, journal: Journal) -> Iterator[Row]:
    """Rates by the receiver's clock; a request leaves a moment before it comes."""
    told = evidence.told
    began_us = started_us(told["started_at"])
    apis = set(told["requests"]["by_api"])
    by_status = told["requests"]["by_status"]
    if (
        not journal.calls
        or began_us is None
        or "none" in by_status
        or not (journal.noted or apis == {"tracking"})
    ):
        yield not_known("rates by the receiver's clock", "", "the receiver need not have seen each request")
        return
    own = [call for call in journal.calls if call.api == "tracking"]
    accepted = [call for call in own if call.status is not None and 200 <= call.status < 300]
    figures = (("rate_per_s", len(journal.calls), journal.calls), ("message_rate_per_s", _ids_in(own), own))
    for key, count, calls in figures:
        name, rate = f"{key}.achieved", told[key]["achieved"]
        if calls and rate is not None:
            span_us = calls[-1].at_us - began_us
            slowest, fastest = count / (span_us + _CLOCKS_US), count / max(1, span_us - _CLOCKS_US)
            yield Row(
                name, rate, (slowest * 1e6 * 0.99, fastest * 1e6 * 1.01), f"{JOURNAL}, its clock", BETWEEN
            )
    yield Row("messages.accepted", told["messages"]["accepted"], _ids_in(accepted), JOURNAL)


def _ids_in(calls: Sequence[Call]) -> int:
    return sum(len(call.ids) for call in calls)


def _ceiling(evidence: Evidence, journal: Journal) -> Iterator[Row]:
    """Under our own ceiling the receiver never sees more than a limit allows, in any window."""
    engine = evidence.told["engine"] or {}
    if not engine.get("ceiling_on"):
        yield not_known("no window above a limit, at the receiver", "", "the ceiling was lifted")
        return
    limits = evidence.folder.head.get("limits", ())
    for use in evidence.told["throttle"]["limits"]:
        endpoint = next((one["endpoint"] for one in limits if one["name"] == use["name"]), "")
        if use["api"] != "tracking" or endpoint or evidence.items is None:
            continue
        units = [
            (call.at_us * 1_000, len(call.ids) if use["unit"] == "messages" else 1)
            for call in journal.calls
            if call.api == "tracking" and call.ids and _in_scope(evidence, call.ids[0], use)
        ]
        if units:
            fullest = fullest_window(units, round(use["window_s"] * NS_PER_S))
            yield Row(
                f"limit at the receiver: {use['name']} {use['label']}",
                use["count"],
                fullest,
                JOURNAL,
                AT_LEAST,
            )


def _in_scope(evidence: Evidence, message_id: str, use: Mapping[str, Any]) -> bool:
    if use["scope"] != "source":
        return True
    index = index_of(message_id, evidence.run_id)
    return index is not None and evidence.source(index) == use["label"]
